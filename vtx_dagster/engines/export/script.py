"""A screenplay as a reader sees it: pages of headings, action and speeches, with the author's line breaks and emphasis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from vtx_dagster.core.film_order import StoryOrder
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline, OutlineAct
from vtx_dagster.core.screenplay import Element, ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.title_page import TitlePage, title_page
from vtx_dagster.engines.screenplay.emphasis import escaped
from vtx_dagster.engines.screenplay.fountain import parse_scene

_ON_REQUEST = frozenset({ElementKind.NOTE, ElementKind.SYNOPSIS})


class PartKind(StrEnum):
    """What stands under a cue."""

    DIALOGUE = "dialogue"
    PARENTHETICAL = "parenthetical"
    LYRIC = "lyric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Consecutive lines of one kind in a speech. ``text`` is marked (``emphasis``) and has the author's line breaks."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A cue and what is said under it.

    Attributes:
        cue: Name with its extensions, marked: ``MARA (V.O.)``.
        forced: The cue is none by its looks (``McAvoy``), so that Fountain needs an ``@``.
        dual: Spoken at the same time as the speech before.
    """

    cue: str
    parts: tuple[Part, ...]
    forced: bool = False
    dual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DualSpeech:
    """Two speeches at the same time, side by side."""

    left: Speech
    right: Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is seen. ``text`` is marked and has the author's line breaks and indents."""

    text: str
    centred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lyric:
    """What is sung by nobody in particular."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How a scene begins or ends: ``CUT TO:``."""

    text: str

    @property
    def opens(self) -> bool:
        """Whether it begins what follows, as ``FADE IN:`` does, and so stands on the left."""
        return self.text.upper().startswith(("FADE IN", "FADE UP", "IRIS IN"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The title of a part of an act, and how deep it stands: 2 right below the act."""

    text: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the author noted for those who work on the script."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synopsis:
    """What a scene or section is about."""

    text: str


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a page."""


Block = Action | Speech | Lyric | Transition | Section | Note | Synopsis | PageBreak


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene.

    Attributes:
        id: ``A01_S01``.
        heading: Without marks, dot and number; empty for text that stands in no scene.
        number: Given by the author, or counted; empty for none.
        before: What stands above the heading: ``FADE IN:``, a title card.
        blocks: What follows it.
    """

    id: str
    heading: str
    number: str = ""
    before: tuple[Block, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act; its title is empty where it has none, its synopsis also where synopses are left out."""

    title: str
    scenes: tuple[Scene, ...]
    synopsis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole screenplay."""

    title_page: TitlePage
    acts: tuple[Act, ...]

    @property
    def title(self) -> str:
        """The title, in one line."""
        return self.title_page.title

    @property
    def author(self) -> str:
        """The authors, in one line."""
        return self.title_page.author

    @property
    def scenes(self) -> Iterator[Scene]:
        """All scenes, in story order."""
        return (scene for act in self.acts for scene in act.scenes)

    @property
    def has_acts(self) -> bool:
        """Whether its acts are to be told apart."""
        return len(self.acts) > 1 or any(act.title for act in self.acts)


def read_script(
    scenes: Mapping[str, Source],
    *,
    metadata: Metadata,
    outline: Outline | None = None,
    entries: Mapping[str, str] | None = None,
    notes: bool = False,
) -> Script:
    """Return the screenplay of a project.

    Args:
        scenes: The scene files by scene id.
        metadata: Has title and author.
        outline: Has the acts and the order of the scenes; without it they stand as given, in one act.
        entries: The title page of the screenplay that was brought along.
        notes: With notes and synopses.

    Raises:
        InvalidFileError: If a file does not hold exactly one scene; the message says where.
    """
    acts = [_act(act, {scene: scenes[scene] for scene in known}, notes=notes) for act, known in _acts(scenes, outline) if known]
    page = title_page(entries or {}, title=metadata.title, author=metadata.author)
    return Script(title_page=page, acts=tuple(acts))


def with_scene_numbers(script: Script) -> Script:
    """Return a script with its scenes counted from 1; unchanged if its author numbered any of them."""
    if any(scene.number for scene in script.scenes):
        return script
    acts, count = [], 0
    for act in script.acts:
        scenes = []
        for scene in act.scenes:
            count += bool(scene.heading)
            scenes.append(replace(scene, number=str(count)) if scene.heading else scene)
        acts.append(replace(act, scenes=tuple(scenes)))
    return replace(script, acts=tuple(acts))


def side_by_side(blocks: Iterable[Block]) -> Iterator[Block | DualSpeech]:
    """Yield blocks; two speeches at the same time as one, below the notes that stand between them."""
    left: Speech | None = None
    notes: list[Note] = []
    for block in blocks:
        if left is not None and isinstance(block, Note):
            notes.append(block)
            continue
        if left is not None and isinstance(block, Speech) and block.dual:
            yield from (*notes, DualSpeech(left=left, right=block))
            left, notes = None, []
            continue
        if left is not None:
            yield from (left, *notes)
        left, notes = (block, []) if isinstance(block, Speech) else (None, [])
        if left is None:
            yield block
    if left is not None:
        yield from (left, *notes)


def _acts(scenes: Mapping[str, Source], outline: Outline | None) -> list[tuple[OutlineAct | None, list[str]]]:
    """Return the acts with those of their scenes that have a file."""
    if outline is None:
        return [(None, list(scenes))]
    known = {act.id: act for act in outline.acts}
    found = StoryOrder.of(outline, None).acts_of(scenes)
    return [(known.get(act), [scene for scene in ids if scene in scenes]) for act, ids in found.items()]


def _act(act: OutlineAct | None, scenes: Mapping[str, Source], *, notes: bool) -> Act:
    title = " ".join(act.title.split()) if act else ""
    read: list[Scene] = []
    for scene_id, source in scenes.items():
        scene, heading = _scene(scene_id, source, notes=notes)
        if heading and not read:
            # It stands right under the act.
            title = title or heading
        elif heading:
            scene = replace(scene, blocks=(Section(text=escaped(heading), level=2), *scene.blocks))
        read.append(scene)
    synopsis = " ".join(act.synopsis.split()) if act and notes else ""
    return Act(title=title, synopsis=synopsis, scenes=tuple(read))


def _scene(scene_id: str, source: Source, *, notes: bool) -> tuple[Scene, str]:
    """Return a scene, and the title of the act in its file, which text right under an act begins with."""
    text = parse_scene(source)
    before = [element for element in text.elements[: text.before] if notes or element.kind not in _ON_REQUEST]
    after = [element for element in text.elements[text.before :] if notes or element.kind not in _ON_REQUEST]
    scene = Scene(
        id=scene_id,
        heading="" if text.outside else text.heading,
        number=text.number,
        before=tuple(_blocks(before)),
        blocks=tuple(_blocks(after)),
    )
    has_section = any(element.kind == ElementKind.SECTION for element in after)
    return scene, text.heading if text.outside and not has_section else ""


def _blocks(elements: Sequence[Element]) -> list[Block]:
    blocks: list[Block] = []
    speech = 0
    for element in elements:
        if element.goes_on:
            # A note in between stands behind the speech, which goes on as one.
            before = blocks[speech]
            assert isinstance(before, Speech)  # noqa: S101 - nothing goes on without one
            blocks[speech] = replace(before, parts=(*before.parts, *_parts(element)))
            continue
        if element.speaker:
            speech = len(blocks)
        blocks.append(_block(element))
    return blocks


def _block(element: Element) -> Block:
    if element.speaker:
        return Speech(cue=element.cue, parts=tuple(_parts(element)), forced=element.forced, dual=element.dual)
    match element.kind:
        case ElementKind.TRANSITION:
            return Transition(text=element.marked)
        case ElementKind.LYRIC:
            return Lyric(text=element.marked)
        case ElementKind.SECTION:
            return Section(text=element.marked, level=element.level)
        case ElementKind.NOTE:
            return Note(text=element.text)
        case ElementKind.SYNOPSIS:
            return Synopsis(text=element.marked)
        case ElementKind.PAGE_BREAK:
            return PageBreak()
        case _:
            return Action(text=element.marked, centred=element.centred)


def _parts(element: Element) -> Iterator[Part]:
    spoken = PartKind.LYRIC if element.kind == ElementKind.LYRIC else PartKind.DIALOGUE
    for part in element.parts:
        yield Part(kind=PartKind.PARENTHETICAL if part.parenthetical else spoken, text=part.text)
