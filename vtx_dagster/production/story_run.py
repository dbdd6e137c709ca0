"""One run of one stage of a story: what is asked of the writer, and what is stored, kept and noted."""

import difflib
import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.coverage import CoverageReport, prove_coverage
from vtx_dagster.core.errors import InvalidFileError, NotFoundError, VtxError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.plain_form import plain_form
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import (
    WHOLE,
    BibleProposal,
    CallFacts,
    Draft,
    Job,
    Provenance,
    SceneFile,
    StoryWriter,
)
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.engines.breakdown.cast import missing_bible_entries
from vtx_dagster.engines.breakdown.numbering import with_retired
from vtx_dagster.engines.screenplay.fountain import parse_scene, parse_screenplay
from vtx_dagster.production import progress
from vtx_dagster.production.bible_proposal import (
    add_aliases_to_bible,
    add_to_bible,
    apply_proposal,
    new_aliases,
    new_names,
    proposal_diff,
    with_aliases,
)
from vtx_dagster.production.story_parts import APPLY, BY_HAND, CLIPS, StoryParts, basis_hash, shots_hash, writer_name
from vtx_dagster.studio.calls import CallStore
from vtx_dagster.studio.documents import dump_document
from vtx_dagster.studio.files import is_fountain, read_plain
from vtx_dagster.studio.ledger import FileState, Ledger, remove_generated, write_generated
from vtx_dagster.studio.project import Project

MARKDOWN = (Stage.TREATMENT, Stage.SHOTLIST)

_FLUSH_S = 2.0
"""Scenes that a model writes are stored at least this often. Those of a breakdown come all at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStage:
    """What a story stage did.

    Attributes:
        path: The stage's file or folder.
        text: What it now says, for a person to look at.
        diff: What this run changed in it, as a unified diff, empty if it is all new; of a proposal, what it would change in the
            bible.
        written: Files that were written or removed.
        kept: Files that a person wrote or edited and that were left as they are.
        notes: What the author should know.
        coverage: The proof that the shots cover the screenplay; of the shotlist only.
        provenance: How the parts came to be, by part; of a run only those that it wrote.
    """

    stage: Stage
    path: Path
    text: str
    is_markdown: bool
    writer: str
    diff: str = ""
    written: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: CoverageReport | None = None
    provenance: Mapping[str, Provenance] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text: the stage's data version."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def calls(self) -> tuple[CallFacts, ...]:
        """Every question that was asked of a language model for these parts."""
        return tuple(call for provenance in self.provenance.values() for call in provenance.calls)

    @property
    def usd(self) -> Decimal | None:
        """What the calls of this run cost; None if a price is not known."""
        prices = [call.usd for call in self.calls if not call.reused]
        return None if None in prices else sum((price for price in prices if price is not None), start=Decimal(0))


@dataclass(slots=True, kw_only=True)
class _Stored:
    """What a run wrote and kept so far, and what it has to say."""

    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    provenance: dict[str, Provenance] = field(default_factory=dict)


class StoryRun:
    """One run of one stage. Whoever makes one holds the project's story lock.

    Args:
        project: The project.
        writer: Who writes what is due.
        stage: The stage.
        only: Restrict the run to one act or scene.
        overwrite: Replace what a person wrote, too.
    """

    def __init__(
        self,
        project: Project,
        writer: StoryWriter,
        stage: Stage,
        *,
        only: FilmId | None,
        overwrite: bool,
    ) -> None:
        self._project = project
        self._writer = writer
        self._stage = stage
        self._only = only
        self._overwrite = overwrite
        self._standing = StoryParts(project, writer)
        self._story = self._standing.story
        self._scenes = self._story.scenes_of(only)
        self._latest: StoryParts | None = self._standing
        self._stored = _Stored()
        self._before = text_of(stage, self._standing)

    def outline(self) -> WrittenStage:
        """Write acts, scenes and beats."""
        path = self._project.outline_path
        self._stored.notes += self._story.passed_over
        job = self._job()
        if job.due:
            written = map(parse_screenplay, self._story.screenplays)
            self._follow_renames(
                (scene for screenplay in written for act in screenplay.acts for scene in act.scenes), before=self._scenes_before
            )
            draft = self._writer.outline(self._story, job)
            self._store({path: dump_document(draft.value)})
            self._note(draft)
        return self._report(path)

    def treatment(self) -> WrittenStage:
        """Write what is missing of the treatments, and make the chosen one, or the first, the one that stands."""
        path = self._project.treatment_path
        job = self._job()
        if job.due:
            for draft in self._reporting(self._writer.treatments(self._story, job), job):
                target = self._standing.treatment_path(draft.part) if draft.part else path
                self._store({target: draft.value})
                self._note(draft)
        if WHOLE not in self._standing.parts(self._stage):
            self._stand_treatment(path)
        return self._report(path)

    def bible(self) -> WrittenStage:
        """Write a proposal for the bible, and add it."""
        path, log = self._project.bible_proposal_path, self._standing.log
        job = self._job()
        if job.due:
            draft = self._writer.bible(self._story, job)
            # Owed first, so that a run that is interrupted is gone on with, and one that is repeated adds nothing twice.
            log.owe(APPLY, [] if self._only_proposes else [WHOLE])
            self._store({path: dump_document(_with_aliases_of(draft.value, self._story.bible_proposal))})
            self._note(draft)
        proposal = self._story.bible_proposal
        diff = proposal_diff(self._story.bible, proposal)
        if log.owed(APPLY):
            self._stored.notes += apply_proposal(self._story, proposal)
            log.owe(APPLY, [])
        return replace(self._report(path), diff=diff)

    def screenplay(self) -> WrittenStage:
        """Write the scene files that are due, each as soon as it is there."""
        job = self._job()
        waiting: list[Draft[tuple[SceneFile, ...]]] = []
        if job.due:
            stored_at = time.monotonic()
            try:
                for draft in self._reporting(self._writer.screenplay(self._story, job), job):
                    waiting.append(draft)
                    if time.monotonic() - stored_at > _FLUSH_S:
                        self._store_scenes(waiting)
                        waiting, stored_at = [], time.monotonic()
            finally:
                self._store_scenes(waiting)
        self._remove_scenes_that_are_gone()
        return self._report(self._project.scenes_dir)

    def shotlist(self) -> WrittenStage:
        """Write the shots that are due, and then the clip specs."""
        job = self._job()
        drafts: list[Draft[Shotlist]] = []
        try:
            if job.due:
                self._follow_renames(map(parse_scene, self._story.scenes.values()))
                drafts.extend(self._reporting(self._writer.shotlist(self._story, job), job))
        finally:
            if drafts or self._has_shots_of_scenes_that_are_gone():
                self._store_shots(drafts)
        return self.clips()

    def clips(self) -> WrittenStage:
        """Write the clip specs that the shotlist asks for, and remove generated ones that it no longer has."""
        shotlist = self._now().story.shotlist
        if shotlist is None:
            path = self._project.shotlist_path
            message = f"{self._relative(path)} is missing: run `vtx story shotlist {self._project.slug}` first"
            raise NotFoundError(message, path=str(path))
        shots = [shot for shot in shotlist.shots if self._scenes is None or shot.scene in self._scenes]
        listed = {shot.id for shot in shotlist.shots}
        stood_in = {one.id: one.place for one in shotlist.remembered} | {**self._project.film().scenes}
        gone = [
            clip
            for clip in self._project.spec_ids()
            if clip not in listed and (self._scenes is None or stood_in.get(clip) in self._scenes)
        ]
        self._store(
            {self._project.clip_spec_path(shot.id): dump_document(shot_to_clip(shot)) for shot in shots},
            gone=[self._project.clip_spec_path(clip) for clip in gone],
            aside=frozenset(shotlist.retired),
        )
        if self._only is None:
            self._standing.log.note(CLIPS, {WHOLE: Provenance(basis=self._now().clips_basis())})
        parsed = {scene: parse_scene(source) for scene, source in self._story.scenes.items()}
        return replace(self._report(self._project.shotlist_path), coverage=prove_coverage(parsed, shotlist))

    # -- what to write --------------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Forget the answers that these parts were written from, so that they are asked for anew.

        What a person wrote is left out. Parts that are still owed from an earlier time are gone on with: what was asked anew then
        is not asked a third time.

        Raises:
            VtxError: If asking anew is not possible, because of the budget or a missing key; nothing is forgotten then.
        """
        standing, stage = self._standing, self._stage
        standing.require_sources(stage)
        parts = standing.parts(stage)
        wanted = [part for part in self._chosen(parts) if self._overwrite or not standing.is_edited(stage, part)]
        if set(standing.log.owed(stage)) & set(wanted):
            return
        calls = CallStore(self._project)
        # An act of the outline is asked for by its own id, though the outline is one part.
        moved = calls.forget(stage, [str(self._only)] if WHOLE in wanted and self._only is not None else wanted)
        try:
            forecast = self._writer.forecast(stage, self._story, Job(due=frozenset(wanted), only=self._only))
            self._writer.afford(forecast, what=f"{stage} of {self._project.slug}, asked for anew")
        except VtxError:
            calls.restore(moved)
            raise
        standing.log.owe(stage, wanted)

    def finish(self) -> None:
        """Note what holds once all was written: nothing is owed, parts that are gone are forgotten, beats keep their ids."""
        log, stage = self._standing.log, self._stage
        parts = self._standing.parts(stage)
        log.note(stage, self._standing.renewed(stage), present=self._standing.present(stage))
        log.owe(stage, [part for part in log.owed(stage) if part not in self._chosen(parts)])
        story = self._now().story if stage == Stage.OUTLINE else self._story
        beats = {str(beat.id): beat.text for act in story.outline.acts for scene in act.scenes for beat in scene.beats}
        log.note_beats(beats if story.has_beat_ids else {})

    def _job(self) -> Job:
        """Return what is asked of the writer: whatever is due, and of a stage in one piece all of it.

        What a person wrote, or another writer was paid for, is kept. Only a stage in one piece that costs nothing is written all
        the same: some of its files may be a person's, and these are not stored.
        """
        standing, stage = self._standing, self._stage
        standing.require_sources(stage)
        wanted = set(self._chosen(standing.parts(stage)))
        due = set(standing.due(stage)) & wanted
        is_free = self._forecast({WHOLE}).num_calls == 0
        if WHOLE in wanted and (is_free or not standing.has_sources(stage)):
            due.add(WHOLE)
        if self._overwrite:
            due |= {part for part in wanted if standing.is_edited(stage, part) or standing.is_bought(stage, part)}
            return Job(due=frozenset(due), only=self._only, anew=frozenset(standing.log.owed(stage)))
        kept = {part for part in due if standing.is_kept(stage, part)}
        if is_free and not standing.is_bought(stage, WHOLE):
            kept.discard(WHOLE)
        self._keep(kept)
        return Job(due=frozenset(due - kept), only=self._only, anew=frozenset(standing.log.owed(stage)))

    def _forecast(self, parts: set[str]) -> Forecast:
        return self._writer.forecast(self._stage, self._story, Job(due=frozenset(parts)))

    def _chosen(self, parts: Iterable[str]) -> list[str]:
        """Return the parts that the run is for.

        Raises:
            NotFoundError: If it is for an act or scene that the story does not have.
        """
        chosen = chosen_parts(parts, self._scenes)
        if not chosen and self._only is not None:
            known = [part for part in parts if part.startswith("A")]
            message = f"{self._project.slug} has no {self._stage} of {self._only}{did_you_mean(str(self._only), known)}"
            raise NotFoundError(message, project=self._project.slug, part=str(self._only))
        return chosen

    def _keep(self, parts: set[str]) -> None:
        """Leave parts as they are, and say so. What a person wrote is current then: it is adopted, and nothing is asked."""
        standing, stage = self._standing, self._stage
        files = sorted({path for part in parts for path in standing.files(stage, part)})
        self._stored.kept += files
        self._stored.notes += [self._kept_note(path, parts) for path in files]
        by = writer_name(self._writer)
        noted = {
            part: Provenance(basis=dict(standing.parts(stage)[part]), writer=BY_HAND, by=by, content=self._content(part))
            for part in parts
            if not standing.is_bought(stage, part)
        }
        standing.log.note(stage, noted)

    # -- storing --------------------------------------------------------------------------------------------------------------

    def _reporting(self, drafts: Iterable[Draft], job: Job) -> Iterable[Draft]:
        key, total = f"{self._project.slug} {self._stage}", len(job.due)
        for done, draft in enumerate(drafts, start=1):
            yield draft
            progress.report(key, done, total)

    def _note(self, *drafts: Draft) -> None:
        """Note how parts came to be, where they were written as a whole."""
        by = writer_name(self._writer)
        parts = self._standing.parts(self._stage)
        noted = {
            draft.part: draft.provenance.model_copy(
                update={"basis": dict(parts[draft.part]), "by": by, "content": self._content(draft.part)}
            )
            for draft in drafts
        }
        self._stored.provenance |= noted
        whole = {part: provenance for part, provenance in noted.items() if part != WHOLE or self._only is None}
        self._standing.log.note(self._stage, whole, present=self._standing.present(self._stage))

    def _content(self, part: str) -> str:
        """Return the hash of a part that shares its file with others."""
        return shots_hash(self._now().story.shotlist, part) if self._stage == Stage.SHOTLIST and part else ""

    def _store(
        self,
        files: Mapping[Path, str],
        *,
        gone: Iterable[Path] = (),
        aside: Collection[str] = (),
        overwrite: bool | None = None,
    ) -> None:
        """Write files, and remove those that are gone, except where a person wrote them.

        Args:
            files: Texts by path.
            gone: Files that the story does not need any more.
            aside: Clips that were shots and are none any more.
            overwrite: Whether to replace a person's files as well; as the run does when None.
        """
        parts = self._standing.parts(self._stage)
        shared = {self._project.outline_path, self._project.shotlist_path}
        is_partial = self._only is not None or WHOLE not in parts
        changed = write_generated(
            self._project,
            files,
            generator=writer_name(self._writer),
            input_hash={path: basis_hash(parts, self._stage, WHOLE if WHOLE in parts else _part_of(path)) for path in files},
            overwrite=self._overwrite if overwrite is None else overwrite,
            # What a person wrote of the other scenes is still in there.
            adopt=not (is_partial and shared & files.keys()),
        )
        gone = list(gone)
        removed = remove_generated(self._project, gone)
        unchanged = files.keys() - set(changed)
        kept = [file for file in files if file in unchanged and not _says(file, files[file])]
        left = set(gone).difference(removed)
        orphans = [file for file in gone if file in left]
        self._stored.written += [*changed, *removed]
        if any(file.parent != self._project.clips_dir for file in (*changed, *removed)):
            self._latest = None
        self._stored.kept += [*kept, *orphans]
        self._stored.notes += [self._kept_note(file) for file in kept]
        self._stored.notes += [self._orphan_note(file, aside) for file in orphans]

    def _store_scenes(self, drafts: list[Draft[tuple[SceneFile, ...]]]) -> None:
        folder, chosen = self._project.scenes_dir, self._scenes
        scenes = [scene for draft in drafts for scene in draft.value if chosen is None or scene.scene in chosen]
        files = {folder / f"{scene.scene}__{scene.slug}.fountain": scene.text for scene in scenes}
        if not files:
            return
        # A scene that has another name now: the file under its old one goes, unless a person wrote it.
        known = self._story.scene_paths
        ledger = Ledger.load(self._project)
        before = [known[scene.scene] for scene in scenes if scene.scene in known and known[scene.scene] not in files]
        by_hand = {path for path in before if ledger.state(path) != FileState.GENERATED}
        adopted = [scene.scene for scene in scenes if known.get(scene.scene) in by_hand and not self._overwrite]
        self._stored.kept += [known[scene] for scene in adopted]
        self._stored.notes += [self._kept_note(known[scene]) for scene in adopted]
        self._store(
            {path: text for path, text in files.items() if path.name.split("__")[0] not in adopted},
            gone=[path for path in before if path not in by_hand],
        )
        self._note(*drafts)

    def _remove_scenes_that_are_gone(self) -> None:
        present = {scene.id for act in self._story.outline.acts for scene in act.scenes}
        gone = [scene for scene in self._story.scene_paths if scene not in present]
        self._store({}, gone=[self._story.scene_paths[scene] for scene in chosen_parts(gone, self._scenes)])

    def _store_shots(self, drafts: list[Draft[Shotlist]]) -> None:
        parsed = {scene: parse_scene(source) for scene, source in self._story.scenes.items()}
        characters, locations = missing_bible_entries(parsed, self._story.bible)
        self._stored.notes += [f"{note}, to be filled in" for note in add_to_bible(self._story, characters, locations)]
        # The stubs are among what decides the shots, and must not make them due again.
        self._standing.read_parts_again(self._stage, self._project.bible() if self._only_proposes else self._story.bible)
        parts = self._standing.parts(self._stage)
        # Only scenes that nobody edited are replaced, so that a file which a person edited can be written.
        overwrite = self._overwrite or (bool(drafts) and WHOLE not in parts)
        self._store({self._project.shotlist_path: dump_document(self._merged(drafts))}, overwrite=overwrite)
        self._note(*drafts)

    # -- names ----------------------------------------------------------------------------------------------------------------

    @property
    def _only_proposes(self) -> bool:
        return self._project.settings().get("VTX_STORY_BIBLE") == "propose"

    def _follow_renames(self, scenes: Iterable[SceneText], *, before: Callable[[], Sequence[SceneText]] = tuple) -> None:
        """Keep the bible's entries for people and places that have another name in the screenplay now.

        The story at hand has the names as aliases, so that keys, and with them figures and clips, stay the same. The files get
        them at once, or where the bible is only proposed to, by the proposal.

        Args:
            scenes: The screenplay as it is now; read only if there was one before.
            before: The screenplay as it was, to find places by.
        """
        story, shotlist = self._story, self._story.shotlist
        if shotlist is None:
            return
        now, proposal = list(scenes), self._story.bible_proposal
        found = new_names(now, before() if now else (), shotlist, story.bible)
        new = new_aliases(story.bible, _with_aliases_of(proposal, found))
        names = [f"{key}: {', '.join(of_key)}" for key, of_key in (*new.character_aliases.items(), *new.location_aliases.items())]
        if not names:
            return
        if not self._only_proposes:
            self._stored.notes += add_aliases_to_bible(story, new)
            return
        path = self._project.bible_proposal_path
        text = dump_document(_with_aliases_of(proposal, new))
        write_generated(self._project, {path: text}, generator=writer_name(self._writer), input_hash="")
        story.bible = with_aliases(story.bible, new)
        if Ledger.load(self._project).state(path) != FileState.WRITTEN:
            adds = f"`vtx story bible {self._project.slug} --apply` adds them"
            where = f"{self._relative(path)} proposes the names as aliases ({adds})"
        else:
            where = f"{self._relative(path)}, which was edited by hand, is left as it is: add the names there, or to the bible"
        self._stored.notes.append(
            f"the screenplay has new names for entries of the bible ({'; '.join(names)}): these entries are used, and {where}"
        )

    def _scenes_before(self) -> Sequence[SceneText]:
        """Return the scenes as their files have them; none if one cannot be read, which the shotlist will say."""
        try:
            return [parse_scene(source) for source in self._story.scenes.values()]
        except InvalidFileError:
            return []

    def _has_shots_of_scenes_that_are_gone(self) -> bool:
        shotlist, present = self._story.shotlist, self._standing.parts(self._stage)
        return shotlist is not None and WHOLE not in present and any(shot.scene not in present for shot in shotlist.shots)

    def _merged(self, drafts: list[Draft[Shotlist]]) -> Shotlist:
        """Return the shotlist with the new shots in it, without those of scenes that are gone."""
        previous = self._story.shotlist or Shotlist()
        if drafts and drafts[0].part == WHOLE:
            return drafts[0].value if self._scenes is None else self._with_scenes(previous, drafts[0].value, self._scenes)
        present, new = self._standing.parts(self._stage), {draft.part for draft in drafts}
        kept = [shot for shot in previous.shots if shot.scene in present and shot.scene not in new]
        shots = [*kept, *(shot for draft in drafts for shot in draft.value.shots)]
        return with_retired(self._in_order(shots), previous, *(draft.value for draft in drafts))

    def _with_scenes(self, previous: Shotlist, new: Shotlist, scenes: Collection[str]) -> Shotlist:
        """Return the previous shotlist with the shots of some scenes taken from the new one."""
        replaced = [shot for shot in new.shots if shot.scene in scenes]
        moved = {shot.id for shot in replaced}
        kept = [shot for shot in previous.shots if shot.scene not in scenes and shot.id not in moved]
        merged = with_retired(self._in_order([*kept, *replaced]), previous, new.model_copy(update={"shots": ()}))
        chosen = {scene: basis for scene, basis in new.made_of.items() if scene in scenes}
        return merged.model_copy(update={"made_of": previous.made_of | chosen})

    def _in_order(self, shots: Sequence[Shot]) -> list[Shot]:
        """Return shots in the order of their scenes."""
        scenes = self._story.order.scenes_in_order({shot.scene for shot in shots})
        positions = {scene: index for index, scene in enumerate(scenes)}
        return sorted(shots, key=lambda shot: positions[shot.scene])

    def _stand_treatment(self, path: Path) -> None:
        """Make the chosen treatment, or the first, the one that the film is written from."""
        chosen = self._standing.treatment_path(self._standing.chosen_treatment())
        if not chosen.is_file():
            return
        self._store({path: read_plain(chosen)})
        if self._story.choice.chosen is None and len(self._standing.parts(self._stage)) > 1:
            self._stored.notes.append(
                f"treatment {chosen.stem} of {len(self._standing.parts(self._stage))} stands, because none was chosen:"
                f" compare them with `vtx story treatments {self._project.slug}`, choose one with --choose"
            )

    # -- reporting ------------------------------------------------------------------------------------------------------------

    def _report(self, path: Path) -> WrittenStage:
        text = text_of(self._stage, self._now())
        remarks = [remark for provenance in self._stored.provenance.values() for remark in provenance.remarks]
        return WrittenStage(
            stage=self._stage,
            path=path,
            text=text,
            diff=_diff(self._before, text),
            is_markdown=self._stage in MARKDOWN,
            writer=writer_name(self._writer),
            written=tuple(self._stored.written),
            kept=tuple(self._stored.kept),
            notes=(*self._stored.notes, *remarks),
            provenance=self._stored.provenance,
        )

    def _now(self) -> StoryParts:
        """Return the story as it stands after what was stored so far."""
        if self._latest is None:
            self._latest = StoryParts(self._project, self._writer)
        return self._latest

    def _kept_note(self, path: Path, parts: Collection[str] = ()) -> str:
        name = self._relative(path)
        if any(self._standing.is_bought(self._stage, part) for part in parts):
            return f"{name} was paid for with another story writer and is kept (--overwrite replaces it)"
        is_shared = path == self._project.shotlist_path and WHOLE not in parts
        scenes = ", ".join(self._story.order.scenes_in_order(parts)) if is_shared else ""
        how = f"--scene and --overwrite replace the shots of {scenes}" if scenes else "--overwrite replaces it"
        return f"{name} was written or edited by hand and is kept ({how})"

    def _orphan_note(self, path: Path, aside: Collection[str]) -> str:
        name = self._relative(path)
        if path.stem in aside:
            return f"{name} is no shot any more: you edited it, so it is set aside, and back in the film when its shot is"
        what = "is in no shotlist, but in the film" if path.parent == self._project.clips_dir else "is not in the story any more"
        return f"{name} {what}: it was written or edited by hand and is kept"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._project.root).as_posix()


def _with_aliases_of(proposal: BibleProposal, other: BibleProposal) -> BibleProposal:
    """Return a proposal that also proposes the aliases of another one."""
    return proposal.model_copy(
        update={
            "character_aliases": proposal.character_aliases | other.character_aliases,
            "location_aliases": proposal.location_aliases | other.location_aliases,
        }
    )


def _part_of(path: Path) -> str:
    """Return the part that a file of its own belongs to: ``A01_S02__pier.fountain`` and ``2.md``; else the whole stage."""
    if path.suffix == ".fountain":
        return path.name.split("__")[0]
    return path.stem if path.stem.isdigit() else WHOLE


def chosen_parts(parts: Iterable[str], scenes: Collection[str] | None) -> list[str]:
    """Return the parts that are among some scenes; all if None. Parts that are no scene are always among them."""
    return [part for part in parts if scenes is None or not part.startswith("A") or part in scenes]


def text_of(stage: Stage, standing: StoryParts) -> str:
    """Return what a stage says, for a person to look at; empty if it is not written."""
    if stage == Stage.SHOTLIST and standing.story.shotlist is not None:
        return _shot_table(standing.story.shotlist.shots)
    return "\n\n".join(read_plain(file) for file in standing.outputs(stage))


def _says(path: Path, text: str) -> bool:
    return read_plain(path) == plain_form(text, is_fountain=is_fountain(path))


def _diff(before: str, now: str) -> str:
    if not before or before == now:
        return ""
    return "\n".join(difflib.unified_diff(before.splitlines(), now.splitlines(), "before", "now", n=1, lineterm=""))


def _shot_table(shots: Iterable[Shot]) -> str:
    """Return the shots as a Markdown table."""
    rows = ["| shot | size | move | lens | characters | action |", "|---|---|---|---|---|---|"]
    for shot in shots:
        action = " ".join(shot.action.split()).replace("|", "\\|")
        cast = ", ".join(shot.characters)
        rows.append(f"| {shot.id} | {shot.size} | {shot.move} | {shot.lens_mm} mm | {cast} | {action[:120]} |")
    return "\n".join(rows)
