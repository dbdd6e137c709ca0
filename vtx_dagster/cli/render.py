"""``vtx render``: render one clip, or all that are not rendered yet."""

from typing import TYPE_CHECKING, Annotated

import typer

from vtx_dagster.cli import gpu_costs
from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import clock, counted, print_json, print_table, say
from vtx_dagster.cli.studio_folder import chosen_records, open_studio

if TYPE_CHECKING:
    from vtx_dagster.cli.watching import Outcomes

app = typer.Typer(no_args_is_help=True, help="Render one clip, or all that are not rendered yet, and see what that took.")


def clip(
    slug: SlugArgument,
    clip_id: Annotated[str, typer.Argument(metavar="CLIP_ID", help="The clip, such as A01_S01_SH010.")],
    *,
    profile: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Render in this profile of metadata.yaml (preview, final or your own) instead of the clip's. Such a take is"
            " kept, and not shown in the film.",
            show_default=False,
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Render even if there is a take of exactly this plan.")] = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render one clip, unless a take of its present plan is there."""
    from vtx_dagster.cli.runs import open_registry
    from vtx_dagster.partitions.keys import key_of

    opened = open_studio(studio)
    opened.project(slug).clip_spec(clip_id)
    with open_registry(opened, is_verbose=verbose) as registry:
        outcomes = registry.render([key_of(slug, clip_id)], force=force, profile=profile, is_quiet=as_json, tells_each=False)
    outcome = next(iter(outcomes.by_key.values()))
    if outcome.error is not None:
        raise outcome.error
    if as_json:
        print_json(outcome.to_json())
    else:
        say(f"{outcome.line()}: {outcome.path}")


def resume(
    *,
    project: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Only this project; all when left out.", show_default=False)
    ] = None,
    max_jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop after this many clips.", show_default=False)
    ] = None,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Render every clip that is new, changed, failed before or was interrupted.

    Projects come by their slug, and the clips of a project in story order (in batches; a clip that was put in later comes last
    of its batch). A clip that fails stops no other. Blocked clips are named and left out. Exits with 1 if a clip failed or a
    project could not be read.
    """
    from vtx_dagster.cli.runs import clips_blocked, clips_due, open_registry
    from vtx_dagster.partitions.batches import links, passable_keys

    opened = open_studio(studio)
    found = chosen_records(opened, project)
    blocked = {key: why for record in found for key, why in clips_blocked(record).items()}
    problems = {record.project: record.problem for record in found if record.problem}
    passable = [key for record in found for key in passable_keys(record)]
    after = {key: previous for record in found for key, previous in links(record)}
    due = [key for record in found for key in clips_due(record)][:max_jobs]
    with open_registry(opened, is_verbose=verbose) as registry:
        outcomes = registry.render(due, passable=passable, after=after, is_quiet=as_json)
    if as_json:
        print_json({**outcomes.to_json(), "blocked": blocked, "problems": problems})
    else:
        print_outcomes(outcomes, blocked=blocked, problems=problems)
    if outcomes.failed or problems:
        raise typer.Exit(1)


def print_outcomes(outcomes: "Outcomes", *, blocked: dict[str, str], problems: dict[str, str]) -> None:
    """Print what became of clips: counts, and the reasons of those that did not work."""
    rows = [
        *((one.key, "failed", one.error.message) for one in outcomes.failed if one.error is not None),
        *((key, "blocked", why) for key, why in blocked.items()),
        *((slug, "error", problem) for slug, problem in problems.items()),
    ]
    if rows:
        print_table(("what", "state", "why"), rows)
    render_s = sum(one.render_s for one in outcomes.rendered)
    loads = f" with {counted(outcomes.model_loads, 'model load')}" if outcomes.model_loads is not None else ""
    counts = [
        f"{len(outcomes.rendered)} rendered{f' in {clock(render_s)}' if outcomes.rendered else ''}{loads}",
        f"{len(outcomes.reused)} reused",
        f"{len(outcomes.failed)} failed",
        f"{len(blocked)} blocked",
    ]
    say("every clip is rendered" if not (outcomes.by_key or rows) else f"clips: {', '.join(counts)}")


add_command(
    app,
    clip,
    "vtx render clip my_film A01_S01_SH010",
    "vtx render clip my_film A01_S01_SH010 --profile preview    a quick look; the film keeps its own take",
    "vtx render clip my_film A01_S01_SH010 --force              again, although nothing changed",
)
add_command(
    app,
    resume,
    "vtx render resume",
    "vtx render resume --project my_film --max-jobs 10",
)
gpu_costs.add_commands(app)
