"""A story as its writers read it, given as values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.errors import NotFoundError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import Source, Story

_METADATA = Metadata(title="The Last Ferry")
_BRIEF = Source(name="story/00_brief.md", text="A ferrywoman makes her last crossing on the night the bridge opens.\n")


@dataclass(frozen=True, kw_only=True)
class GivenStory:
    """Implements ``core.story.Story``. An outline or a treatment that is not given was not written yet."""

    metadata: Metadata = _METADATA
    brief: Source = _BRIEF
    screenplays: tuple[Source, ...] = ()
    bible: Bible = field(default_factory=Bible)
    capsules: Capsules = field(default_factory=Capsules)
    given_outline: Outline | None = None
    given_treatment: str | None = None
    scenes: Mapping[str, Source] = field(default_factory=dict)
    shotlist: Shotlist | None = None

    @property
    def has_outline(self) -> bool:
        return self.given_outline is not None

    @property
    def outline(self) -> Outline:
        if self.given_outline is None:
            raise NotFoundError("story/01_outline.yaml is not there: write it with vtx story outline")
        return self.given_outline

    @property
    def outline_source(self) -> Source:
        text = self.given_outline.model_dump_json() if self.given_outline is not None else ""
        return Source(name="story/01_outline.yaml", text=text)

    @property
    def treatment(self) -> str:
        if self.given_treatment is None:
            raise NotFoundError("story/02_treatment.md is not there: write it with vtx story treatment")
        return self.given_treatment

    @property
    def treatment_source(self) -> Source:
        return Source(name="story/02_treatment.md", text=self.given_treatment or "")


@pytest.fixture(scope="session")
def story_of() -> Callable[..., Story]:
    """Make a story from the fields of `GivenStory`: ``story_of(given_outline=outline)``."""
    return GivenStory
