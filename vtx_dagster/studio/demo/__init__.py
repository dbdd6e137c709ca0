"""The demo project: a short film that is made without network, GPU or keys. Its files are package data beside this module."""

from pathlib import Path

from vtx_dagster.studio.project import Project, Studio

DEMO_SLUG = "the_last_ferry"
"""Name of the demo project."""

_TITLE = "The Last Ferry"


def demo_files() -> dict[str, str]:
    """Return the texts of the demo project by their paths in it."""
    root = Path(__file__).parent
    paths = sorted(path for path in root.rglob("*") if path.suffix in {".md", ".yaml", ".fountain"})
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def add_demo(studio: Studio) -> Project:
    """Return the demo project of a studio; it is made if it is not there, and else left as it is.

    Raises:
        StorageError: If the disk refuses.
    """
    if DEMO_SLUG in studio.slugs():
        return studio.project(DEMO_SLUG)
    return studio.create_project(DEMO_SLUG, title=_TITLE, files=demo_files())
