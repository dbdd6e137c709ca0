"""A story in the making: what its writers read, what they hand back, and the Protocol that all of them follow.

A stage is written in *parts*: a scene of the screenplay, one of several treatments, or the whole stage at once (part ``""``).
What decides a part is its *basis*: a hash per aspect (``beats``, ``treatment``, ...). A part whose basis is the one that it was
written from is current and is not written again, whatever else changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Generic, Protocol, TypeVar

from pydantic import Field

from vtx_dagster.core.bible import Bible, Character, Location
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.document import Document, Key, Part
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.shotlist import Shotlist

T = TypeVar("T")

Basis = Mapping[str, str]
"""What decides a part, by aspect: ``{"beats": "<sha256>", "treatment": "<sha256>"}``. Reasons to write again name the aspects.

A value may hold two hashes with a space between them, where versions noted the same in different ways: it is as it was if one is.
"""

WHOLE = ""
"""The part of a stage that is written in one piece."""


class Source(Part):
    """A text file, by name, so that errors can say where."""

    name: str = Field(description="Path inside the project, e.g. ``story/source/film.fountain``.")
    text: str
    remarks: tuple[str, ...] = Field(
        default=(), exclude=True, description="What was unsure or left out when it was read. It decides nothing."
    )


class StoryContext(Part):
    """What a breakdown knows of a story."""

    metadata: Metadata
    brief: Source
    screenplays: tuple[Source, ...] = Field(default=(), description="As Fountain, in the order of their files' names.")
    bible: Bible = Bible()


class SceneFile(Part):
    """One scene as its own Fountain file."""

    scene: str
    slug: str
    text: str


class TreatmentChoice(Document):
    """``story/treatments/choice.yaml``."""

    chosen: int | None = Field(default=None, ge=1, le=9, description="The treatment that stands; the first while none is chosen.")
    variants: int | None = Field(
        default=None, ge=1, le=9, description="How many to choose from, instead of what metadata.yaml says."
    )


class BibleProposal(Document):
    """``story/02_bible_proposal.yaml``: what a writer would add to the bible.

    Of keys that the bible has already, those that are stubs are filled in; others are proposals to a person, and change nothing.
    """

    characters: dict[Key, Character] = Field(default_factory=dict)
    locations: dict[Key, Location] = Field(default_factory=dict)
    character_aliases: dict[Key, tuple[str, ...]] = Field(
        default_factory=dict, description="Names that characters of the bible have in the screenplay now."
    )
    location_aliases: dict[Key, tuple[str, ...]] = Field(
        default_factory=dict, description="Names that locations of the bible have in the screenplay now."
    )
    style_prefix: str = Field(default="", description="Proposed only to a style bible that has none.")
    style_negative: str = ""


class CallFacts(Part):
    """One question to a language model, and what it cost."""

    key: str = Field(description="SHA-256 of everything that was sent.")
    model: str
    response_id: str = ""
    input_tokens: int = 0
    cached_tokens: int = Field(default=0, description="Of the input tokens, those that the service had in its cache.")
    output_tokens: int = 0
    usd: Decimal | None = Field(default=None, description="None where the model has no known price.")
    seconds: float = 0.0
    reused: bool = Field(default=False, description="The answer was there from before: nothing was sent, nothing paid.")


class Provenance(Part):
    """How a part came to be."""

    basis: dict[str, str] = Field(default_factory=dict)
    content: str = Field(default="", description="Hash of what was written, where several parts share a file.")
    writer: str = Field(default="", description="``breakdown 1``, or the name of a language model.")
    by: str = Field(default="", description="Name and version of the story writer that the part was asked of.")
    template: str = Field(default="", description="Prompt template and its version: ``screenplay 1``, ``screenplay (project)``.")
    capsules: tuple[str, ...] = Field(default=(), description="Style capsules in the order in which they were given.")
    calls: tuple[CallFacts, ...] = ()
    remarks: tuple[str, ...] = Field(default=(), description="What was cut, repaired, completed or missed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(Generic[T]):
    """A part that was written."""

    part: str
    value: T
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a writer is asked for.

    Attributes:
        due: The parts to write; others stand as they are, and a writer may read them.
        only: The act or scene that a person restricted the run to.
        anew: Parts that a person wants written anew though nothing that they are made of changed.
    """

    due: frozenset[str] = frozenset()
    anew: frozenset[str] = frozenset()
    only: FilmId | None = None


class PromptText(Part):
    """What would be sent to a language model, to the letter."""

    part: str
    template: str
    messages: tuple[tuple[str, str], ...] = Field(description="Role and text.")
    request: dict[str, object] = Field(description="The whole body of the request.")
    input_tokens: int = Field(description="Estimated, on the high side.")
    max_output_tokens: int
    cuts: tuple[str, ...] = Field(default=(), description="What was left out to fit the context budget.")


class Story(Protocol):
    """The files of a story as they stand, read when asked for.

    Raises:
        InvalidFileError: From any of them, if its file does not hold what it should.
        NotFoundError: From ``outline`` and ``treatment``, if the stage was not written yet; names the command that does.
    """

    @cached_property
    def metadata(self) -> Metadata:
        """``metadata.yaml``."""
        ...

    @cached_property
    def brief(self) -> Source:
        """``story/00_brief.md``; empty text if there is none."""
        ...

    @cached_property
    def screenplays(self) -> tuple[Source, ...]:
        """The screenplays that a person brought along, as Fountain, in name order."""
        ...

    @cached_property
    def bible(self) -> Bible:
        """The four bible files."""
        ...

    @cached_property
    def capsules(self) -> Capsules:
        """The style capsules that the project chose, in its order."""
        ...

    @cached_property
    def outline_source(self) -> Source:
        """``story/01_outline.yaml`` as text; empty if there is none."""
        ...

    @cached_property
    def outline(self) -> Outline:
        """``story/01_outline.yaml``, its beats numbered."""
        ...

    @cached_property
    def treatment_source(self) -> Source:
        """``story/02_treatment.md``; empty text if there is none."""
        ...

    @cached_property
    def treatment(self) -> str:
        """The chosen treatment."""
        ...

    @cached_property
    def scenes(self) -> Mapping[str, Source]:
        """The scene files by scene id, in story order; empty if there are none."""
        ...

    @cached_property
    def shotlist(self) -> Shotlist | None:
        """``story/04_shotlist.yaml``, or None."""
        ...


class StoryWriter(Protocol):
    """Writes the stages of a story: the breakdown by rule, or a language model, or a test's fake.

    It reads what it needs of the story and touches no story file: the caller stores drafts as they come. A stage that fails in
    some parts hands over the others first and then raises; the next run is asked for the failed ones alone.
    """

    @property
    def identity(self) -> EngineIdentity:
        """Name and version of the writer."""
        ...

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that it writes, in order."""
        ...

    @property
    def is_free(self) -> bool:
        """Whether it writes every stage as one part, always the same and at no cost, so that it may be asked just to look."""
        ...

    def parts(self, stage: Stage, story: Story) -> Mapping[str, Basis]:
        """Return the parts that a stage has now, in story order, each with its basis; none while its sources are not written."""
        ...

    def forecast(self, stage: Stage, story: Story, job: Job) -> Forecast:
        """Return what a job would cost at most; nothing is sent. A stage whose sources are not written yet is a guess."""
        ...

    def prompts(self, stage: Stage, story: Story, job: Job) -> tuple[PromptText, ...]:
        """Return exactly what a job would send first, per part; nothing is sent. None for a writer without a language model."""
        ...

    def afford(self, forecast: Forecast, *, what: str) -> None:
        """Return if that much may be spent.

        Raises:
            BudgetError: If it could pass the project's budget.
        """
        ...

    def outline(self, story: Story, job: Job) -> Draft[Outline]:
        """Return acts, scenes and beats; ids of the outline before are kept where the scene is the same."""
        ...

    def treatments(self, story: Story, job: Job) -> Iterator[Draft[str]]:
        """Yield the treatments that are due as Markdown: part ``""``, or ``1``, ``2``, ... to choose from."""
        ...

    def bible(self, story: Story, job: Job) -> Draft[BibleProposal]:
        """Return what the story needs that the bible does not have."""
        ...

    def screenplay(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:
        """Yield Fountain scenes: one per draft and part, or all of them as part ``""``."""
        ...

    def shotlist(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        """Yield the numbered shots of one scene per draft and part, or of all of them as part ``""``."""
        ...
