"""``vtx story``: run one stage of a story, and look at what is sent, chosen and paid for it."""

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from vtx_dagster.cli import capsules, costs, export, prompt, treatments
from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.parts import ActOption, SceneOption, part_of
from vtx_dagster.cli.stages import print_stage, run_stage
from vtx_dagster.cli.studio_folder import open_studio

app = typer.Typer(
    no_args_is_help=True,
    help="Run one stage of a story, or look at what is sent, chosen and paid. `vtx make` runs all stages that are due.\n\n"
    "A file that a person wrote or edited is kept as it is, unless --overwrite is given. What a language model answered is kept,"
    " too, and not asked again, unless --again is given.",
)

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "act": (ActOption, None),
    "scene": (SceneOption, None),
    "variants": (
        Annotated[
            int | None,
            typer.Option(min=1, max=9, help="How many there are to choose from, from now on.", show_default=False),
        ],
        None,
    ),
    "apply": (
        Annotated[bool, typer.Option("--apply", help="Add what the bible lacks, where VTX_STORY_BIBLE=propose kept it back.")],
        False,
    ),
    "overwrite": (
        Annotated[bool, typer.Option("--overwrite", help="Replace files that a person wrote or edited, too.")],
        False,
    ),
    "again": (
        Annotated[bool, typer.Option("--again", help="Ask a language model anew, and pay again; earlier answers are set aside.")],
        False,
    ),
}
"""What the stages have among their options: type and default."""


def _add_stage(name: str, says: str, *options: str, examples: tuple[str, ...]) -> None:
    """Add the command of a stage: they differ in their options, and in what they say."""

    def run(*, slug: str, studio: Path | None, verbose: bool, as_json: bool, **chosen: Any) -> None:
        _run(name, slug, chosen, studio=studio, verbose=verbose, as_json=as_json)

    run.__doc__ = says
    found = {
        "slug": (SlugArgument, inspect.Parameter.empty),
        **{option: _OPTIONS[option] for option in options},
        "studio": (StudioOption, None),
        "verbose": (VerboseOption, False),
        "as_json": (JsonOption, False),
    }
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # this is where typer looks for options
        [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
            for key, (kind, default) in found.items()
        ]
    )
    add_command(app, run, *examples, name=name)


def _run(name: str, slug: str, chosen: dict[str, Any], *, studio: Path | None, verbose: bool, as_json: bool) -> None:
    part = part_of(chosen.pop("act", None), chosen.pop("scene", None))
    from vtx_dagster.assets.story import StoryConfig
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.story import StoryDesk

    opened = open_studio(studio)
    wants_apply = chosen.pop("apply", False)
    config = StoryConfig(part=part, clips_only=name == "clips", variants=chosen.pop("variants", None) or 0, **chosen)
    facts = run_stage(opened, slug, name, config, verbose=verbose, is_quiet=as_json)
    added: tuple[str, ...] = ()
    project = opened.project(slug)
    if wants_apply and project.bible_proposal_path.is_file():
        added = StoryDesk(project, story_writer(project)).apply_bible_proposal()
    print_stage(slug, name, facts, more_notes=added, as_json=as_json)


_add_stage(
    "outline",
    "Write acts, scenes and beats: story/01_outline.yaml, from the brief and the screenplays in story/source.",
    "act",
    "overwrite",
    "again",
    examples=("vtx story outline my_film", "vtx story outline my_film --act A02 --again"),
)
_add_stage(
    "treatment",
    "Write the story in prose: story/02_treatment.md, from the outline. A language model writes several to choose from.",
    "variants",
    "overwrite",
    "again",
    examples=("vtx story treatment my_film", "vtx story treatment my_film --variants 5"),
)
treatments.add_commands(app)
_add_stage(
    "bible",
    """Propose what the story needs and the bible lacks: story/02_bible_proposal.yaml, from outline and treatment.

    Shows it as a difference from the files in prompts/. What is new is added to them; what is there is never changed.
    """,
    "apply",
    "overwrite",
    "again",
    examples=("vtx story bible my_film", "vtx story bible my_film --apply"),
)
_add_stage(
    "screenplay",
    "Write one Fountain file per scene: story/03_screenplay/, from outline and treatment.",
    "act",
    "scene",
    "overwrite",
    "again",
    examples=("vtx story screenplay my_film", "vtx story screenplay my_film --scene A01_S02 --overwrite"),
)
_add_stage(
    "shotlist",
    "Write every shot: story/04_shotlist.yaml, and one clip spec per shot in prompts/clips/, from the scenes.",
    "act",
    "scene",
    "overwrite",
    "again",
    examples=("vtx story shotlist my_film", "vtx story shotlist my_film --act A01 --scene S02"),
)
_add_stage(
    "clips",
    "Write one clip spec per shot: prompts/clips/, from the shotlist as it stands in its file.",
    "act",
    "scene",
    "overwrite",
    examples=("vtx story clips my_film", "vtx story clips my_film --scene A01_S02 --overwrite"),
)
prompt.add_commands(app)
capsules.add_commands(app)
costs.add_commands(app)
export.add_commands(app)
