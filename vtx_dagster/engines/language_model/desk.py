"""What every stage of a story needs to ask a language model."""

from dataclasses import dataclass

from vtx_dagster.engines.language_model.asking import Asker
from vtx_dagster.engines.language_model.prompt import PromptLibrary


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDesk:
    """The prompts, who answers them, and how many are asked at a time.

    Attributes:
        model: Name of the model.
        concurrency: Questions that may be open at once, 1 or more.
    """

    library: PromptLibrary
    asker: Asker
    model: str
    concurrency: int
