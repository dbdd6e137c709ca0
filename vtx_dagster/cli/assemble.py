"""``vtx assemble``: join rendered clips into an act or the film."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import clock, print_json, say
from vtx_dagster.cli.studio_folder import open_studio

app = typer.Typer(no_args_is_help=True, help="Join rendered clips into an act or the film. `vtx make` does it when it is due.")

AllowMissingOption = Annotated[
    bool, typer.Option("--allow-missing", help="Show a slate in the place of every clip that is not rendered.")
]


def act(
    slug: SlugArgument,
    act_id: Annotated[str, typer.Argument(metavar="ACT", help="The act, such as A01.")],
    *,
    allow_missing: AllowMissingOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Join the clips of one act: renders/acts/A01.mp4."""
    _run(slug, act_id, allow_missing=allow_missing, studio=studio, verbose=verbose, as_json=as_json)


def final(
    slug: SlugArgument,
    *,
    allow_missing: AllowMissingOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Join all clips, or all acts where the project produces in acts, to the film: renders/final/SLUG__final.mp4."""
    _run(slug, "", allow_missing=allow_missing, studio=studio, verbose=verbose, as_json=as_json)


def _run(slug: str, act_id: str, *, allow_missing: bool, studio: Path | None, verbose: bool, as_json: bool) -> None:
    from vtx_dagster.cli.runs import open_registry

    opened = open_studio(studio)
    project = opened.project(slug)
    if act_id:
        _check_act(project, act_id)
    with open_registry(opened, is_verbose=verbose) as registry:
        registry.register()
        facts = registry.assemble(slug, act_id, allow_missing=allow_missing, is_quiet=as_json)
    if as_json:
        print_json({"project": slug, "act": act_id, **{name.removeprefix("vtx/"): value for name, value in facts.items()}})
    else:
        print_cut(facts)


def _check_act(project: Any, act_id: str) -> None:
    """Raise NotFoundError unless a project has an act: of an unknown partition, Dagster would say only that it is unknown."""
    from vtx_dagster.core.errors import NotFoundError
    from vtx_dagster.core.suggestions import did_you_mean

    project.act_path(act_id)
    acts = tuple(project.film().clips_by_act())
    if act_id not in acts:
        raise NotFoundError(f"{project.slug} has no act {act_id}{did_you_mean(act_id, acts)}", project=project.slug, act=act_id)


def print_cut(facts: dict[str, Any]) -> None:
    """Print an assembled act or film."""
    say(f"{facts['vtx/file']}")
    say(f"{clock(facts['vtx/seconds'])} ({facts['vtx/frames']} frames, {facts['vtx/clips']} clips, {facts['vtx/size']})")
    if "vtx/slates" in facts:
        say(f"slates stand in for: {facts['vtx/slates']}")


add_command(app, act, "vtx assemble act my_film A01")
add_command(app, final, "vtx assemble final my_film", "vtx assemble final my_film --allow-missing    a cut to look at")
