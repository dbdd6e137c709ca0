"""The ``vtx`` command.

Exit codes: 0 when what was asked for is done, 1 when it failed, 2 for wrong usage, 130 when it was interrupted. Nothing heavy is
imported before a command needs it, so that help is there at once.
"""

from typing import Any

import typer
from typer.core import TyperGroup

from vtx_dagster.cli import assemble, make, plan, projects, render, story, studio, workers
from vtx_dagster.cli.options import JSON_KEY, GlobalStudioOption, GlobalVerboseOption, examples_text, flowing
from vtx_dagster.cli.output import note, print_error
from vtx_dagster.core.errors import VtxError

INTERRUPTED = 130


class _Boundary(TyperGroup):
    """Where errors that a user can mend become a message and an exit code. Others pass through: a bug must look like a bug."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except VtxError as error:
            print_error(error, as_json=ctx.meta.get(JSON_KEY, False))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as interrupt:
            note("interrupted: what was finished is kept; `vtx make SLUG` or `vtx render resume` goes on from there")
            raise typer.Exit(INTERRUPTED) from interrupt


app = typer.Typer(
    cls=_Boundary,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples_text(
        "vtx demo my_studio       make a studio, and its demo film",
        'vtx projects new my_film --title "My film" --screenplay my_film.fountain',
        "vtx make my_film         make whatever is not current, up to the film",
        "vtx dev                  the same in the browser",
    ),
)
studio.add_commands(app)
app.add_typer(projects.app, name="projects")
app.add_typer(story.app, name="story")
app.add_typer(render.app, name="render")
app.add_typer(assemble.app, name="assemble")
app.add_typer(workers.app, name="workers")
make.add_commands(app)
plan.add_commands(app)


def vtx(
    *,
    studio: GlobalStudioOption = None,
    verbose: GlobalVerboseOption = False,
) -> None:
    """From a screenplay to a finished film, on one machine.

    A studio is a folder with one folder per film project. Every stage of a film (story, clips, acts, film) is a Dagster asset:
    these commands run them in this process, and the browser (vtx dev) shows and runs the same. Whatever is current already is
    never made again, and every command can be stopped at any moment and started again.
    """


app.callback(help=flowing(str(vtx.__doc__)))(vtx)


def main() -> None:
    """Run the command line; the entry point of ``vtx``."""
    app(prog_name="vtx")
