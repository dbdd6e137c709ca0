"""``vtx projects``: make a project, list them, and see where they stand."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import clock, note, print_json, print_table, say
from vtx_dagster.cli.studio_folder import chosen_records, open_studio, records, studio_words

if TYPE_CHECKING:
    from vtx_dagster.cli.standing import Standing
    from vtx_dagster.core.planner import ProjectRecord
    from vtx_dagster.studio.project import Studio

app = typer.Typer(no_args_is_help=True, help="Make a film project, list them, and see where they stand.")


def new(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Name of its folder: 1 to 63 of a-z, 0-9, _ and -.")],
    *,
    title: Annotated[
        str,
        typer.Option(
            help="The title of the film. The screenplay's when left out, or its file name.",
            show_default=False,
        ),
    ] = "",
    logline: Annotated[str, typer.Option(help="What it is about, in a line.", show_default=False)] = "",
    screenplay: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A screenplay: Fountain, Final Draft, PDF, text. Copied to story/source.", show_default=False
        ),
    ] = None,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new film project from the template. Title and author come from the title page of the screenplay, if it has one."""
    page = _title_page(screenplay) if screenplay is not None else {}
    title = title or page.get("title", "")
    if not title and screenplay is not None:
        from vtx_dagster.core.naming import humanised

        title = humanised(screenplay.stem)
        note(f'{screenplay.name} has no title page with a Title: the film is called "{title}" (metadata.yaml)')
    if not title:
        message = 'there is no screenplay to take it from: give one, such as --title "My film"'
        raise typer.BadParameter(message, param_hint="--title")
    opened = open_studio(studio)
    project = opened.create_project(slug, title=title, logline=logline, author=page.get("author", ""), screenplay=screenplay)
    if as_json:
        print_json({"project": slug, "path": str(project.root), "title": title})
        return
    say(f"made {project.root}")
    if screenplay is None:
        say(f"next: write {project.brief_path.relative_to(project.root)}, or put a screenplay into story/source/")
    say(f"{'next' if screenplay else 'then'}: vtx make {slug}{studio_words(opened)}")


def _title_page(screenplay: Path) -> dict[str, str]:
    """Return what a screenplay's title page says: title and author, each in one line.

    Raises:
        NotFoundError, InvalidFileError: If the file is missing, broken, of a format that is not read, or no screenplay.
    """
    from vtx_dagster.core.errors import InvalidFileError
    from vtx_dagster.core.story import Source
    from vtx_dagster.engines.screenplay.fountain import parse_screenplay
    from vtx_dagster.engines.screenplay.reading import read_screenplay_file
    from vtx_dagster.studio.files import read_bytes

    read = read_screenplay_file(str(screenplay), read_bytes(screenplay))
    if not read.text and read.remarks:
        message = f"{read.remarks[0]}: add headings such as INT. KITCHEN - DAY, or give the file the suffix .fountain"
        raise InvalidFileError(message, file=str(screenplay))
    text = read.text
    page = parse_screenplay(Source(name=str(screenplay), text=text)).title_page
    author = page.get("author") or page.get("authors", "")
    return {"title": " ".join(page.get("title", "").split()), "author": ", ".join(author.split("\n"))}


def list_projects(*, studio: StudioOption = None, as_json: JsonOption = False) -> None:
    """List the projects of the studio: title, length, and in a word where each stands.

    current (the film is there), due (`vtx make` has something to do), failed, blocked (something that a clip needs is missing),
    empty (nothing is written yet) or error (cannot be read).
    """
    opened = open_studio(studio)
    rows = [_listed(opened, record) for record in records(opened, with_story=True)]
    if as_json:
        print_json({"studio": str(opened.root), "projects": rows})
        return
    if not rows:
        _say_none(opened)
        return
    print_table(
        ("project", "title", "state", "#length"),
        [(row["project"], row["title"], row["state"], clock(row["film_s"]) if row["film_s"] else "") for row in rows],
    )
    for row in rows:
        if row["problem"]:
            say(f"{row['project']}: {row['problem']}")


def _listed(studio: "Studio", record: "ProjectRecord") -> dict[str, Any]:
    from vtx_dagster.cli.standing import seconds_of, word_for

    project = studio.project(record.project) if not record.problem else None
    return {
        "project": record.project,
        "title": project.metadata().title if project is not None else "",
        "state": word_for(record),
        "clips": len(record.clips),
        "film_s": seconds_of(record),
        "film": str(project.film_path) if project is not None and project.film_path.is_file() else "",
        "problem": record.problem,
    }


def _say_none(studio: "Studio") -> None:
    say(f"no projects yet: vtx projects new SLUG --title TITLE{studio_words(studio)}")


def status(slug: OptionalSlugArgument = None, *, studio: StudioOption = None, as_json: JsonOption = False) -> None:
    """Show where projects stand; for one project, every clip with the reason.

    A clip is planned (never rendered), rendered, stale (its plan changed since; says what), rendering (now, by another process),
    failed (says why) or blocked (something that it needs is missing; says what).
    """
    from vtx_dagster.cli.standing import standing_of

    opened = open_studio(studio)
    found = [standing_of(opened, record) for record in chosen_records(opened, slug, with_story=True)]
    if as_json:
        print_json({"studio": str(opened.root), "projects": [one.to_json() for one in found]})
    elif slug is None:
        _print_all(opened, found)
    else:
        _print_one(found[0])


def _print_all(studio: "Studio", found: list["Standing"]) -> None:
    if not found:
        _say_none(studio)
        return
    print_table(
        ("project", "#clips", "states", "#length", "film"),
        [(one.project, len(one.clips), _counts(one), clock(one.film_s), one.problem or one.film) for one in found],
    )


def _print_one(one: "Standing") -> None:
    from vtx_dagster.cli.plan import missing_spec, set_aside

    if one.clips:
        print_table(
            ("clip", "state", "#seconds", "why"),
            [(clip.clip, clip.state, f"{clip.film_s:.2f}" if clip.film_s else "", clip.reason) for clip in one.clips],
        )
    for stage, reason in one.story:
        say(f"{stage}: {reason or 'current'}")
    for act, state in one.acts:
        say(f"act {act}: {state}")
    for clip in one.unwritten:
        say(missing_spec(one.project, clip))
    for clip in one.aside:
        say(set_aside(clip))
    say(f"{one.project}: {len(one.clips)} clips ({_counts(one) or 'none'}), {clock(one.film_s)}")
    say(f"film: {one.film}")


def _counts(one: "Standing") -> str:
    counts = Counter(str(clip.state) for clip in one.clips)
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))


add_command(
    app,
    new,
    "vtx projects new my_film --screenplay my_film.fountain",
    'vtx projects new short --title "Short" --logline "A keeper hears a voice in the fog."',
)
add_command(app, list_projects, "vtx projects list", "vtx projects list --json", name="list")
add_command(app, status, "vtx projects status", "vtx projects status my_film", "vtx projects status my_film --json")
