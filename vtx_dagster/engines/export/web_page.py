"""Screenplay and shotlist as one HTML file each, with style and pictures in it. Light, dark, and on paper."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vtx_dagster.engines.export.script import Script, side_by_side
from vtx_dagster.engines.export.shot_table import ShotRow
from vtx_dagster.engines.screenplay.emphasis import runs

_TEMPLATES = Path(__file__).parent / "templates"


def screenplay_page(script: Script) -> str:
    """Return a screenplay as HTML."""
    return _environment().get_template("screenplay.html.j2").render(script=script)


def shots_page(title: str, rows: Sequence[ShotRow], *, pictures: Mapping[str, bytes] | None = None) -> str:
    """Return a shotlist as HTML: a table per scene, with its length.

    Args:
        title: Of the film.
        rows: The shots, in story order.
        pictures: A WebP by shot id; shots without one are shown without, and without any there is no column for them.
    """
    scenes = [(scene, tuple(group)) for scene, group in groupby(rows, key=lambda row: row.scene)]
    shown = {shot: f"data:image/webp;base64,{b64encode(data).decode('ascii')}" for shot, data in (pictures or {}).items()}
    return _environment().get_template("shots.html.j2").render(title=title, scenes=scenes, pictures=shown)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["runs"] = runs
    environment.filters["side_by_side"] = side_by_side
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["clock"] = _clock
    return environment


def _clock(seconds: float) -> str:
    """Return a length as ``1:08``, or ``1:02:03`` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
