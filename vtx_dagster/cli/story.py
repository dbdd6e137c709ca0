"""``vtx story``: run one stage of a story."""

from typing import Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import counted, note, print_json, say
from vtx_dagster.cli.studio_folder import open_studio
from vtx_dagster.core.errors import InvalidRequestError

app = typer.Typer(
    no_args_is_help=True,
    help="Run one stage of a story: outline, treatment, screenplay, shotlist, clips. `vtx make` runs those that are due.\n\n"
    "A file that a person wrote or edited is kept as it is, unless --overwrite is given.",
)

ActOption = Annotated[str | None, typer.Option("--act", metavar="A01", help="Only this act.", show_default=False)]
SceneOption = Annotated[
    str | None,
    typer.Option("--scene", metavar="A01_S01", help="Only this scene; S01 is enough with --act A01.", show_default=False),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace files that a person wrote or edited, too.")]


def outline(
    slug: SlugArgument,
    *,
    overwrite: OverwriteOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write acts, scenes and beats: story/01_outline.yaml, from the brief and the screenplays in story/source."""
    _run("outline", slug, overwrite=overwrite, studio=studio, verbose=verbose, as_json=as_json)


def treatment(
    slug: SlugArgument,
    *,
    overwrite: OverwriteOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write the story in prose: story/02_treatment.md, from the outline."""
    _run("treatment", slug, overwrite=overwrite, studio=studio, verbose=verbose, as_json=as_json)


def screenplay(
    slug: SlugArgument,
    *,
    act: ActOption = None,
    scene: SceneOption = None,
    overwrite: OverwriteOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one Fountain file per scene: story/03_screenplay/, from outline and treatment."""
    part = part_of(act, scene)
    _run("screenplay", slug, part=part, overwrite=overwrite, studio=studio, verbose=verbose, as_json=as_json)


def shotlist(
    slug: SlugArgument,
    *,
    act: ActOption = None,
    scene: SceneOption = None,
    overwrite: OverwriteOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write every shot: story/04_shotlist.yaml, and one clip spec per shot in prompts/clips/, from the scenes."""
    part = part_of(act, scene)
    _run("shotlist", slug, part=part, overwrite=overwrite, studio=studio, verbose=verbose, as_json=as_json)


def clips(
    slug: SlugArgument,
    *,
    act: ActOption = None,
    scene: SceneOption = None,
    overwrite: OverwriteOption = False,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one clip spec per shot: prompts/clips/, from the shotlist as it stands in its file."""
    part = part_of(act, scene)
    _run("clips", slug, part=part, overwrite=overwrite, studio=studio, verbose=verbose, as_json=as_json)


def part_of(act: str | None, scene: str | None) -> str:
    """Return the act or scene id that two options name together; empty for neither.

    Raises:
        typer.BadParameter: If they name none, or contradict each other.
    """
    from vtx_dagster.core.ids import FilmId

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
    if len(found.numbers) != wanted or (act is not None and str(found.act) != act):
        raise typer.BadParameter(f"{text!r} is not a scene of act {act}" if act else f"{text!r} is not a scene: write A01_S01")
    return text


def _run(name: str, slug: str, *, part: str = "", overwrite: bool, studio: Any, verbose: bool, as_json: bool) -> None:
    from vtx_dagster.cli.runs import open_registry
    from vtx_dagster.core.planner import Stage

    opened = open_studio(studio)
    project = opened.project(slug)
    before = project.clip_ids() if name == "clips" else ()
    stage = Stage.SHOTLIST if name == "clips" else Stage(name)
    with open_registry(opened, is_verbose=verbose) as registry:
        facts = registry.write(stage, slug, part=part, overwrite=overwrite, clips_only=name == "clips")
    if name == "clips":
        removed = len(set(before).difference(project.clip_ids()))
        facts |= {"vtx/written": facts["vtx/written"] - removed, "vtx/removed": removed, "vtx/file": str(project.clips_dir)}
    if as_json:
        print_json({"project": slug, "stage": name, **_without_prefix(facts)})
    else:
        _print(slug, name, facts)


def _print(slug: str, name: str, facts: dict[str, Any]) -> None:
    removed = f", removed {facts['vtx/removed']}" if facts.get("vtx/removed") else ""
    kept = f", kept {facts['vtx/kept']} that you wrote" if facts["vtx/kept"] else ""
    say(f"{slug} {name}: wrote {counted(facts['vtx/written'], 'file')}{removed}{kept}")
    say(facts["vtx/file"])
    for line in str(facts.get("vtx/notes", "")).splitlines():
        note(line)


def _without_prefix(facts: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("vtx/"): value for name, value in facts.items() if name != "vtx/text"}


add_command(app, outline, "vtx story outline my_film")
add_command(app, treatment, "vtx story treatment my_film")
add_command(app, screenplay, "vtx story screenplay my_film", "vtx story screenplay my_film --scene A01_S02 --overwrite")
add_command(app, shotlist, "vtx story shotlist my_film", "vtx story shotlist my_film --act A01 --scene S02")
add_command(app, clips, "vtx story clips my_film", "vtx story clips my_film --scene A01_S02 --overwrite")
