"""``vtx plan``: what would be made, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, OptionalSlugArgument, StudioOption, add_command
from vtx_dagster.cli.output import clock, counted, print_json, print_table, say
from vtx_dagster.cli.spending import at_most, forecast_json, usd
from vtx_dagster.cli.studio_folder import chosen_records, engine_for, open_studio

if TYPE_CHECKING:
    from vtx_dagster.cli.gpu_due import GpuDue
    from vtx_dagster.core.planner import Forecast, ProjectRecord, Stage, Step
    from vtx_dagster.production.story_preview import Effect
    from vtx_dagster.studio.project import Studio

MAX_NAMED = 6
"""Clips that the line about what follows names."""

MAX_CHANGES = 50
"""Clips of which is told what changed: each costs the reading of a sidecar and a clip spec."""


def plan(
    slug: OptionalSlugArgument = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if anything is due.")] = False,
    studio: StudioOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `vtx make` would do, in order, and why. Makes nothing, sends nothing. Exits with 1 if a project cannot be read.

    Of a story that a language model writes it says what that could cost at most; a guess (~) where it is not known yet how many
    questions there will be. Of clips that are rendered on a GPU it says what time they will take there, by what earlier renders
    of the studio took.
    """
    from vtx_dagster.cli.gpu_due import gpu_due
    from vtx_dagster.cli.standing import unwritten_clips
    from vtx_dagster.core.planner import plan_studio
    from vtx_dagster.production.story_files import StoryFiles

    opened = open_studio(studio)
    found = chosen_records(opened, slug, with_story=True)
    steps = list(plan_studio(found))
    changed = _changed(opened, found)
    gpu = gpu_due(opened, steps)
    problems = {**gpu.problems, **{record.project: record.problem for record in found if record.problem}}
    # Those of others only make the forecast poorer.
    own_problems = problems.keys() & {record.project for record in found}
    effects = _effects(opened, found)
    follow = {record.project: record.story_to_follow() for record in found if any(not one.is_current for one in record.story)}
    passed_over = {
        record.project: files
        for record in found
        if not record.problem and (files := StoryFiles(opened.project(record.project)).passed_over)
    }
    unwritten = {
        record.project: clips
        for record in found
        if not record.problem and (clips := unwritten_clips(opened.project(record.project), record))
    }
    if as_json:
        parts = {(record.project, one.stage): one.due for record in found for one in record.story}
        told = [{"changed": changed.get((step.project, step.id), ""), "gpu": gpu.step_json(step)} for step in steps]
        facts = [{**_facts(step, parts), **more} for step, more in zip(steps, told, strict=True)]
        totals = {"forecast": forecast_json(_together(found)), "gpu": gpu.to_json()}
        more = {
            "effects": {project: asdict(effect) for project, effect in effects.items()},
            "aside": _aside(found),
            "unwritten": unwritten,
            "passed_over": passed_over,
            "problems": problems,
            "older": {record.project: older for record in found if (older := _older(record))},
        }
        print_json({"steps": facts, **totals, "then": follow, **more})
    else:
        for project, problem in problems.items():
            say(f"{project}: {problem}")
        _print(steps, changed, gpu, is_one=slug is not None)
        if (total := _together(found)).num_calls:
            say(at_most(total))
        for line in gpu.lines():
            say(line)
        for record in found:
            for version, count in _older(record).items():
                made = f"{counted(count, 'clip')} {'was' if count == 1 else 'were'} made by {version}"
                say(f"{_named(record.project, slug)}{made}, another version than today's: vtx make {record.project} --renew")
        for project, stages in follow.items():
            effect = effects.get(project)
            told = f"{_followers(stages)} (known once these are written)" if effect is None else _told(effect)
            say(f"{_named(project, slug)}then: {told}")
        for project, clips in unwritten.items():
            for clip in clips:
                say(f"{_named(project, slug)}{missing_spec(project, clip)}")
        for project, clips in _aside(found).items():
            for clip in clips:
                say(f"{_named(project, slug)}{set_aside(clip)}")
        for project, files in passed_over.items():
            for file in files:
                say(f"{_named(project, slug)}{file}")
        if not (steps or problems or passed_over):
            say("everything is current")
    if own_problems or (check and steps):
        raise typer.Exit(1)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, plan, "vtx plan", "vtx plan my_film", "vtx plan --check    in CI: fails unless everything is current")


def missing_spec(project: str, clip: str) -> str:
    """Return the remark about a shot without a clip spec."""
    return f"{clip} is in the shotlist but has no clip spec (vtx story clips {project} brings it back)"


def set_aside(clip: str) -> str:
    """Return the remark about a clip that is no shot any more."""
    return f"{clip} is set aside: it is no shot any more, and was edited by hand (it is back in the film when its shot is)"


def _older(record: "ProjectRecord") -> dict[str, int]:
    """Return how many takes stand that another version of an engine made, by version."""
    return dict(Counter(clip.older for clip in record.clips if clip.older and clip.has_take))


def _aside(found: Iterable["ProjectRecord"]) -> dict[str, tuple[str, ...]]:
    return {record.project: record.aside for record in found if record.aside}


def _effects(studio: "Studio", found: Iterable["ProjectRecord"]) -> dict[str, "Effect"]:
    """Return what the stories that are due will do to the clips, by project, where that is known beforehand."""
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.story_preview import foresee

    effects = {}
    for record in found:
        if any(not story.is_current for story in record.story):
            project = studio.project(record.project)
            effect = foresee(project, record, story_writer(project), engine_for=engine_for)
            if effect is not None:
                effects[record.project] = effect
    return effects


def _told(effect: "Effect") -> str:
    """Return an effect in a line."""
    if effect.problem:
        return f"cannot be written: {effect.problem}"
    clips = [f"{clip} {why}" for clip, why in effect.render]
    parts = [f"{counted(len(clips), 'clip')} to render{_listed(clips)}" if clips else "no clip to render"]
    parts += [f"{len(effect.gone)} gone{_listed(effect.gone)}"] if effect.gone else []
    parts += [f"{len(effect.aside)} set aside{_listed(effect.aside)}"] if effect.aside else []
    return ", ".join(parts)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f" ({', '.join(names[:MAX_NAMED])}{more})"


def _changed(studio: "Studio", found: list["ProjectRecord"]) -> dict[tuple[str, str], str]:
    """Return what changed of the first stale clips, in short, by project and clip."""
    from vtx_dagster.cli.changes import in_short
    from vtx_dagster.cli.standing import ShownTakes

    stale = ((record.project, clip.clip) for record in found for clip in record.clips if clip.has_other_plan)
    takes: dict[str, ShownTakes] = {}
    told = {}
    for project, clip in islice(stale, MAX_CHANGES):
        shown = takes.setdefault(project, ShownTakes(studio.project(project)))
        told[project, clip] = in_short(shown.changes(clip))
    return told


def _facts(step: "Step", parts: Mapping[tuple[str, "Stage"], Sequence[tuple[str, str]]]) -> dict[str, Any]:
    due = parts.get((step.project, step.stage), ())
    return {
        "project": step.project,
        "stage": step.stage,
        "id": step.id,
        "work": step.work,
        "reason": step.reason,
        "waits_for": step.waits_for,
        "hash": step.work_hash,
        "frames": step.num_frames,
        "film_s": float(step.film_s),
        "parts": [{"part": part, "reason": reason} for part, reason in due],
        "forecast": forecast_json(step.forecast),
    }


def _print(steps: list["Step"], changed: Mapping[tuple[str, str], str], gpu: "GpuDue", *, is_one: bool) -> None:
    if not steps:
        return
    asks = any(step.forecast.num_calls for step in steps)
    asking = ("#questions", "#tokens", "#at most") if asks else ()
    on_gpu = ("#GPU time",) if gpu.each else ()
    columns = ("project", "do", "what", "why", *asking, *on_gpu, "#film")
    rows = [
        (
            *(step.project, step.work, _what(step), _why(step, changed)),
            *(_asks(step) if asks else ()),
            *((gpu.cell(step),) if on_gpu else ()),
            clock(step.film_s) if step.num_frames else "",
        )
        for step in steps
    ]
    first = 1 if is_one else 0
    print_table(columns[first:], [row[first:] for row in rows])
    say(_totals(steps))


def _asks(step: "Step") -> tuple[str, str, str]:
    """Return the cells about a language model: questions, tokens in and out, price; a guess has a mark."""
    forecast = step.forecast
    if not forecast.num_calls:
        return "", "", ""
    mark = "~" if forecast.is_guess else ""
    tokens = forecast.input_tokens + forecast.output_tokens
    return f"{mark}{forecast.num_calls}", f"{mark}{tokens:,}", "unknown" if forecast.usd is None else f"{mark}{usd(forecast.usd)}"


def _together(found: Iterable["ProjectRecord"]) -> "Forecast":
    """Return what all stories would cost at most, with what may follow from what is due."""
    from vtx_dagster.core.planner import Forecast

    return sum((story.forecast for record in found for story in record.story), start=Forecast())


def _what(step: "Step") -> str:
    from vtx_dagster.core.planner import Stage

    return {Stage.RENDERED_CLIP: step.id, Stage.ACT: f"act {step.id}"}.get(step.stage, str(step.stage))


def _why(step: "Step", changed: Mapping[tuple[str, str], str]) -> str:
    if step.waits_for:
        return f"waits: {step.waits_for}"
    known = changed.get((step.project, step.id))
    return f"changed: {known}" if known else step.reason


def _totals(steps: list["Step"]) -> str:
    from vtx_dagster.core.planner import Work

    ready = [step for step in steps if not step.waits_for]
    writes = [step for step in ready if step.work == Work.WRITE]
    renders = [step for step in ready if step.work == Work.RENDER]
    seconds = sum((step.film_s for step in renders), start=0)
    waiting = len(steps) - len(ready)
    parts = [f"{counted(len(writes), 'story stage')} to write"] if writes else []
    if renders or not writes:
        parts.append(f"{counted(len(renders), 'clip')} to render, {clock(seconds)} of film")
    text = f"{counted(len(ready), 'step')} due: {', '.join(parts)}"
    return f"{text}; {waiting} waiting" if waiting else text


def _followers(stages: tuple[str, ...]) -> str:
    return f"{', '.join(stages)} and the clips that change" if stages else "the clips that change"


def _named(project: str, slug: str | None) -> str:
    return f"{project} " if slug is None else ""
