"""The title page of an export: that of the screenplay a person brought along, under the title and author that the project has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vtx_dagster.engines.screenplay.emphasis import escaped, plain

_TITLE = ("title", "titel", "titre", "titolo", "t\u00edtulo", "titulo", "\u043d\u0430\u0437\u0432\u0430\u043d\u0438\u0435")
_AUTHOR = ("author", "authors", "written by", "writer", "writers", "autor", "autoren", "autorin", "auteur", "auteurs", "autore")
_MORE_AUTHORS = ("autori", "autora", "\u0430\u0432\u0442\u043e\u0440", "\u4f5c\u8005", "\u4f5c")
_CREDIT = ("credit", "cr\u00e9dito")
_ABOVE_CREDIT = ("subtitle", "series", "episode")
_SOURCE = ("source", "quelle", "based on")
_LEFT = ("contact", "kontakt", "contacto", "company", "address", "email", "phone", "website", "url", "copyright", "notes", "note")
_RIGHT = ("draft date", "date", "datum", "fecha", "draft", "revision", "version", "fassung")
_SAYS_WHAT = frozenset({"written by", "based on"})
"""Keys that are words of the page themselves."""

_CENTRED = (_TITLE, _ABOVE_CREDIT, _CREDIT, (*_AUTHOR, *_MORE_AUTHORS), _SOURCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TitlePage:
    """Entries by lower-case key, in the order of the file. Values are marked (``emphasis``) and may have several lines."""

    entries: Mapping[str, str]

    @property
    def title(self) -> str:
        """The title in one line, without marks."""
        return " ".join(plain(self._value(_TITLE)).split())

    @property
    def author(self) -> str:
        """All authors in one line, without marks."""
        return ", ".join(plain(self._value((*_AUTHOR, *_MORE_AUTHORS))).split("\n"))

    @property
    def centred(self) -> tuple[str, ...]:
        """What stands in the middle of the page, marked: title, credit, author, source."""
        return tuple(value for keys in _CENTRED for value in self._values(keys))

    @property
    def left(self) -> str:
        """What stands at the bottom left, marked: contact and copyright."""
        return "\n".join(self._values(_LEFT))

    @property
    def right(self) -> str:
        """What stands at the bottom right, marked: draft, its date, revision."""
        return "\n".join(self._values(_RIGHT))

    def _value(self, keys: tuple[str, ...]) -> str:
        return next((value for key, value in self.entries.items() if key in keys), "")

    def _values(self, keys: tuple[str, ...]) -> Iterator[str]:
        for key, value in self.entries.items():
            if key in keys and value:
                yield f"{key}\n\n{value}" if key in _SAYS_WHAT else value


def title_page(entries: Mapping[str, str], *, title: str, author: str) -> TitlePage:
    """Return a title page with the title and author of the project.

    Args:
        entries: Those of the screenplay, marked, by lower-case key; none where it has no title page.
        title: The project's. The screenplay's stays as it is, with line breaks and emphasis, where it has the same words.
        author: The project's; the screenplay's where it is empty.
    """
    kept = dict(entries)
    title_key = next((key for key in kept if key in _TITLE), None)
    if title_key is None:
        title_key = "title"
        kept = {title_key: escaped(_one_line(title)), **kept}
    elif _one_line(plain(kept[title_key])) != _one_line(title):
        kept[title_key] = escaped(_one_line(title))
    if author.strip():
        _set_author(kept, _one_line(author), below=title_key)
    return TitlePage(entries=kept)


def _set_author(entries: dict[str, str], author: str, *, below: str) -> None:
    key = next((key for key in entries if key in (*_AUTHOR, *_MORE_AUTHORS)), None)
    if key is not None:
        given = plain(entries[key])
        # Several authors are one line in the project.
        if author not in (_one_line(given), _one_line(given.replace("\n", ", "))):
            entries[key] = escaped(author)
        return
    credit = next((key for key in entries if key in _CREDIT), None)
    new = {"author": escaped(author)} if credit else {"credit": "written by", "author": escaped(author)}
    old = list(entries.items())
    entries.clear()
    for key, value in old:
        entries[key] = value
        if key == (credit or below):
            entries.update(new)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
