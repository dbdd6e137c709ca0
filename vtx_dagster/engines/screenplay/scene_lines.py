"""Lines that open scenes, among the elements of a screenplay; which of them do is told by what stands around them.

A line such as ``SCENE 7`` is the heading of a scene, unless a heading follows before anything happens: then it is a section above
that, and its number is the scene's. What is a section to Fountain (``## Scene 7``) is a heading only where text would stand in no
scene otherwise. Only what belongs to a scene decides about its lines, so that a scene by itself is read as among all others.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vtx_dagster.core.screenplay import Element, ElementKind, Lines
from vtx_dagster.engines.screenplay.announced import Announced, setting_told, tells_setting
from vtx_dagster.engines.screenplay.emphasis import escaped, plain_text
from vtx_dagster.engines.screenplay.heading import Heading

PROSE: Final = frozenset({ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC})
"""What is seen or heard."""

_MOST_OF_SETTING: Final = 8
"""Elements below a heading among which lines such as ``Location: The pier`` are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingLine:
    """A scene heading.

    Attributes:
        announces: It has the form of a line that announces a scene.
    """

    heading: Heading
    text: str
    line: int
    last: int
    announces: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A line that announces a scene.

    Attributes:
        section: What it is else, where it is a section to Fountain.
    """

    found: Announced
    line: int
    last: int
    section: Element | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLine:
    """A line such as ``ACT I``, which is one if a scene is announced below it; else it is what it would be without this."""

    title: str
    otherwise: Element


Item = Element | HeadingLine
Found = Item | Announcement | ActLine


def settled(read: Sequence[Found]) -> list[Item]:
    """Return what was read with every line that may open a scene as what it is."""
    return _Settling(read).items


class _Settling:
    """Settles one line after the other.

    Attributes:
        items: What is settled.
    """

    def __init__(self, read: Sequence[Found]) -> None:
        self.items: list[Item] = []
        self._read = read
        self._act = ""
        self._number = ""
        self._stands_above = False
        self._in_scene = False
        """The scene that is open has a heading that is no section."""
        self._keeps_acts = any(
            isinstance(one, HeadingLine) or (isinstance(one, Announcement) and not one.section) for one in read
        )
        for at, (item, below) in enumerate(zip(read, _what_follows(read), strict=True)):
            self._settle(item, below, at)

    def _settle(self, item: Found, below: Found | None, at: int) -> None:
        match item:
            case Announcement(section=Element() as section):
                self._settle_section(item, section, below, at)
            case Announcement():
                self._open_act(item)
                self._stands_above = _may_stand_below(below)
                self._number = item.found.heading.number if self._stands_above else ""
                if self._stands_above:
                    self.items.append(_section(item.found.text, item.line, level=2))
                else:
                    self._open_scene(_heading_of(item), at)
                    self._in_scene = True
            case ActLine() if isinstance(below, Announcement) and not below.section:
                self._add(_section(item.title, item.otherwise.lines.first, level=1))
            case ActLine():
                self._add(item.otherwise)
            case HeadingLine():
                number = item.heading.number or self._number
                self._open_scene(replace(item, heading=replace(item.heading, number=number)), at)
                self._number, self._stands_above, self._in_scene = "", False, True
            case _ if self._stands_above and _tells_setting(item):
                self.items.append(Element(kind=ElementKind.NOTE, text=item.text, lines=item.lines))
            case _:
                self._add(item)

    def _settle_section(self, item: Announcement, section: Element, below: Found | None, at: int) -> None:
        is_act = section.level == 1
        if not _happens(below) or self._stands_above or (self._in_scene and not is_act):
            self._add(section)
            return
        if is_act and self._keeps_acts:
            self._add(section)
        self._open_scene(_heading_of(item), at)
        self._in_scene = False

    def _add(self, element: Element) -> None:
        self.items.append(element)
        if element.level == 1:
            self._in_scene = False

    def _open_act(self, item: Announcement) -> None:
        """Begin the act that an announcement names, if it is another one than before."""
        name = item.found.act.casefold()
        if name and name != self._act:
            self._act, self._in_scene = name, False
            # What stands above the first scene of a file is that scene's, in this act.
            opens_file = all(map(_is_passed_over, self.items))
            self.items.insert(0 if opens_file else len(self.items), _section(item.found.act, item.line, level=1))

    def _open_scene(self, item: HeadingLine, at: int) -> None:
        """Add a heading; one that announces a scene and has no place has that of lines right below it."""
        heading = item.heading
        if item.announces and not heading.place:
            for told in _settings_of(self._read[at + 1 : at + 1 + _MOST_OF_SETTING]):
                heading = replace(
                    heading,
                    interior=told.interior if heading.interior is None else heading.interior,
                    place=heading.place or told.place,
                    time=heading.time or told.time,
                    named=heading.named or bool(told.place),
                )
        self.items.append(replace(item, heading=heading))


def _heading_of(item: Announcement) -> HeadingLine:
    return HeadingLine(heading=item.found.heading, text=item.found.text, line=item.line, last=item.last, announces=True)


def _section(title: str, line: int, *, level: int) -> Element:
    return Element(kind=ElementKind.SECTION, text=title, lines=Lines(first=line, last=line), level=level, marked=escaped(title))


def _what_follows(read: Sequence[Found]) -> list[Found | None]:
    """Return what comes below each: a heading, an announcement, an act, or what is seen or heard; None at the end.

    Below a line that announces a scene, where and when that is may be told before its heading comes. Sections are passed over but
    by those that announce scenes themselves.
    """
    found: list[Found | None] = []
    below: Found | None = None
    below_section: Found | None = None
    for item in reversed(read):
        if isinstance(item, Announcement) and item.section:
            found.append(below_section)
            below_section = item
            if item.section.level == 1:
                below = item
        else:
            found.append(below)
            if not _is_passed_over(item):
                below_section = item
                below = below if isinstance(below, HeadingLine) and _tells_setting(item) else item
    return found[::-1]


def _may_stand_below(below: Found | None) -> bool:
    """Say whether what follows an announcement is the heading of the scene that it announces."""
    is_scene = isinstance(below, Announcement) and not (below.section or below.found.act)
    return is_scene or isinstance(below, HeadingLine)


def _happens(item: Found | None) -> bool:
    return isinstance(item, Element) and item.kind in PROSE


def _is_passed_over(item: Found) -> bool:
    """Say whether an item may stand between an announcement and a heading: a note, a synopsis, a transition, a card."""
    return isinstance(item, Element) and item.level != 1 and (not _happens(item) or item.centred)


def _settings_of(below: Iterable[Found]) -> Iterator[Heading]:
    """Yield what the paragraphs at the beginning of a scene tell of where and when it is."""
    for element in below:
        if not isinstance(element, Element) or element.kind == ElementKind.SECTION:
            return
        if _happens(element):
            if not tells_setting(_lines_of(element)[:1]):
                return
            yield setting_told(_lines_of(element))


def _tells_setting(item: Found) -> bool:
    return isinstance(item, Element) and item.kind == ElementKind.ACTION and not item.centred and tells_setting(_lines_of(item))


def _lines_of(element: Element) -> list[str]:
    return [*map(plain_text, element.marked.split("\n"))]
