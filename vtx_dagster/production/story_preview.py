"""What an edit of the story will do to the clips, known before anything is written: its stages are run in memory."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.film_order import FilmOrder, StoryOrder
from vtx_dagster.core.planner import ClipRecord, ProjectRecord, Stage
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import WHOLE, Job, Source, StoryWriter
from vtx_dagster.engines.breakdown.cast import missing_bible_entries
from vtx_dagster.engines.screenplay.fountain import parse_scene, parse_screenplay
from vtx_dagster.production.bible_proposal import new_names, with_aliases, with_entries
from vtx_dagster.production.resolve import EngineFor, Resolver
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.production.story_parts import CLIPS, StoryParts
from vtx_dagster.studio.documents import dump_document
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore

_WHOLE_STAGE = Job(due=frozenset({WHOLE}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What writing the story will do to the clips.

    Attributes:
        render: Clips without a take of their plan as it will be, in the order of the film, each with ``new``, ``changed`` or why
            it cannot be planned; not those that are due now as they are.
        gone: Clips whose shots are gone, and that nobody edited.
        aside: Clips whose shots are gone and that a person edited: they are kept, out of the film.
        problem: Why the story cannot be written; all else is empty then.
    """

    render: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    problem: str = ""


def foresee(project: Project, record: ProjectRecord, writer: StoryWriter, *, engine_for: EngineFor) -> Effect | None:
    """Return what writing the stages that are due will do to the clips; None if that is not known without paying for it.

    Nothing is written.

    Args:
        project: The project.
        record: What is on disk of it, with its story.
        writer: Who writes the story.
        engine_for: As for a survey.
    """
    due = [story.stage for story in record.story if not story.is_current]
    if not (due and writer.is_free):
        return None
    try:
        standing = StoryParts(project, writer)
        story = _foreseen_story(standing, writer, first=due[0])
        return _effect(project, record, standing, story, engine_for=engine_for)
    except VtxError as error:
        return Effect(problem=error.message)


def _foreseen_story(standing: StoryParts, writer: StoryWriter, *, first: Stage) -> StoryFiles:
    """Return the story as it will be when all stages from one on were written; what a person wrote stays."""
    story = copy.copy(standing.story)
    _follow_renames(story, first)
    for stage in writer.stages[writer.stages.index(first) :]:
        if stage == Stage.SCREENPLAY:
            _foresee_scenes(standing, story, writer)
        elif stage == Stage.SHOTLIST:
            _foresee_shots(standing, story, writer)
        elif stage == Stage.BIBLE_PROPOSAL or standing.is_by_hand(standing.outputs(stage)):
            continue  # a writer that is free invents nothing
        elif stage == Stage.OUTLINE:
            story.outline = writer.outline(story, _WHOLE_STAGE).value
            story.outline_source = Source(name=story.outline_source.name, text=dump_document(story.outline))
        else:
            (draft,) = writer.treatments(story, _WHOLE_STAGE)
            story.treatment = draft.value
            story.treatment_source = Source(name=story.treatment_source.name, text=draft.value)
    return story


def _follow_renames(story: StoryFiles, first: Stage) -> None:
    """Let the bible have the new names of people and places, as the stages will."""
    if story.shotlist is None:
        return
    before = [parse_scene(source) for source in story.scenes.values()]
    now = before
    if first == Stage.OUTLINE:
        written = map(parse_screenplay, story.screenplays)
        now = [scene for screenplay in written for act in screenplay.acts for scene in act.scenes]
    story.bible = with_aliases(story.bible, new_names(now, before, story.shotlist, story.bible))


def _foresee_scenes(standing: StoryParts, story: StoryFiles, writer: StoryWriter) -> None:
    paths = story.scene_paths
    by_hand = {scene for scene, path in paths.items() if standing.is_by_hand([path])}
    scenes = {scene: source for scene, source in story.scenes.items() if scene in by_hand}
    for draft in writer.screenplay(story, _WHOLE_STAGE):
        for file in draft.value:
            name = f"{story.relative(story.project.scenes_dir)}/{file.scene}__{file.slug}.fountain"
            scenes.setdefault(file.scene, Source(name=name, text=file.text))
    order = StoryOrder.of(story.outline, None)
    story.scenes = {scene: scenes[scene] for scene in order.scenes_in_order(scenes)}


def _foresee_shots(standing: StoryParts, story: StoryFiles, writer: StoryWriter) -> None:
    drafts = list(writer.shotlist(story, _WHOLE_STAGE))
    parsed = {scene: parse_scene(source) for scene, source in story.scenes.items()}
    story.bible = with_entries(story.bible, *missing_bible_entries(parsed, story.bible))
    if not standing.is_by_hand(standing.outputs(Stage.SHOTLIST)):
        (draft,) = drafts
        story.shotlist = draft.value


@dataclass(frozen=True, kw_only=True)
class _ForeseenProject(Project):
    """A project as it will be.

    Attributes:
        specs: The clip specs that will be written.
        order: The order of its film.
        entries: Its bible.
    """

    specs: Mapping[str, ClipSpec]
    order: FilmOrder
    entries: Bible

    def film(self) -> FilmOrder:
        return self.order

    def bible(self) -> Bible:
        return self.entries

    def clip_spec(self, clip: str) -> ClipSpec:
        return self.specs.get(clip) or super().clip_spec(clip)


def _effect(project: Project, record: ProjectRecord, standing: StoryParts, story: StoryFiles, *, engine_for: EngineFor) -> Effect:
    shotlist, there = story.shotlist or Shotlist(), set(project.spec_ids())
    listed = {shot.id for shot in shotlist.shots}
    edited = {clip for clip in there if standing.is_by_hand([project.clip_spec_path(clip)])}
    gone = there - listed - edited
    order = FilmOrder.of(StoryOrder.of(story.outline, shotlist), (there | listed) - gone)
    specs = {shot.id: shot_to_clip(shot) for shot in shotlist.shots if shot.id not in edited}
    foreseen = _ForeseenProject(studio=project.studio, slug=project.slug, specs=specs, order=order, entries=story.bible)
    resolver, store = Resolver.of(foreseen, engine_for=engine_for), TakeStore(project)
    as_written = set() if _is_renamed(standing.story.bible, story.bible) else _unchanged(standing, specs)
    known = {clip.clip: clip for clip in record.clips}
    render: list[tuple[str, str]] = []
    for clip in order.clips:
        now = known.get(clip)
        if now is not None and not now.continues and clip in as_written:
            continue
        why = _why_rendered(clip, now, resolver, store)
        if why:
            render.append((clip, why))
    return Effect(
        render=tuple(render),
        gone=tuple(clip for clip in known if clip in gone),
        aside=tuple(clip for clip in order.aside if clip in known),
    )


def _why_rendered(clip: str, now: ClipRecord | None, resolver: Resolver, store: TakeStore) -> str:
    """Return why a clip will be rendered that is not due as it is now; empty if it will not."""
    try:
        clip_hash = resolver.resolve_clip(clip).clip_hash
    except VtxError as error:
        return "" if now is not None and now.problem else f"cannot be planned: {error.message}"
    if store.find(clip, clip_hash) is not None or (now is not None and now.clip_hash == clip_hash):
        return ""
    return "changed" if now is not None or store.takes(clip) else "new"


def _is_renamed(now: Bible, then: Bible) -> bool:
    """Say whether entries will have other names; that new ones come changes no clip."""
    known = [(now.characters.characters, then.characters.characters), (now.locations.locations, then.locations.locations)]
    return any(old[key] != new[key] for old, new in known for key in old)


def _unchanged(standing: StoryParts, specs: Mapping[str, ClipSpec]) -> set[str]:
    """Return the clips whose specs are on disk as they will be: those of shots that stay, if the shotlist was written out."""
    shotlist, written = standing.story.shotlist, standing.log.parts(CLIPS).get(WHOLE)
    if shotlist is None or written is None or written.basis != standing.clips_basis():
        return set()
    return {shot.id for shot in shotlist.shots if specs.get(shot.id) == shot_to_clip(shot)}
