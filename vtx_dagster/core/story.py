"""The Protocol of a story writer: the breakdown by rule, or a language model, or a test's fake."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import Field

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.document import Part
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.shotlist import Shotlist


class Source(Part):
    """A text file, by name, so that errors can say where."""

    name: str = Field(description="Path inside the project, e.g. ``story/source/film.fountain``.")
    text: str


class StoryContext(Part):
    """What every stage of the story knows."""

    metadata: Metadata
    brief: Source
    screenplays: tuple[Source, ...] = Field(default=(), description="Fountain files given by the user, in name order.")
    bible: Bible = Bible()


class SceneFile(Part):
    """One scene as its own Fountain file."""

    scene: str
    slug: str
    text: str


class StoryWriter(Protocol):
    """Writes the four stages of a story. Pure: the caller reads and writes the files."""

    @property
    def identity(self) -> EngineIdentity:
        """Name and version; a change makes generated story files stale."""
        ...

    def outline(self, context: StoryContext, *, previous: Outline | None = None) -> Outline:
        """Return acts, scenes and beats; ids of ``previous`` are kept where the scene is the same."""
        ...

    def treatment(self, context: StoryContext, outline: Outline) -> str:
        """Return the treatment as Markdown."""
        ...

    def screenplay(self, context: StoryContext, outline: Outline, treatment: str) -> tuple[SceneFile, ...]:
        """Return one Fountain scene for every scene of the outline, in order."""
        ...

    def shotlist(
        self, context: StoryContext, outline: Outline, scenes: Mapping[str, Source], *, previous: Shotlist | None = None
    ) -> Shotlist:
        """Return the shots of every scene (by scene id); ids of ``previous`` are kept where the shot is the same."""
        ...
