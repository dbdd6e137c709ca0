"""Running one stage of a story from the command line, and saying what it did and cost."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.output import counted, note, print_json, say
from vtx_dagster.cli.spending import asked, asked_json

if TYPE_CHECKING:
    from vtx_dagster.assets.story import StoryConfig
    from vtx_dagster.studio.project import Studio

STAGES = {
    "outline": "outline",
    "treatment": "treatment",
    "bible": "bible_proposal",
    "screenplay": "screenplay",
    "shotlist": "shotlist",
    "clips": "shotlist",
}
"""The stage behind each command of ``vtx story``."""


def run_stage(studio: "Studio", slug: str, name: str, config: "StoryConfig", *, verbose: bool, is_quiet: bool) -> dict[str, Any]:
    """Run the stage behind a command, and return what was reported of it, by metadata key.

    Raises:
        VtxError: If it failed.
    """
    from vtx_dagster.cli.runs import open_registry
    from vtx_dagster.core.planner import Stage

    project = studio.project(slug)
    before = project.clip_ids() if config.clips_only else ()
    with open_registry(studio, is_verbose=verbose) as registry:
        facts = registry.write(Stage(STAGES[name]), slug, config, is_quiet=is_quiet)
    if not config.clips_only:
        return facts
    removed = len(set(before).difference(project.clip_ids()))
    return facts | {"vtx/written": facts["vtx/written"] - removed, "vtx/removed": removed, "vtx/file": str(project.clips_dir)}


def print_stage(slug: str, name: str, facts: dict[str, Any], *, more_notes: Iterable[str] = (), as_json: bool) -> None:
    """Print what a stage did: files, what a proposal would change, what it cost; and notes, on stderr.

    Args:
        slug: The project.
        name: The command.
        facts: What was reported of the stage.
        more_notes: What was done besides.
        as_json: Print all of it as JSON.
    """
    notes = [line.removeprefix("- ") for line in str(facts.get("vtx/notes", "")).splitlines()] + list(more_notes)
    if as_json:
        print_json({"project": slug, "stage": name, **_as_json(facts), "notes": notes})
        return
    removed = f", removed {facts['vtx/removed']}" if facts.get("vtx/removed") else ""
    kept = f", kept {facts['vtx/kept']} that you wrote" if facts["vtx/kept"] else ""
    say(f"{slug} {name}: wrote {counted(facts['vtx/written'], 'file')}{removed}{kept}")
    say(facts["vtx/file"])
    if name == "bible":
        say(_unfenced(facts.get("vtx/diff", "")) or "the bible has all that it proposes")
    if cost := asked(facts):
        say(cost)
    for line in notes:
        note(f"- {line}")


def _as_json(facts: dict[str, Any]) -> dict[str, Any]:
    told = {name.removeprefix("vtx/"): value for name, value in facts.items() if name not in ("vtx/text", "vtx/notes")}
    return {**told, "diff": _unfenced(facts.get("vtx/diff", "")), **asked_json(facts)}


def _unfenced(block: str) -> str:
    """Return what is inside of a Markdown code block."""
    return "\n".join(block.splitlines()[1:-1]).rstrip()
