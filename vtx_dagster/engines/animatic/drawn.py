"""What this version of the animatic makes of what a film says: the set that a place means, and how people look."""

from vtx_dagster.core.figures import drawn_figure
from vtx_dagster.core.plan import Drawing, GivenDrawing
from vtx_dagster.core.sets import drawn_set


def drawn(given: GivenDrawing) -> Drawing:
    """Return a drawing in full."""
    kind, interior = drawn_set(given)
    figures = tuple(map(drawn_figure, given.figures))
    return Drawing(**{**dict(given), "set": kind, "interior": interior, "figures": figures})
