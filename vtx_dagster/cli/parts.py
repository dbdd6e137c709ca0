"""Naming an act or a scene of a story with ``--act`` and ``--scene``."""

from typing import Annotated

import typer

from vtx_dagster.core.errors import InvalidRequestError

ActOption = Annotated[str | None, typer.Option("--act", metavar="A01", help="Only this act.", show_default=False)]
SceneOption = Annotated[
    str | None,
    typer.Option("--scene", metavar="A01_S01", help="Only this scene; S01 is enough with --act A01.", show_default=False),
]


def part_of(act: str | None, scene: str | None) -> str:
    """Return the act or scene id that two options name together; empty for neither.

    Raises:
        typer.BadParameter: If they name none, or contradict each other.
    """
    from vtx_dagster.core.ids import FilmId, number_in

    if scene is not None and "_" not in scene:
        if act is None:
            raise typer.BadParameter(f"say the act of {scene}, too: --act A01, or --scene A01_{scene}", param_hint="--scene")
        scene = f"{act}_{scene}"
    text = scene or act or ""
    if not text:
        return ""
    try:
        found = FilmId.parse(text)
    except InvalidRequestError as error:
        raise typer.BadParameter(error.message, param_hint="--scene" if scene else "--act") from error
    wanted = 2 if scene else 1
    if len(found.numbers) != wanted:
        raise typer.BadParameter(f"{text!r} is not a scene: write A01_S01" if scene else f"{text!r} is not an act: write A01")
    if scene and act and number_in(scene, act) is None:
        raise typer.BadParameter(f"a scene may stand in another act than its name says: give --scene {scene} alone")
    return text
