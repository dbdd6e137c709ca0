"""``vtx story prompt``: what would be sent to a language model, to the letter."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import note, print_json, say
from vtx_dagster.cli.parts import ActOption, SceneOption, part_of
from vtx_dagster.cli.stages import STAGES
from vtx_dagster.cli.studio_folder import open_studio
from vtx_dagster.core.suggestions import did_you_mean

if TYPE_CHECKING:
    from vtx_dagster.core.story import PromptText

_ASKING = tuple(name for name in STAGES if name != "clips")


def prompt(
    slug: SlugArgument,
    stage: Annotated[str, typer.Argument(metavar="STAGE", help=f"{', '.join(_ASKING)}.")],
    *,
    act: ActOption = None,
    scene: SceneOption = None,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show exactly what would be sent to the language model for a stage, or for an act or a scene of it. Sends nothing.

    Shown is the first question of each part: what follows from an answer is not known before. With --json the whole request
    is there, the schema of the answer included.
    """
    part = part_of(act, scene)
    if stage not in _ASKING:
        raise typer.BadParameter(f"{stage!r} is not a stage{did_you_mean(stage, _ASKING)}", param_hint="STAGE")
    from vtx_dagster.core.ids import FilmId
    from vtx_dagster.core.planner import Stage
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.story import StoryDesk
    from vtx_dagster.production.story_parts import StoryParts

    project = open_studio(studio).project(slug)
    writer, wanted = story_writer(project), Stage(STAGES[stage])
    StoryParts(project, writer).require_sources(wanted)
    found = StoryDesk(project, writer).prompts(wanted, only=FilmId.parse(part) if part else None)
    if as_json:
        print_json({"project": slug, "stage": stage, "prompts": [_facts(one) for one in found]})
        return
    if not found:
        say(f"{slug} {stage}: nothing would be sent, because no language model writes it ({writer.identity.name})")
    for one in found:
        _print(f"{slug} {stage} {one.part}".rstrip(), one)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, prompt, "vtx story prompt my_film outline", "vtx story prompt my_film screenplay --scene A01_S02 --json")


def _facts(one: "PromptText") -> dict[str, Any]:
    return one.model_dump(mode="json", include={"part", "template", "input_tokens", "max_output_tokens", "cuts", "request"})


def _print(what: str, one: "PromptText") -> None:
    note(f"{what}: template {one.template}, about {one.input_tokens:,} tokens in, at most {one.max_output_tokens:,} out")
    for cut in one.cuts:
        note(f"left out to fit: {cut}")
    for role, text in one.messages:
        say(f"--- {role} ---\n{text.rstrip()}\n")
