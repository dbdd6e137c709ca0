"""A brief without a screenplay: its Markdown, put into Fountain form. Nothing is added to what it says.

The lowest level of headings with text under them are scenes, the levels above are acts, and a first heading that stands alone
on its level is the title. Paragraphs and list items are action. Text under an act's heading is its synopsis, text under the
title the logline.
"""

import re
from dataclasses import dataclass, field

from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.heading import looks_like_heading, read_heading
from vtx_dagster.engines.screenplay.source_lines import raw_lines

_HEADING = re.compile(r"^(?P<marks>#{1,6})\s+(?P<text>\S.*?)\s*#*$")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?P<text>\S.*)$")
_QUOTE = re.compile(r"^\s*>\s?")
_UNDERLINE = re.compile(r"^\s{0,3}(?P<mark>=+|-{2,})\s*$")
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(?P<entries>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(?P<key>[\w -]{1,40}):[ \t]*(?P<value>.*)$")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$|^\s*(?:```|~~~).*$")
_REMARK = re.compile(r"^\(.*\)$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


@dataclass(slots=True)
class _Block:
    """A heading (level 1 to 6; 0 for the text before the first one) and the paragraphs under it."""

    level: int
    heading: str
    paragraphs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefAsFountain:
    """A brief as a screenplay.

    Attributes:
        title: The brief's own title; empty without one.
        logline: The text under the title; empty without one.
        fountain: The screenplay; empty if the brief has no text.
    """

    title: str
    logline: str
    fountain: Source


def without_comments(brief: Source) -> str:
    """Return the text of a brief without what a person notes there for themselves."""
    return _COMMENT.sub("", brief.text)


def without_wraps(text: str) -> str:
    """Return Markdown with every paragraph and list item on one line: however prose is wrapped, this is the same."""
    units: list[str] = []
    joins = False
    for raw in raw_lines(text):
        line = " ".join(raw.split())
        stands_alone = not line or _HEADING.match(line) or _RULE.match(line)
        if joins and line and not stands_alone and not _ITEM.match(line) and not _QUOTE.match(line):
            units[-1] = f"{units[-1]} {line}"
        else:
            units += [line] if line else []
        joins = not stands_alone
    return "\n\n".join(units)


def is_fountain(brief: Source) -> bool:
    """Say whether a brief holds scene headings, so that it is a screenplay."""
    return any(_is_scene_heading(line.strip()) for line in raw_lines(brief.text))


def _is_scene_heading(line: str) -> bool:
    """Say whether a line is a scene heading, not a sentence: ``Int. calls were free`` has neither capitals nor a time."""
    return looks_like_heading(line) and (line.split()[0].isupper() or (bool(read_heading(line).time) and line[-1] != "."))


def brief_as_fountain(brief: Source, *, title: str, logline: str = "") -> BriefAsFountain:
    """Return a Markdown brief as Fountain.

    Args:
        brief: The file.
        title: Heading of the only scene of a brief that has no headings.
        logline: Of the film. Where the brief repeats it, it is no action; neither is a paragraph in parentheses, a remark.
    """
    entries, text = _front_matter("\n".join(raw_lines(without_comments(brief))))
    blocks = _blocks(text, logline)
    own_title, own_logline = entries.get("title", ""), entries.get("logline", "")
    levels = [block.level for block in blocks if block.level]
    top = next((block for block in blocks if block.level), None)
    if top and len(levels) > 1 and levels.count(top.level) == 1 and top.level == min(levels):
        own_title, own_logline = own_title or top.heading, " ".join(top.paragraphs) or own_logline
        blocks.remove(top)
        levels.remove(top.level)
    scene_level = max((block.level for block in blocks if block.level and block.paragraphs), default=0)
    opening = " ".join(block.paragraphs[0] for block in blocks if not block.level and block.paragraphs) if levels else ""
    lines: list[str] = []
    for block in blocks:
        if block.level == 0:
            lines += [] if levels else _scene(title, block.paragraphs)
        elif block.level < scene_level:
            lines += ["", f"# {block.heading}", *(f"= {paragraph}" for paragraph in block.paragraphs)]
        elif block.paragraphs:
            lines += _scene(block.heading, block.paragraphs)
    return BriefAsFountain(
        title=own_title,
        logline=own_logline or opening,
        fountain=Source(name=brief.name, text="\n".join(lines).strip("\n") + "\n" if lines else ""),
    )


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """Return the entries between two ``---`` at the top by lower-case key, and the rest of a brief."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text
    entries = filter(None, map(_ENTRY.match, found["entries"].split("\n")))
    values = {entry["key"].strip().casefold(): entry["value"].strip().strip("\"'") for entry in entries}
    return values, text[found.end() :]


def _scene(heading: str, paragraphs: list[str]) -> list[str]:
    if not paragraphs:
        return []
    lines = ["", f".{_literal(heading)}"]
    for paragraph in paragraphs:
        lines += ["", f"!{_literal(paragraph)}"]
    return lines


def _literal(text: str) -> str:
    """Return a text without what would open a comment in Fountain."""
    return re.sub(r"\s+", " ", text.replace("[[", "[").replace("]]", "]").replace("/*", "/").replace("*/", "/")).strip()


def _blocks(text: str, logline: str) -> list[_Block]:
    blocks = [_Block(0, "")]
    paragraph: list[str] = []
    in_list = False

    def end_paragraph() -> None:
        whole = " ".join(paragraph)
        paragraph.clear()
        if whole and whole != logline and not _REMARK.match(whole):
            blocks[-1].paragraphs.append(whole)

    for raw in raw_lines(text):
        line = _QUOTE.sub("", raw)
        underline = _UNDERLINE.match(line) if len(paragraph) == 1 and not in_list else None
        in_list = in_list and bool(line.strip())
        if underline and (underline["mark"][0] == "=" or paragraph[0][-1] not in ".!?…"):
            # A heading that is underlined: = for the first level, - for the second.
            blocks.append(_Block(1 if underline["mark"][0] == "=" else 2, paragraph.pop()))
        elif heading := _HEADING.match(line):
            end_paragraph()
            blocks.append(_Block(len(heading["marks"]), heading["text"]))
        elif not line.strip() or _RULE.match(line):
            end_paragraph()
        elif item := _ITEM.match(line):
            end_paragraph()
            in_list = True
            paragraph.append(item["text"])
        else:
            paragraph.append(line.strip())
    end_paragraph()
    return blocks
