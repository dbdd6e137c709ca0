"""Where the parts of a story stand: which are due, why, and what writing them would cost."""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, NotFoundError
from vtx_dagster.core.planner import Forecast, Stage, StoryRecord
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import WHOLE, Basis, Job, Provenance, StoryWriter
from vtx_dagster.production.story_files import COMMENTS_AND_HEADINGS, Reading, StoryFiles
from vtx_dagster.studio.files import read_plain
from vtx_dagster.studio.ledger import FileState, Ledger
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.story_record import StoryLog

STORY_STAGES = (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY, Stage.SHOTLIST)

CLIPS = "clips"
"""Under this name it is noted from which shotlist the clip specs were written."""

APPLY = "bible_proposal.apply"
"""Under this name a proposal is owed to the bible while it is added."""

BY_HAND = "by hand"
"""Writer of a part that a person wrote, once it was adopted."""

NOT_WRITTEN = "not written yet"
ANEW = "asked for anew"
OTHER_TREATMENT = "another treatment was chosen"
_COMMENT = re.compile(r"(?:^|\s)#", re.MULTILINE)
"""A comment of YAML, or a text that may be taken for one."""

_TWO_HASHES = re.compile("([0-9a-f]{64}) ([0-9a-f]{64})")
_NAMED_PARTS = 3


class StoryParts:
    """The parts of a project's story as they stand at one moment.

    Args:
        project: The project.
        writer: Who writes what is missing.
    """

    def __init__(self, project: Project, writer: StoryWriter) -> None:
        self.project = project
        self.story = StoryFiles(project)
        self.log = StoryLog(project)
        self._writer = writer
        self._readings = {reading: self.story.read_as(reading) for reading in Reading}
        self._parts: dict[tuple[Stage, Reading], Mapping[str, Basis]] = {}
        self._states: dict[Path, FileState] = {}

    @cached_property
    def _ledger(self) -> Ledger:
        return Ledger.load(self.project)

    def _state(self, path: Path) -> FileState:
        """Return whose a file is; scenes that share one ask for it again and again, and each time it would be hashed."""
        if path not in self._states:
            self._states[path] = self._ledger.state(path)
        return self._states[path]

    def parts(self, stage: Stage) -> Mapping[str, Basis]:
        """Return the parts of a stage with what decides each now: words, and not how a program stored them."""
        return self._parts_read(stage, Reading.WORDS)

    def read_parts_again(self, stage: Stage, bible: Bible) -> None:
        """Look again what decides the parts of a stage, after the bible was added to."""
        for reading, story in self._readings.items():
            story.bible = bible
            self._parts.pop((stage, reading), None)

    def _parts_read(self, stage: Stage, reading: Reading) -> Mapping[str, Basis]:
        if (stage, reading) not in self._parts:
            self._parts[stage, reading] = self._writer.parts(stage, self._readings[reading])
        return self._parts[stage, reading]

    def _is_same(self, stage: Stage, part: str, aspect: str, noted: str | None) -> bool:
        """Say whether an aspect of a part is as it was noted: by this version, or by one that noted how the texts were stored."""
        known = _either(noted)
        return any(known & _either(self._parts_read(stage, reading).get(part, {}).get(aspect)) for reading in Reading)

    def outputs(self, stage: Stage) -> list[Path]:
        """Return the files of a stage that are there and that the next stage reads."""
        if stage == Stage.SCREENPLAY:
            return list(self.story.scene_paths.values())
        path = {
            Stage.OUTLINE: self.project.outline_path,
            Stage.TREATMENT: self.project.treatment_path,
            Stage.BIBLE_PROPOSAL: self.project.bible_proposal_path,
            Stage.SHOTLIST: self.project.shotlist_path,
        }[stage]
        return [path] if path.is_file() else []

    def files(self, stage: Stage, part: str) -> list[Path]:
        """Return the files of one part that are there."""
        if part and stage == Stage.SCREENPLAY:
            return [self.story.scene_paths[part]] if part in self.story.scene_paths else []
        if part and stage == Stage.TREATMENT and not self.is_by_hand(self.outputs(stage)):
            path = self.treatment_path(part)
            return [path] if path.is_file() else []
        return self.outputs(stage)

    def treatment_path(self, part: str) -> Path:
        """Return where a treatment to choose from is."""
        return self.project.treatments_dir / f"{part}.md"

    def is_by_hand(self, files: Sequence[Path]) -> bool:
        """Say whether there are files and a person wrote or edited each of them."""
        return bool(files) and all(self._state(path) == FileState.WRITTEN for path in files)

    def is_edited(self, stage: Stage, part: str) -> bool:
        """Say whether a person wrote or edited a part. Scenes share the shotlist: each is compared with what was written."""
        if not self.is_by_hand(self.files(stage, part)):
            return False
        if stage != Stage.SHOTLIST or part == WHOLE:
            return True
        noted = self.log.parts(stage).get(part)
        if noted is None or noted.writer == BY_HAND:
            return True
        return all(noted.content != shots_hash(story.shotlist, part) for story in (self.story, self._readings[Reading.STORED]))

    def is_bought(self, stage: Stage, part: str) -> bool:
        """Say whether another writer than the present one was paid for a part, or for the parts of the stage."""
        noted = self.log.parts(stage)
        known = [noted[part]] if part in noted else noted.values()
        return any(one.calls and one.by not in ("", writer_name(self._writer)) for one in known)

    def is_kept(self, stage: Stage, part: str) -> bool:
        """Say whether a part stays as it is unless a person asks for another.

        A shotlist with comments in it cannot be written anew without losing them, so all of it stays.
        """
        if self.is_edited(stage, part) or self.is_bought(stage, part):
            return True
        return stage == Stage.SHOTLIST and self.is_by_hand(self.files(stage, part)) and self._has_comments

    def has_sources(self, stage: Stage) -> bool:
        """Say whether a stage could run: there is a screenplay, a brief with words of its own, or what an earlier stage made."""
        if self.story.screenplays or COMMENTS_AND_HEADINGS.sub("", self.story.brief.text).strip():
            return True
        return any(self.outputs(earlier) for earlier in STORY_STAGES[: STORY_STAGES.index(stage)])

    def require_sources(self, stage: Stage) -> None:
        """Return if what a stage is written from is there.

        Raises:
            NotFoundError: If it is not; names the command that writes it.
            InvalidFileError: If it does not hold what it should.
        """
        story = self.story
        if stage in (Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY):
            _ = story.treatment
        if stage != Stage.OUTLINE:
            _ = story.outline
        if stage == Stage.SHOTLIST and not story.scenes:
            folder = self.project.scenes_dir
            message = f"{story.relative(folder)} has no scene files: run `vtx story screenplay {self.project.slug}` first"
            raise NotFoundError(message, path=str(folder))

    def due(self, stage: Stage) -> dict[str, str]:
        """Return the parts that are to be written, in story order, each with its reason."""
        if not self.has_sources(stage):
            return {}
        noted, owed = self.log.parts(stage), self.log.owed(stage)
        found = {
            part: ANEW if part in owed else self._reason(stage, part, basis, noted) for part, basis in self.parts(stage).items()
        }
        return {part: reason for part, reason in found.items() if reason}

    def present(self, stage: Stage) -> set[str]:
        """Return the parts whose notes are kept: those that the stage has now, and those that another writer was paid for."""
        return {*self.parts(stage), *(part for part in self.log.parts(stage) if self.is_bought(stage, part))}

    def renewed(self, stage: Stage) -> dict[str, Provenance]:
        """Return the notes of parts that are current and were noted by an earlier version, as this one notes them."""
        due, parts = self.due(stage), self.parts(stage)
        noted = {part: known for part, known in self.log.parts(stage).items() if part in parts and part not in due}
        return {
            part: known.model_copy(update={"basis": dict(parts[part])})
            for part, known in noted.items()
            if known.basis != parts[part] and not self.is_bought(stage, part)
        }

    def records(self, stages: Iterable[Stage]) -> Iterator[StoryRecord]:
        """Yield the stages for the planner that the project has sources or files for.

        A stage that a model will write anew makes those behind it due, in part or as a whole: what they may cost is in their
        forecasts, although they are current now.
        """
        story = self.story
        for stage in stages:
            if self.outputs(stage) or self.has_sources(stage):
                record = self._record(stage, story)
                yield record
                story = self._after(story, record)

    def _record(self, stage: Stage, story: StoryFiles) -> StoryRecord:
        due = self.due(stage)
        reason = _together(due) or self._other_reason(stage, self.outputs(stage))
        forecast, problem = self._forecast(stage, due, story) if reason or story is not self.story else (Forecast(), "")
        return StoryRecord(
            stage=stage,
            is_current=not reason,
            reason=reason,
            due=tuple((part, why) for part, why in due.items() if part != WHOLE),
            forecast=forecast,
            problem=problem if reason else "",
        )

    def _forecast(self, stage: Stage, due: Collection[str], story: StoryFiles) -> tuple[Forecast, str]:
        """Return what is due would cost, and why it cannot be written as its sources are now."""
        rewritten: set[str] = set()
        if stage == Stage.SHOTLIST and story is not self.story:
            rewritten = {*self.story.scenes, *self.parts(Stage.SCREENPLAY)} - {WHOLE, *story.scenes}
        try:
            return self._writer.forecast(stage, story, Job(due=self.payable(stage, {*due, *rewritten}))), ""
        except (InvalidFileError, InvalidRequestError, NotFoundError) as error:
            return Forecast(), error.message

    def _after(self, story: StoryFiles, record: StoryRecord) -> StoryFiles:
        """Return the story as the stages behind one will find it: without what is written anew until then."""
        is_paid = record.forecast.num_calls > 0
        if record.stage == Stage.OUTLINE and is_paid:
            return story.without_outline()
        if record.stage == Stage.TREATMENT and (is_paid or record.reason == OTHER_TREATMENT):
            return story.without(treatment=True)
        if record.stage == Stage.SCREENPLAY and not record.is_current:
            gone = story.scenes.keys() - self.parts(Stage.SCREENPLAY).keys() if WHOLE not in self.parts(Stage.SCREENPLAY) else ()
            changed = self.payable(Stage.SCREENPLAY, dict(record.due)) if is_paid else ()
            return story.without(scenes={*gone, *changed})
        return story

    def payable(self, stage: Stage, due: Collection[str]) -> frozenset[str]:
        """Return the parts that may cost something: what is kept anyway is not paid for."""
        return frozenset(part for part in due if not self.is_kept(stage, part))

    def clips_basis(self, reading: Reading = Reading.PLAIN) -> dict[str, str]:
        """Return what decides the clip specs, besides themselves: the shotlist's text."""
        text = self._readings[reading].source(self.project.shotlist_path).text
        return {"shotlist": hashlib.sha256(text.encode()).hexdigest()}

    def chosen_treatment(self) -> str:
        """Return the part of the treatment that stands: the one that was chosen, or the first."""
        return str(self.story.choice.chosen or 1)

    def _reason(self, stage: Stage, part: str, basis: Basis, noted: Mapping[str, Provenance]) -> str:
        files = self.files(stage, part)
        known = noted.get(part)
        is_new_scene = stage == Stage.SHOTLIST and part and known is None and not self._has_shots(part)
        if not files or (is_new_scene and not self.is_by_hand(files)):
            return NOT_WRITTEN
        if self.is_bought(stage, part) or (known is None and self._is_known_to_be_current(stage, part, files)):
            return ""
        if known is None:
            is_other = noted and (part == WHOLE) != (WHOLE in noted)
            return "another writer wrote it" if is_other else "its sources are not known"
        changed = [aspect for aspect in basis if not self._is_same(stage, part, aspect, known.basis.get(aspect))]
        changed += [aspect for aspect in known.basis if aspect not in basis]
        return f"its {' and '.join(changed)} changed" if changed else ""

    def _other_reason(self, stage: Stage, outputs: Sequence[Path]) -> str:
        """Return why a stage is due of which no part is."""
        if not outputs:
            return NOT_WRITTEN
        if stage == Stage.SHOTLIST and self.log.parts(CLIPS).get(WHOLE, Provenance()).basis not in (
            self.clips_basis(),
            self.clips_basis(Reading.STORED),
        ):
            return "the shotlist changed since the clip specs were written"
        if stage == Stage.BIBLE_PROPOSAL and self.log.owed(APPLY):
            return "not all of it was added to the bible"
        gone = [part for part in self.log.parts(stage) if part not in self.present(stage)] if self.parts(stage) else []
        if gone and self.has_sources(stage):
            return f"{', '.join(gone[:_NAMED_PARTS])} {'is' if len(gone) == 1 else 'are'} not in it any more"
        if stage == Stage.TREATMENT and self._is_other_treatment(outputs[0]):
            return OTHER_TREATMENT
        return ""

    def _is_known_to_be_current(self, stage: Stage, part: str, files: Sequence[Path]) -> bool:
        """Say whether files of which nothing is noted are a person's, or were made of what decides them now."""
        if self.is_by_hand(files):
            return True
        made_of = {basis_hash(self._parts_read(stage, reading), stage, part) for reading in Reading}
        return all(self._ledger.input_hash(path) in made_of for path in files)

    def _has_shots(self, scene: str) -> bool:
        return self.story.shotlist is not None and any(shot.scene == scene for shot in self.story.shotlist.shots)

    @cached_property
    def _has_comments(self) -> bool:
        return _COMMENT.search(self.story.source(self.project.shotlist_path).text) is not None

    def _is_other_treatment(self, path: Path) -> bool:
        chosen = self.treatment_path(self.chosen_treatment())
        return chosen.is_file() and not self.is_by_hand([path]) and read_plain(chosen) != read_plain(path)


def _either(noted: str | None) -> set[str | None]:
    """Return what an aspect may be as: two hashes, where versions noted it in different ways."""
    two = _TWO_HASHES.fullmatch(noted or "")
    return {two[1], two[2]} if two else {noted}


def writer_name(writer: StoryWriter) -> str:
    """Return the name and the version of a writer: ``breakdown 1``."""
    return f"{writer.identity.name} {writer.identity.version}"


def basis_hash(parts: Mapping[str, Basis], stage: Stage, part: str) -> str:
    """Return the hash of what decides a file: its part, or all parts of a stage that share one file."""
    decides = parts if stage == Stage.SHOTLIST else parts.get(part)
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def shots_hash(shotlist: Shotlist | None, scene: str) -> str:
    """Return the hash of the shots of one scene."""
    shots = [shot.model_dump_json() for shot in shotlist.shots if shot.scene == scene] if shotlist is not None else []
    return hashlib.sha256("\n".join(shots).encode()).hexdigest()


def _together(due: Mapping[str, str]) -> str:
    """Return the reasons of parts in one line."""
    reasons = dict.fromkeys(due.values())
    if len(reasons) == 1 and (len(due) > 1 or WHOLE in due):
        return next(iter(reasons))
    named = [f"{part}: {reason}" for part, reason in list(due.items())[:_NAMED_PARTS]]
    more = f"; and {len(due) - _NAMED_PARTS} more" if len(due) > _NAMED_PARTS else ""
    return "; ".join(named) + more
