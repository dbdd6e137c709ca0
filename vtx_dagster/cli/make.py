"""``vtx make``: whatever is not current, up to the film."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.assemble import print_cut
from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import clock, note, print_json, say
from vtx_dagster.cli.render import print_outcomes
from vtx_dagster.cli.studio_folder import open_studio

if TYPE_CHECKING:
    from vtx_dagster.cli.making import Made
    from vtx_dagster.studio.project import Studio


def make(
    slug: SlugArgument,
    *,
    renew: Annotated[bool, typer.Option("--renew", help="Render again what another version of an engine made, too.")] = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make whatever of a project is not current: story, clips, acts, film.

    Where a language model writes the story, what is due must fit the project's budget as a whole before anything is sent.

    What is current is left alone: a second call renders nothing. What another version of an engine made is current, too; --renew
    renders it again. If clips fail or are blocked, the others are rendered all the same, the reasons are shown, and there is no
    new film. It can be stopped at any moment; the next call goes on from there.
    """
    make_and_print(open_studio(studio), slug, verbose=verbose, as_json=as_json, renew=renew)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, make, "vtx make my_film", "vtx plan my_film    shows first what it would do", "vtx make my_film --renew")


def make_and_print(studio: "Studio", slug: str, *, verbose: bool, as_json: bool, renew: bool = False) -> None:
    """Make a project, and print what was made.

    Raises:
        VtxError: If a stage failed.
        typer.Exit: With 1, if clips failed or are blocked.
    """
    from vtx_dagster.cli.making import make_project
    from vtx_dagster.cli.runs import open_registry

    studio.project(slug)
    with open_registry(studio, is_verbose=verbose) as registry:
        made = make_project(registry, slug, tell=(lambda _: None) if as_json else note, is_quiet=as_json, renew=renew)
    film = studio.project(slug).film_path
    if as_json:
        print_json(_facts(made, film))
    else:
        _print(made, film)
    if not made.is_complete:
        raise typer.Exit(1)


def _facts(made: "Made", film: Path) -> dict[str, Any]:
    return {
        "project": made.project,
        "film": str(film) if made.is_complete else None,
        "film_s": made.film_s,
        "was_current": made.was_current,
        "stages": list(made.stages),
        "asked": made.asked,
        "acts": list(made.acts),
        **made.outcomes.to_json(),
        "blocked": made.blocked,
    }


def _print(made: "Made", film: Path) -> None:
    if made.was_current:
        say(f"{made.project}: everything is current, nothing was rendered")
    elif made.outcomes.by_key or made.blocked:
        print_outcomes(made.outcomes, blocked=made.blocked, problems={})
    if made.film_facts:
        print_cut(made.film_facts)
    elif made.is_complete:
        say(f"{film}\n{clock(made.film_s)}")
    else:
        say(f"{made.project}: no new film, because clips are missing")
