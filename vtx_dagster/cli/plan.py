"""``vtx plan``: what would be made, and why."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import clock, counted, print_json, print_table, say
from vtx_dagster.cli.studio_folder import open_studio, records

if TYPE_CHECKING:
    from vtx_dagster.core.planner import Step


def plan(
    slug: OptionalSlugArgument = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if anything is due, or a project cannot be read.")] = False,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `vtx make` would do, in order, and why. Makes nothing."""
    from vtx_dagster.core.planner import plan_studio

    found = records(open_studio(studio), None if slug is None else [slug], with_story=True)
    steps = list(plan_studio(found))
    problems = {record.project: record.problem for record in found if record.problem}
    if as_json:
        print_json({"steps": [_facts(step) for step in steps], "problems": problems})
    else:
        _print(steps, problems)
    if check and (steps or problems):
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, plan, "vtx plan", "vtx plan my_film", "vtx plan --check    in CI: fails unless everything is current")


def _facts(step: "Step") -> dict[str, Any]:
    return {
        "project": step.project,
        "stage": step.stage,
        "id": step.id,
        "work": step.work,
        "reason": step.reason,
        "waits_for": step.waits_for,
        "hash": step.work_hash,
        "frames": step.num_frames,
        "film_s": float(step.film_s),
    }


def _print(steps: list["Step"], problems: dict[str, str]) -> None:
    for project, problem in problems.items():
        say(f"{project} cannot be read: {problem}")
    if not steps:
        if not problems:
            say("everything is current")
        return
    print_table(
        ("project", "what", "key", "why", "#film"),
        [(s.project, f"{s.work} {s.stage}", s.id, _why(s), clock(s.film_s) if s.num_frames else "") for s in steps],
    )
    say(_totals(steps))


def _why(step: "Step") -> str:
    return f"waits: {step.waits_for}" if step.waits_for else step.reason


def _totals(steps: list["Step"]) -> str:
    from vtx_dagster.core.planner import Work

    ready = [step for step in steps if not step.waits_for]
    renders = [step for step in ready if step.work == Work.RENDER]
    seconds = sum((step.film_s for step in renders), start=0)
    waiting = len(steps) - len(ready)
    text = f"{counted(len(ready), 'step')} due: {counted(len(renders), 'clip')} to render, {clock(seconds)} of film"
    return f"{text}; {waiting} waiting" if waiting else text
