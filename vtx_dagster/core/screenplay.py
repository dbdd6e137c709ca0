"""A screenplay as data: what a Fountain file says, element by element, with the lines it stands on."""

from enum import StrEnum

from pydantic import Field

from vtx_dagster.core.document import Part


class Lines(Part):
    """A range of source lines, counted from 1, both ends included."""

    first: int = Field(ge=1)
    last: int = Field(ge=1)


class ElementKind(StrEnum):
    """The kinds of element that Fountain knows, as far as a breakdown uses them."""

    ACTION = "action"
    DIALOGUE = "dialogue"
    LYRIC = "lyric"
    TRANSITION = "transition"
    NOTE = "note"
    SYNOPSIS = "synopsis"


class Element(Part):
    """One paragraph of a scene. A dialogue element is one whole speech: cue, parentheticals and lines."""

    kind: ElementKind
    text: str
    lines: Lines
    speaker: str = Field(default="", description="Name on the cue, without extensions; dialogue and sung lyrics only.")
    parenthetical: str = ""
    off_screen: bool = False
    dual: bool = Field(default=False, description="Spoken at the same time as the speech before it.")
    centred: bool = Field(default=False, description="Centred action (``> THE END <``): text to be read, such as a title card.")


class SceneText(Part):
    """One scene: its heading and what follows it."""

    heading: str
    number: str = Field(default="", description="Scene number given in the screenplay (``#12#``).")
    interior: bool | None
    place: str = Field(description="The place as written, e.g. ``LIGHTHOUSE - LAMP ROOM``.")
    time: str = Field(default="", description="The time as written, e.g. ``NIGHT``.")
    lines: Lines
    elements: tuple[Element, ...] = ()


class ActText(Part):
    """One act: a top-level section, or the whole screenplay where it has none."""

    title: str = ""
    synopsis: str = ""
    scenes: tuple[SceneText, ...] = ()


class Screenplay(Part):
    """A parsed Fountain screenplay."""

    title_page: dict[str, str] = Field(default_factory=dict)
    acts: tuple[ActText, ...] = ()
