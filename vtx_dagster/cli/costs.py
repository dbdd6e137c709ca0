"""``vtx story costs``: what a project's story has cost so far."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import print_json, print_table, say
from vtx_dagster.cli.spending import usd
from vtx_dagster.cli.studio_folder import open_studio

if TYPE_CHECKING:
    from vtx_dagster.studio.calls import SentCall, StoredCall


@dataclass(slots=True, kw_only=True)
class StageCosts:
    """What the questions of one stage have cost.

    Attributes:
        usd: Their price, and at most that of what was sent and not answered.
        num_unpriced: Answers of models without a known price; they are in ``usd`` as nothing.
        num_unanswered: Questions that were sent and never answered; they may have cost something.
    """

    stage: str
    num_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal = Decimal(0)
    num_unpriced: int = 0
    num_unanswered: int = 0

    def price(self) -> str:
        """Return the price for people."""
        unknown = f" and {self.num_unpriced} of unknown price" if self.num_unpriced else ""
        return f"{usd(self.usd)}{unknown}"

    def to_json(self) -> dict[str, Any]:
        """Return the costs for ``--json``."""
        return {**{name.removeprefix("num_"): value for name, value in asdict(self).items()}, "usd": float(self.usd)}


def costs(
    slug: SlugArgument,
    *,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the language model was asked for a project's story so far: questions, tokens and price, stage by stage.

    Answers that were set aside or replaced count, too; and a question that was sent and never answered counts as the most that
    it can have cost.
    """
    from vtx_dagster.studio.calls import CallStore

    project = open_studio(studio).project(slug)
    budget = project.settings().decimal("VTX_STORY_BUDGET_USD", minimum=0)
    store = CallStore(project)
    unanswered = list(store.unanswered())
    found = _by_stage(store.answers(), unanswered)
    spent = sum((one.usd for one in found), start=Decimal(0))
    if as_json:
        told = {"spent_usd": float(spent), "budget_usd": None if budget is None else float(budget)}
        waiting = [call.model_dump(mode="json") for call in unanswered]
        print_json({"project": slug, **told, "stages": [one.to_json() for one in found], "unanswered": waiting})
        return
    if found:
        columns = ("stage", "#questions", "#tokens in", "#of them cached", "#tokens out", "#price")
        numbers = ((one.num_calls, one.input_tokens, one.cached_tokens, one.output_tokens) for one in found)
        rows = ((one.stage, *(f"{number:,}" for number in four), one.price()) for one, four in zip(found, numbers, strict=True))
        print_table(columns, rows)
    for call in unanswered:
        price = f"{usd(call.total_usd)} at most" if call.usd is not None or call.lost_usd else usd(None)
        say(f"{call.stage} {call.part}".rstrip() + f": sent to {call.model} and never answered, {price}")
    of = "there is no budget (VTX_STORY_BUDGET_USD)" if budget is None else f"of a budget of {usd(budget)}"
    say(f"{slug}: {usd(spent)} spent, {of}")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, costs, "vtx story costs my_film")


def _by_stage(answers: Iterable["StoredCall"], unanswered: Iterable["SentCall"]) -> list[StageCosts]:
    """Return the costs of the stages that asked, in the order of the graph."""
    from vtx_dagster.core.planner import Stage

    by_stage = {stage.value: StageCosts(stage=stage.value) for stage in Stage}
    for call in answers:
        costs_of = by_stage.setdefault(call.stage, StageCosts(stage=call.stage))
        costs_of.num_calls += 1
        costs_of.input_tokens += call.input_tokens
        costs_of.cached_tokens += call.cached_tokens
        costs_of.output_tokens += call.output_tokens
        costs_of.usd += call.total_usd
        costs_of.num_unpriced += call.usd is None
    for call in unanswered:
        costs_of = by_stage.setdefault(call.stage, StageCosts(stage=call.stage))
        costs_of.num_unanswered += 1
        costs_of.usd += call.total_usd
    return [one for one in by_stage.values() if one.num_calls or one.num_unanswered]
