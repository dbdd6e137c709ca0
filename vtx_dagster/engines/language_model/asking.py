"""Asking a language model one question: answered from memory where it can be, within the budget, checked and repaired."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from pydantic import BaseModel

from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import CallFacts
from vtx_dagster.engines.language_model.prompt import Prompt

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")


class AnswerProblems(Exception, Generic[T]):  # noqa: N818 - what a check found, and not yet an error
    """What a check finds wrong with an answer that has the right form.

    Args:
        problems: What is wrong, in words for the model, one problem each.
        partial: What can be used of the answer when no repair is left; None if nothing.
    """

    def __init__(self, problems: Sequence[str], *, partial: T | None = None) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.partial = partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """A question that was answered.

    Attributes:
        value: What the check made of the answer.
        calls: Every call that it took, the repairs included, in order.
        remarks: Repairs that were made, and problems that are left in a partial answer.
    """

    value: T
    calls: tuple[CallFacts, ...] = ()
    remarks: tuple[str, ...] = ()


class Asker:
    """Asks a language model for one project. Any thread may call any method."""

    def ask(self, prompt: Prompt[A], check: Callable[[A], T], *, stage: str, part: str) -> Answered[T]:
        """Return what a check makes of the answer to a prompt.

        Args:
            prompt: The question.
            check: Makes a value of the answer; raises ``AnswerProblems`` if the model should mend something.
            stage: The stage that asks, such as ``screenplay``.
            part: The part of the stage, such as ``A01_S02``.
        """
        raise NotImplementedError

    def forecast(self, prompts: Iterable[Prompt]) -> Forecast:
        """Return what some prompts would cost at most, without those whose answer is stored."""
        raise NotImplementedError

    def price(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what tokens cost in USD, or None if the model has no known price."""
        raise NotImplementedError

    def afford(self, forecast: Forecast, *, stage: str) -> None:
        """Raise ``BudgetError`` if a stage could cost more than is left of the budget."""
        raise NotImplementedError

    def request_body(self, prompt: Prompt) -> dict[str, object]:
        """Return exactly what would be sent first for a prompt."""
        raise NotImplementedError
