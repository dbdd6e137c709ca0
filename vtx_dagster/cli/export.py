"""``vtx story export``: screenplay and shotlist as files for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import counted, note, print_json, say
from vtx_dagster.cli.studio_folder import open_studio
from vtx_dagster.core.export_formats import SCREENPLAY_FORMATS, SHOT_FORMATS, ExportFormat, Paper

if TYPE_CHECKING:
    from vtx_dagster.production.export import Exported


def export(
    slug: SlugArgument,
    *,
    file_format: Annotated[
        ExportFormat,
        typer.Option("--format", help="Of the screenplay: fountain, fdx (Final Draft), pdf or html. Of the shots: csv or html."),
    ],
    shots: Annotated[bool, typer.Option("--shots", help="The shotlist instead of the screenplay.")] = False,
    paper: Annotated[Paper | None, typer.Option(help="Of a PDF; letter when left out.", show_default=False)] = None,
    scene_numbers: Annotated[
        bool, typer.Option("--scene-numbers", help="Number the scenes from 1, unless their author numbered them.")
    ] = False,
    notes: Annotated[bool, typer.Option("--notes", help="With the notes and synopses of a screenplay.")] = False,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="With --shots and html: three frames of every clip that is rendered.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="The file. story/export/SLUG.FORMAT when left out.", show_default=False
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is no export, or an export that was edited.")
    ] = False,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the whole screenplay, or the shotlist, into one file for other programs.

    The screenplay is that of the scene files in story/03_screenplay, with the title page of the one in story/source.
    """
    from vtx_dagster.production.export import export_screenplay, export_shots

    formats, what = (SHOT_FORMATS, "shotlist") if shots else (SCREENPLAY_FORMATS, "screenplay")
    if file_format not in formats:
        hint = "" if shots else ", or add --shots"
        message = f"a {what} cannot be {file_format}: choose one of {', '.join(formats)}{hint}"
        raise typer.BadParameter(message, param_hint="--format")
    if paper is not None and file_format != ExportFormat.PDF:
        raise typer.BadParameter("only a PDF has a paper: add --format pdf", param_hint="--paper")
    if scene_numbers and shots:
        raise typer.BadParameter("only a screenplay has numbers: leave out --shots", param_hint="--scene-numbers")
    if notes and shots:
        raise typer.BadParameter("only a screenplay has notes: leave out --shots", param_hint="--notes")
    if pictures and not (shots and file_format == ExportFormat.HTML):
        raise typer.BadParameter("only a shotlist as HTML has pictures: add --shots --format html", param_hint="--pictures")
    project = open_studio(studio).project(slug)
    if shots:
        done = export_shots(project, file_format, output=output, pictures=pictures, overwrite=overwrite)
    else:
        done = export_screenplay(
            project,
            file_format,
            output=output,
            paper=paper or Paper.LETTER,
            scene_numbers=scene_numbers,
            notes=notes,
            overwrite=overwrite,
        )
    if as_json:
        print_json({"project": slug, "export": what, **_facts(done)})
        return
    pages = f", {counted(done.num_pages, 'page')}" if done.num_pages is not None else ""
    say(f"{slug} {what}: {'wrote' if done.written else 'unchanged'}{pages}")
    say(str(done.path))
    for line in done.notes:
        note(line)


def _facts(done: "Exported") -> dict[str, object]:
    return {
        "format": done.format.value,
        "file": str(done.path),
        "written": done.written,
        "size_bytes": done.size_bytes,
        "pages": done.num_pages,
        "notes": list(done.notes),
    }


def add_commands(app: typer.Typer) -> None:
    """Add ``export`` to the commands of ``vtx story``."""
    add_command(
        app,
        export,
        "vtx story export my_film --format pdf",
        "vtx story export my_film --format fdx --output my_film.fdx",
        "vtx story export my_film --shots --format csv",
    )
