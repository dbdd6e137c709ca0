"""From what is due to a finished film: the loop behind ``vtx make``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from vtx_dagster.cli.runs import Registry, clips_blocked, clips_due, clips_of_another_version
from vtx_dagster.cli.spending import asked, asked_json, at_most
from vtx_dagster.cli.studio_folder import record_of
from vtx_dagster.cli.watching import Outcomes
from vtx_dagster.core.errors import IncompleteLineupError, NotFoundError, VtxError
from vtx_dagster.core.planner import ProjectRecord, Stage, plan_project
from vtx_dagster.core.screenplay_formats import spelled_suffixes
from vtx_dagster.partitions.batches import links, passable_keys
from vtx_dagster.production.story_files import StoryFiles


@dataclass(slots=True, kw_only=True)
class Made:
    """What was made of a project.

    Attributes:
        stages: Story stages that were written.
        asked: What a language model was asked for them, and what it cost, by stage.
        acts: Acts that were assembled.
        blocked: Why clips could not be planned, by key.
        film_facts: What was reported of the film, if it was assembled.
        film_s: Length of the film, in seconds.
    """

    project: str
    stages: list[str] = field(default_factory=list)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=Outcomes)
    blocked: dict[str, str] = field(default_factory=dict)
    acts: list[str] = field(default_factory=list)
    film_facts: dict[str, Any] = field(default_factory=dict)
    film_s: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the film is there and current."""
        return not (self.outcomes.failed or self.blocked)

    @property
    def was_current(self) -> bool:
        """Whether there was nothing to do."""
        return self.is_complete and not (self.stages or self.outcomes.by_key or self.acts or self.film_facts)


def make_project(
    registry: Registry, slug: str, *, tell: Callable[[str], None], is_quiet: bool = False, renew: bool = False
) -> Made:
    """Make whatever of a project is not current.

    Args:
        registry: The studio's registry.
        slug: The project.
        tell: Called with a line before each stage.
        is_quiet: Show no progress.
        renew: Render again what another version of an engine made, too.

    Raises:
        BudgetError: If the story that is due could cost more than is left of the project's budget; nothing was sent.
        VtxError: If the project cannot be read, a story stage or an assembly failed, or there is nothing to make a film of.
    """
    made = Made(project=slug)
    record = _write_story(registry, made, tell, is_quiet=is_quiet)
    if Stage.OUTLINE not in made.stages:
        for remark in StoryFiles(registry.studio.project(slug)).passed_over:
            tell(f"{slug}: {remark}")
    registry.register()
    if not record.clips:
        raise _nothing_to_make(registry, slug)
    older = clips_of_another_version(record) if renew else []
    if next(plan_project(record), None) is None and not older:
        made.film_s = float(record.cut_lineup().duration_s)
        return made
    made.blocked = clips_blocked(record)
    after = dict(links(record))
    made.outcomes = registry.render(clips_due(record), passable=passable_keys(record), after=after, is_quiet=is_quiet)
    if older:
        made.outcomes.by_key |= registry.render(older, after=after, force=True, is_quiet=is_quiet).by_key
    if not made.is_complete:
        return made
    _assemble(registry, made, is_quiet=is_quiet)
    return made


def _write_story(registry: Registry, made: Made, tell: Callable[[str], None], *, is_quiet: bool) -> ProjectRecord:
    """Write what is due of the story, and return what is on disk then; nothing is sent if all of it does not fit the budget."""
    while True:
        record = _survey(registry, made.project)
        due = next((story for story in record.story if not story.is_current), None)
        if due is None:
            return record
        if due.stage in made.stages:
            raise VtxError(f"{made.project}: {due.stage} is due again right after it was written: {due.reason}", stage=due.stage)
        if not made.stages:
            forecast = registry.check_budget(made.project)
            if forecast.num_calls:
                tell(f"{made.project}: {at_most(forecast)}")
        tell(f"{made.project} {due.stage}: {due.reason}")
        facts = registry.write(due.stage, made.project, is_quiet=is_quiet)
        for line in str(facts.get("vtx/notes", "")).splitlines():
            tell(line)
        if cost := asked(facts):
            made.asked[due.stage] = asked_json(facts)
            tell(f"{made.project} {due.stage}: {cost}")
        made.stages.append(due.stage)


def _assemble(registry: Registry, made: Made, *, is_quiet: bool) -> None:
    record = _survey(registry, made.project)
    lineup = record.cut_lineup()
    if record.unfinished():
        missing: list[JsonValue] = [clip.clip for clip in record.unfinished()]
        raise IncompleteLineupError(
            f"{made.project}: clips changed while they were rendered: {', '.join(map(str, missing[:10]))}; run it again",
            clips=missing,
        )
    for step in (step for step in plan_project(record) if step.stage in {Stage.ACT, Stage.FILM}):
        if step.stage == Stage.ACT:
            registry.assemble(made.project, step.id, is_quiet=is_quiet)
            made.acts.append(step.id)
        else:
            made.film_facts = registry.assemble(made.project, is_quiet=is_quiet)
    made.film_s = float(lineup.duration_s)


def _nothing_to_make(registry: Registry, slug: str) -> NotFoundError:
    project = registry.studio.project(slug)
    return NotFoundError(
        f"{slug} has nothing to make a film of: put a screenplay ({spelled_suffixes()}) into"
        f" {project.source_dir}, or write the story into {project.brief_path}",
        project=slug,
    )


def _survey(registry: Registry, slug: str) -> ProjectRecord:
    return record_of(registry.studio, slug, with_story=True)
