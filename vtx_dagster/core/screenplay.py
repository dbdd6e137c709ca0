"""A screenplay as data: what a Fountain file says, element by element, with its lines and its marks."""

from enum import StrEnum

from pydantic import Field

from vtx_dagster.core.document import Part


class Lines(Part):
    """A range of source lines, counted from 1, both ends included."""

    first: int = Field(ge=1)
    last: int = Field(ge=1)


class ElementKind(StrEnum):
    """The kinds of element that Fountain knows."""

    ACTION = "action"
    DIALOGUE = "dialogue"
    LYRIC = "lyric"
    TRANSITION = "transition"
    NOTE = "note"
    SYNOPSIS = "synopsis"
    SECTION = "section"
    PAGE_BREAK = "page_break"


class SpeechPart(Part):
    """Consecutive lines of a speech: what is said, or a parenthetical; with the author's line breaks and emphasis marks."""

    text: str
    parenthetical: bool = False


class Aside(Part):
    """A parenthetical, and where in its speech it stands."""

    text: str
    after: int = Field(ge=0, description="Letters of the speech before it, white space not counted.")


class Element(Part):
    """One paragraph of a scene. A dialogue element is one whole speech: cue, parentheticals and lines."""

    kind: ElementKind
    text: str = Field(description="Without marks, white space collapsed.")
    lines: Lines
    speaker: str = Field(default="", description="Name on the cue, without extensions; dialogue and sung lyrics only.")
    asides: tuple[Aside, ...] = Field(default=(), description="Parentheticals, in order.")
    off_screen: bool = False
    dual: bool = Field(default=False, description="Spoken at the same time as the speech before it.")
    centred: bool = Field(default=False, description="Centred action (``> THE END <``): text to be read, such as a title card.")
    marked: str = Field(default="", description="The text with the author's line breaks and emphasis; of speeches see ``parts``.")
    cue: str = Field(default="", description="The cue as written, with its extensions: ``MARA (V.O.)``.")
    forced: bool = Field(default=False, description="The cue is none by its looks, so that Fountain needs an ``@``.")
    parts: tuple[SpeechPart, ...] = Field(default=(), description="A speech as it was written.")
    goes_on: bool = Field(
        default=False, description="In the same speech as the element before, which is sung where it is spoken."
    )
    level: int = Field(default=0, ge=0, description="Of a section: the number of its #.")

    @property
    def parenthetical(self) -> str:
        """All parentheticals of a speech in one text."""
        return "; ".join(aside.text for aside in self.asides)


class SceneText(Part):
    """One scene: its heading and what follows it.

    Text outside of scenes is a scene of its own. It has no heading line: ``heading`` is the title of the section that it stands
    under, or empty.
    """

    heading: str
    number: str = Field(default="", description="Scene number given in the screenplay (``#12#``).")
    interior: bool | None
    place: str = Field(description="The place as written, e.g. ``LIGHTHOUSE - LAMP ROOM``.")
    time: str = Field(default="", description="The time as written, e.g. ``NIGHT``.")
    lines: Lines
    elements: tuple[Element, ...] = ()
    before: int = Field(default=0, ge=0, description="How many of the elements stand above the heading.")
    outside: bool = Field(default=False, description="It has no scene heading.")
    minor: bool = Field(
        default=False, description="Its heading says neither INT. nor EXT., nor a number and a place, as a minor slug does."
    )


class ActText(Part):
    """One act: a top-level section, or the whole screenplay where it has none."""

    title: str = ""
    synopsis: str = ""
    scenes: tuple[SceneText, ...] = ()


class Remark(Part):
    """Something in a file that was read in the most sensible way, and that a person should know of."""

    line: int = Field(ge=1)
    text: str


class Screenplay(Part):
    """A parsed Fountain screenplay."""

    title_page: dict[str, str] = Field(default_factory=dict, description="Values by lower-case key, in the order of the file.")
    acts: tuple[ActText, ...] = ()
    remarks: tuple[Remark, ...] = ()
