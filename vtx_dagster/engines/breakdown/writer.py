"""The story writer that needs no model: the breakdown, as ``core.story.StoryWriter`` asks for it."""

import hashlib
from collections.abc import Iterator, Mapping

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import (
    WHOLE,
    Basis,
    BibleProposal,
    Draft,
    Job,
    PromptText,
    Provenance,
    SceneFile,
    Source,
    Story,
    StoryContext,
    T,
)
from vtx_dagster.engines.breakdown.rules import Breakdown


class BreakdownWriter:
    """Writes every stage in one piece, from all of its sources. It costs nothing, and proposes nothing for the bible."""

    @property
    def identity(self) -> EngineIdentity:
        """Name and version; a change makes generated story files stale."""
        return Breakdown().identity

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that it writes: all but a proposal for the bible."""
        return (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY, Stage.SHOTLIST)

    @property
    def is_free(self) -> bool:
        """True: nothing is asked of anybody."""
        return True

    def parts(self, stage: Stage, story: Story) -> Mapping[str, Basis]:
        """Return the whole stage as one part, with the hash of its sources."""
        digest = hashlib.sha256(self._name.encode())
        for source in _sources(stage, story):
            digest.update(b"\0" + (source.model_dump_json() if isinstance(source, Source) else str(source)).encode())
        return {WHOLE: {"sources": digest.hexdigest()}}

    def forecast(self, stage: Stage, story: Story, job: Job) -> Forecast:  # noqa: ARG002 - it is free, whatever is asked for
        """Return that nothing is asked of a model."""
        return Forecast()

    def prompts(self, stage: Stage, story: Story, job: Job) -> tuple[PromptText, ...]:  # noqa: ARG002 - as above
        """Return that nothing is sent."""
        return ()

    def afford(self, forecast: Forecast, *, what: str) -> None:
        """Return: it spends nothing."""

    def outline(self, story: Story, job: Job) -> Draft[Outline]:  # noqa: ARG002 - always the whole outline
        """Return the acts, scenes and beats of the screenplays, or without one of the brief."""
        previous = story.outline if story.outline_source.text else None
        context = _context(story)
        outline = Breakdown().outline(context, previous=previous, written=story.scenes)
        return self._draft(Stage.OUTLINE, story, outline, remarks=Breakdown().remarks(context))

    def treatments(self, story: Story, job: Job) -> Iterator[Draft[str]]:  # noqa: ARG002 - there is only one
        """Yield the outline as prose."""
        yield self._draft(Stage.TREATMENT, story, Breakdown().treatment(_context(story), story.outline))

    def bible(self, story: Story, job: Job) -> Draft[BibleProposal]:  # noqa: ARG002 - it invents nothing
        """Return an empty proposal: the shotlist adds stubs for what is missing."""
        return Draft(part=WHOLE, value=BibleProposal(), provenance=Provenance(writer=self._name))

    def screenplay(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:  # noqa: ARG002 - always all scenes
        """Yield the scenes as they were written, word for word."""
        scenes = Breakdown().screenplay(_context(story), story.outline, story.treatment, written=story.scenes)
        yield self._draft(Stage.SCREENPLAY, story, scenes)

    def shotlist(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        """Yield the shots of every scene; those of scenes that are as they were stay, unless they are wanted anew."""
        context, anew = _context(story), WHOLE in job.anew
        shots = Breakdown().shotlist(context, story.outline, story.scenes, previous=story.shotlist, anew=anew)
        yield self._draft(Stage.SHOTLIST, story, shots, remarks=Breakdown().shot_remarks(context, story.outline, story.scenes))

    @property
    def _name(self) -> str:
        return f"{self.identity.name} {self.identity.version}"

    def _draft(self, stage: Stage, story: Story, value: T, *, remarks: tuple[str, ...] = ()) -> Draft[T]:
        basis = dict(self.parts(stage, story)[WHOLE])
        return Draft(part=WHOLE, value=value, provenance=Provenance(basis=basis, writer=self._name, remarks=remarks))


def _context(story: Story) -> StoryContext:
    return StoryContext(metadata=story.metadata, brief=story.brief, screenplays=story.screenplays, bible=story.bible)


def _sources(stage: Stage, story: Story) -> list[object]:
    """Return everything that decides what a stage says."""
    if stage == Stage.OUTLINE:
        return [*_format_of(story.metadata), story.brief, *story.screenplays]
    if stage == Stage.TREATMENT:
        return [*_format_of(story.metadata), story.outline_source]
    if stage == Stage.SCREENPLAY:
        return [story.outline_source, story.treatment_source, *story.screenplays]
    return [*_format_of(story.metadata), story.outline_source, *story.scenes.values(), *_names(story.bible)]


def _format_of(metadata: Metadata) -> list[object]:
    """Return what a story depends on of the project's metadata: its title lines, its length, and how long a clip may be."""
    options = metadata.render
    profile = options.profiles.get(options.profile)
    fps = profile.fps if profile is not None else None
    return [metadata.title, metadata.logline, metadata.author, metadata.length_s, options.min_clip_s, options.max_clip_s, fps]


def _names(bible: Bible) -> list[str]:
    """Return what a breakdown uses of the bible: keys and names. Editing a description leaves the shots alone."""
    entries = [*bible.characters.characters.items(), *bible.locations.locations.items()]
    named = [f"{key}: {entry.name}, {', '.join(entry.aliases)}" for key, entry in sorted(entries, key=lambda entry: entry[0])]
    return [*named, *sorted(bible.style.profiles)]
