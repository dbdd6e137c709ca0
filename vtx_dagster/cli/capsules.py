"""``vtx story capsules``: the ways of writing and the looks that projects can choose."""

from typing import TYPE_CHECKING, Any

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import print_json, print_table
from vtx_dagster.cli.studio_folder import open_studio

if TYPE_CHECKING:
    from vtx_dagster.studio.library import ListedCapsule


def capsules(
    slug: OptionalSlugArgument = None,
    *,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the style capsules: the studio's own in library/, and the presets; with a project, which of them it chose.

    A project chooses them in metadata.yaml, under story: writing and visual.
    """
    from vtx_dagster.studio.library import list_capsules, load_capsules

    opened = open_studio(studio)
    chosen: tuple[str, ...] = ()
    if slug is not None:
        chosen = load_capsules(opened, opened.project(slug).metadata()).names()
    found = [_facts(one, chosen) for one in list_capsules(opened)]
    if as_json:
        print_json({"project": slug, "chosen": list(chosen), "capsules": found})
        return
    first = ("chosen",) if slug is not None else ()
    rows = [[*(("yes" if one["chosen"] else "",) if first else ()), *_row(one)] for one in found]
    print_table((*first, "kind", "key", "title", "from", "first words"), rows)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, capsules, "vtx story capsules", "vtx story capsules my_film")


def _facts(one: "ListedCapsule", chosen: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "key": one.key,
        "title": one.capsule.title,
        "source": one.source,
        "chosen": f"{one.kind}/{one.key}" in chosen,
        "descriptors": list(one.capsule.descriptors),
        "references": list(getattr(one.capsule, "references", ())),
    }


def _row(one: dict[str, Any]) -> list[str]:
    return [one["kind"], one["key"], one["title"], one["source"], one["descriptors"][0] if one["descriptors"] else ""]
