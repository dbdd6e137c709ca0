"""Options and arguments that several commands share."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

JSON_KEY = "vtx.json"
"""Where the context says that output is JSON, so that errors are, too."""


def _studio_or_global(context: typer.Context, value: Path | None) -> Path | None:
    return value if value is not None else context.find_root().params.get("studio")


def _verbose_or_global(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer's callback signature
    return value or bool(context.find_root().params.get("verbose"))


def _remembered_json(context: typer.Context, value: bool) -> bool:  # noqa: FBT001 - typer's callback signature
    context.meta[JSON_KEY] = value
    return value


_STUDIO_HELP = "The studio folder. Else VTX_HOME, else the current folder or the nearest one above it that is a studio."
_VERBOSE_HELP = "Show Dagster's log, too."

GlobalStudioOption = Annotated[Path | None, typer.Option("--studio", metavar="PATH", help=_STUDIO_HELP, show_default=False)]
GlobalVerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help=_VERBOSE_HELP)]

StudioOption = Annotated[
    Path | None,
    typer.Option("--studio", metavar="PATH", help=_STUDIO_HELP, show_default=False, callback=_studio_or_global),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help=_VERBOSE_HELP, callback=_verbose_or_global)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.", callback=_remembered_json)]
SlugArgument = Annotated[str, typer.Argument(metavar="SLUG", help="The project: its folder name in projects/.")]
OptionalSlugArgument = Annotated[
    str | None, typer.Argument(metavar="[SLUG]", help="One project; all when left out.", show_default=False)
]


def add_command(app: typer.Typer, command: Callable[..., None], *examples: str, name: str | None = None) -> None:
    """Add a command to an app, with its docstring as help and examples, a line each, at its end."""
    app.command(name, help=flowing(str(command.__doc__)), epilog=examples_text(*examples) if examples else None)(command)


def flowing(docstring: str) -> str:
    """Return a docstring whose paragraphs have no line breaks, so that they fill any width."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


def examples_text(*lines: str) -> str:
    """Return example lines as the end of a help text."""
    return "\n".join(("[bold]Examples[/bold]", *(f"  {line}" for line in lines)))
