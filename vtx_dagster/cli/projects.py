"""``vtx projects``: make a project, list them, and see where they stand."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import clock, print_json, print_table, say
from vtx_dagster.cli.studio_folder import open_studio, records

if TYPE_CHECKING:
    from vtx_dagster.cli.standing import Standing

app = typer.Typer(no_args_is_help=True, help="Make a film project, list them, and see where they stand.")


def new(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Name of its folder: 1 to 63 of a-z, 0-9, _ and -.")],
    *,
    title: Annotated[str, typer.Option(help="The title of the film.")],
    logline: Annotated[str, typer.Option(help="What it is about, in a line.", show_default=False)] = "",
    screenplay: Annotated[
        Path | None,
        typer.Option(metavar="F.fountain", help="A screenplay in Fountain, copied to story/source.", show_default=False),
    ] = None,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new film project from the template."""
    project = open_studio(studio).create_project(slug, title=title, logline=logline, screenplay=screenplay)
    if as_json:
        print_json({"project": slug, "path": str(project.root)})
        return
    say(f"made {project.root}")
    if screenplay is None:
        say(f"next: write {project.brief_path.relative_to(project.root)}, or put a screenplay (.fountain) into story/source/")
    say(f"then: vtx make {slug}")


def list_projects(*, studio: StudioOption = None, as_json: JsonOption = False) -> None:
    """List the projects of the studio."""
    opened = open_studio(studio)
    rows = [_listed(opened, slug) for slug in opened.slugs()]
    if as_json:
        print_json({"studio": str(opened.root), "projects": rows})
    elif rows:
        print_table(("project", "title", "#clips", "film"), [(r["project"], r["title"], r["clips"], r["film"]) for r in rows])
    else:
        say("no projects yet: vtx projects new SLUG --title TITLE")


def _listed(studio: Any, slug: str) -> dict[str, Any]:
    from vtx_dagster.core.errors import VtxError

    try:
        project = studio.project(slug)
        title, clips = project.metadata().title, len(project.clip_ids())
    except VtxError as error:
        return {"project": slug, "title": f"({error.message})", "clips": 0, "film": "", "problem": error.message}
    film = str(project.film_path) if project.film_path.is_file() else ""
    return {"project": slug, "title": title, "clips": clips, "film": film, "problem": ""}


def status(slug: OptionalSlugArgument = None, *, studio: StudioOption = None, as_json: JsonOption = False) -> None:
    """Show where projects stand; for one project, every clip with the reason.

    A clip is planned (never rendered), rendered, stale (its plan changed since; says what), rendering (now, by another process),
    failed (says why) or blocked (something that it needs is missing; says what).
    """
    from vtx_dagster.cli.standing import standing_of

    opened = open_studio(studio)
    found = [standing_of(opened, record) for record in records(opened, None if slug is None else [slug], with_story=True)]
    if as_json:
        print_json({"studio": str(opened.root), "projects": [one.to_json() for one in found]})
    elif slug is None:
        _print_all(found)
    else:
        _print_one(found[0])


def _print_all(found: list["Standing"]) -> None:
    if not found:
        say("no projects yet: vtx projects new SLUG --title TITLE")
        return
    print_table(
        ("project", "#clips", "states", "#length", "film"),
        [(one.project, len(one.clips), _counts(one), clock(one.film_s), one.problem or one.film) for one in found],
    )


def _print_one(one: "Standing") -> None:
    if one.problem:
        from vtx_dagster.core.errors import InvalidFileError

        raise InvalidFileError(one.problem, project=one.project)
    if one.clips:
        print_table(
            ("clip", "state", "#seconds", "why"),
            [(clip.clip, clip.state, f"{clip.film_s:.2f}" if clip.film_s else "", clip.reason) for clip in one.clips],
        )
    for stage, reason in one.story:
        say(f"{stage}: {reason or 'current'}")
    for act, state in one.acts:
        say(f"act {act}: {state}")
    say(f"{one.project}: {len(one.clips)} clips ({_counts(one) or 'none'}), {clock(one.film_s)}")
    say(f"film: {one.film}")


def _counts(one: "Standing") -> str:
    counts = Counter(str(clip.state) for clip in one.clips)
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))


add_command(
    app,
    new,
    'vtx projects new my_film --title "My film" --screenplay my_film.fountain',
    'vtx projects new short --title "Short" --logline "A keeper hears a voice in the fog."',
)
add_command(app, list_projects, "vtx projects list", "vtx projects list --json", name="list")
add_command(app, status, "vtx projects status", "vtx projects status my_film", "vtx projects status my_film --json")
