"""What commands print: results on stdout (tables, lines or JSON), everything else on stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import typer

from vtx_dagster.core.errors import VtxError

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 240
"""Columns of a table that goes into a file or a pipe, where nothing should be wrapped."""


def say(text: str) -> None:
    """Print a result."""
    typer.echo(text)


def note(text: str) -> None:
    """Print something about the work, that is no result."""
    typer.echo(text, err=True)


def print_json(data: Any) -> None:
    """Print data as JSON on stdout."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_error(error: VtxError, *, as_json: bool) -> None:
    """Print an error: ``error: <message>`` on stderr, or as ``{"error": ...}`` on stdout."""
    if as_json:
        print_json({"error": error.to_json()})
    else:
        note(f"error: {error.message}")
        if "log" in error.details:
            note(f"log: {error.details['log']}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Print rows under column names; columns whose name starts with ``#`` hold numbers and are set flush right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console(sys.stdout).print(table)


def console(stream: Any) -> "Console":
    """Return a console for a stream: as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console

    is_terminal = stream.isatty()
    return Console(file=stream, width=None if is_terminal else PIPE_WIDTH, highlight=False)


def clock(seconds: Fraction | float) -> str:
    """Return a length of time for people: ``8.4 s``, ``1:08`` or ``1:02:03``."""
    if seconds < 60:
        return f"{float(seconds):.1f} s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, whole = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 clip``, ``2 clips``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
