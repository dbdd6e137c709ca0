"""``vtx render costs``: what GPU time the renders took, and what of it was for nothing."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from vtx_dagster.cli.gpu_words import gpu_time
from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import counted, print_json, print_table, say
from vtx_dagster.cli.studio_folder import chosen_records, open_studio
from vtx_dagster.core.errors import VtxError

if TYPE_CHECKING:
    from vtx_dagster.production.gpu_accounts import GpuAccount


def costs(
    slug: OptionalSlugArgument = None,
    *,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what GPU time the renders of one project or all took, what of it was for nothing, and what is left of the budgets.

    For nothing were attempts that failed, were cancelled or lost, takes whose plan was changed since (stale), and takes that are
    neither shown nor of a present plan (unused). Exits with 1 if a project cannot be read.
    """
    from vtx_dagster.production.clips import utc_now
    from vtx_dagster.production.gpu_accounts import account_of
    from vtx_dagster.production.gpu_time import GpuTime

    opened = open_studio(studio)
    gpu = GpuTime(opened, clock=utc_now)
    accounts: dict[str, GpuAccount] = {}
    problems: dict[str, str] = {}
    for record in chosen_records(opened, slug):
        if record.problem:
            problems[record.project] = record.problem
            continue
        project = opened.project(record.project)
        try:
            used = gpu.used(project)
        except VtxError as error:
            problems[record.project] = error.message
            continue
        accounts[record.project] = account_of(used, record, budget_s=project.metadata().render.budget_gpu_s)
    if as_json:
        print_json({"projects": {name: _facts(account) for name, account in accounts.items()}, "problems": problems})
    else:
        _print(accounts, problems)
    if problems:
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, costs, "vtx render costs", "vtx render costs my_film")


def _print(accounts: Mapping[str, "GpuAccount"], problems: Mapping[str, str]) -> None:
    shown = {name: one for name, one in accounts.items() if one.spent_s or one.num_open or one.budget_s is not None}
    if shown:
        columns = ("project", "#GPU time", "#for nothing", "because", "#a second of film", "#budget", "#left")
        print_table(columns, (_row(name, account) for name, account in shown.items()))
    for name, account in shown.items():
        if account.at_most_s:
            say(f"{name}: of this, {gpu_time(account.at_most_s)} are the most that attempts can have taken that were cut short")
        if account.num_open:
            say(f"{name}: {counted(account.num_open, 'clip')} being rendered, not counted yet")
    for name, problem in problems.items():
        say(f"{name}: {problem}")
    if not (shown or problems):
        say("no GPU time was used")


def _row(name: str, account: "GpuAccount") -> tuple[str, ...]:
    return (
        name,
        gpu_time(account.spent_s),
        gpu_time(account.wasted_s) if account.wasted else "",
        ", ".join(f"{waste} {gpu_time(seconds)}" for waste, seconds in account.wasted.items()),
        "" if account.per_film_s is None else gpu_time(account.per_film_s),
        "" if account.budget_s is None else gpu_time(account.budget_s),
        "" if account.left_s is None else gpu_time(account.left_s),
    )


def _facts(account: "GpuAccount") -> dict[str, Any]:
    return {
        "spent_gpu_s": account.spent_s,
        "useful_gpu_s": account.useful_s,
        "wasted_gpu_s": account.wasted_s,
        "wasted": {str(waste): seconds for waste, seconds in account.wasted.items()},
        "at_most_gpu_s": account.at_most_s,
        "rendering": account.num_open,
        "film_s": float(account.film_s),
        "gpu_s_per_film_s": account.per_film_s,
        "budget_gpu_s": account.budget_s,
        "left_gpu_s": account.left_s,
    }
