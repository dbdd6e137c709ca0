"""A story as its writers read it, given as values, and a language model that says what a test wants it to say."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.errors import NotFoundError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.prices import Price
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import Source, Story
from vtx_dagster.engines.language_model.asking import Asker
from vtx_dagster.engines.language_model.client import ModelReply, ModelRequest, Usage
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.prompt import PromptLibrary
from vtx_dagster.studio.calls import CallStore
from vtx_dagster.studio.project import Studio

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
    return cast(Callable[..., Story], GivenStory)  # the Protocol has cached properties, which plain fields are not to pyright


Answering = Callable[[ModelRequest], object]
"""What a model says to a request: text, or a value that becomes JSON. It may raise."""


class SayingModel:
    """Implements ``client.LanguageModel``: it says what ``answer`` returns, and keeps what it was asked."""

    name = "saying-1"
    moderation = ""

    def __init__(self, answer: Answering) -> None:
        self.requests: list[ModelRequest] = []
        self._answer = answer
        self._lock = threading.Lock()

    def ready(self) -> None:
        pass

    def body(self, request: ModelRequest) -> dict[str, Any]:
        return {
            "model": self.name,
            "input": [{"role": message.role, "content": message.text} for message in request.messages],
            "schema": dict(request.schema),
            "max_output_tokens": request.max_output_tokens,
        }

    def complete(self, request: ModelRequest) -> ModelReply:
        with self._lock:
            self.requests.append(request)
        answer = self._answer(request)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return ModelReply(text=text, model=self.name, usage=Usage(input_tokens=100, cached_tokens=0, output_tokens=50))

    def moderate(self, text: str) -> tuple[str, ...]:
        return ()


@pytest.fixture
def desk_of(tmp_path: Path) -> Callable[..., tuple[ModelDesk, SayingModel]]:
    """Make a desk: ``desk, model = desk_of(answer)``. Its memory is on disk, so that a second desk of a test remembers."""
    studio = Studio.init(tmp_path / "studio")
    project = studio.create_project("film", title="Film")

    def make(
        answer: Answering, *, budget_usd: str | None = None, concurrency: int = 2, context_tokens: int = 24_000
    ) -> tuple[ModelDesk, SayingModel]:
        model = SayingModel(answer)
        price = Price(input=Decimal(1), output=Decimal(10))
        asker = Asker(
            model=model, store=CallStore(project), price=price, budget_usd=None if budget_usd is None else Decimal(budget_usd)
        )
        library = PromptLibrary((("project", tmp_path / "templates"),), context_tokens=context_tokens)
        return ModelDesk(library=library, asker=asker, model=model.name, concurrency=concurrency), model

    return make
