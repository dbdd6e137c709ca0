"""The stages of the story: from brief or screenplay to shotlist and clip specs.

Written by hand wins: a file that a person wrote or edited is adopted and never overwritten unless asked. A part of a stage is
current when it was written from what decides it now; ``story_parts`` tells, and ``story/.stages.json`` keeps what is told.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.planner import Forecast, Stage, StoryRecord
from vtx_dagster.core.story import (
    Job,
    PromptText,
    StoryWriter,
    TreatmentChoice,
)
from vtx_dagster.production.bible_proposal import apply_proposal, proposal_diff
from vtx_dagster.production.story_files import StoryFiles, source_folder
from vtx_dagster.production.story_parts import StoryParts, writer_name
from vtx_dagster.production.story_run import MARKDOWN, StoryRun, WrittenStage, chosen_parts, text_of
from vtx_dagster.studio.documents import dump_document
from vtx_dagster.studio.files import hash_file, read_plain, write_atomic
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project


class StoryDesk:
    """Runs the story stages of one project with one writer.

    Args:
        project: The project.
        writer: Who writes what is missing.
    """

    def __init__(self, project: Project, writer: StoryWriter) -> None:
        self._project = project
        self._writer = writer

    def records(self) -> tuple[StoryRecord, ...]:
        """Return for every stage that the project has sources or files for whether it is current, and why not."""
        standing = StoryParts(self._project, self._writer)
        return tuple(standing.records(self._writer.stages))

    def check_budget(self) -> Forecast:
        """Return what everything that is due, and what may follow from it, would cost at most.

        Raises:
            BudgetError: If it could pass what is left of the project's budget.
        """
        total = sum((record.forecast for record in self.records()), start=Forecast())
        self._writer.afford(total, what=f"the story of {self._project.slug}")
        return total

    def run(self, stage: Stage, *, only: FilmId | None = None, overwrite: bool = False, again: bool = False) -> WrittenStage:
        """Run one stage on what its sources say now.

        Parts that are current are left alone, and what a person wrote costs nothing: it is kept.

        Args:
            stage: One of ``STORY_STAGES``.
            only: Restrict acts, scene files, shots and clip specs to one act or scene.
            overwrite: Replace files that a person wrote or edited, too.
            again: Forget the answers that a language model gave for these parts, and ask anew.

        Raises:
            InvalidFileError: If a source does not hold what it should.
            NotFoundError: If a source is missing; the message names the stage that makes it.
            UnfinishedStageError: If some parts could not be written; the others are stored.
        """
        if stage not in self._writer.stages:
            note = f"{writer_name(self._writer)} writes no {stage}: the shotlist adds stubs of what the bible lacks"
            story, path = StoryFiles(self._project), self._project.bible_proposal_path
            return WrittenStage(
                stage=stage,
                path=path if path.is_file() else self._project.story_dir,
                text="",
                is_markdown=False,
                writer=writer_name(self._writer),
                diff=proposal_diff(story.bible, story.bible_proposal),
                notes=(note,),
            )
        with project_lock(self._project, "story"):
            run = StoryRun(self._project, self._writer, stage, only=only, overwrite=overwrite)
            if again:
                run.forget()
            written = {
                Stage.OUTLINE: run.outline,
                Stage.TREATMENT: run.treatment,
                Stage.BIBLE_PROPOSAL: run.bible,
                Stage.SCREENPLAY: run.screenplay,
                Stage.SHOTLIST: run.shotlist,
            }[stage]()
            run.finish()
            return written

    def choose_treatment(self, *, chosen: int | None = None, variants: int | None = None) -> None:
        """Note which treatment stands, or how many there are to be; running the stage then follows it.

        Raises:
            NotFoundError: If there is no such treatment.
        """
        with project_lock(self._project, "story"):
            story = StoryFiles(self._project)
            path = self._project.treatments_dir / f"{chosen}.md"
            if chosen is not None and not path.is_file():
                found = ", ".join(sorted(file.stem for file in self._project.treatments_dir.glob("[1-9].md"))) or "none"
                raise NotFoundError(f"{self._project.slug} has no treatment {chosen} (there are: {found})", path=str(path))
            choice = TreatmentChoice(
                chosen=chosen if chosen is not None else story.choice.chosen,
                variants=variants if variants is not None else story.choice.variants,
            )
            write_atomic(story.choice_path, dump_document(choice))

    def apply_bible_proposal(self) -> tuple[str, ...]:
        """Add to the bible what the proposal has and the bible lacks, fill in its stubs, and return what was done, in words.

        Raises:
            NotFoundError: If there is no proposal.
        """
        with project_lock(self._project, "story"):
            path = self._project.bible_proposal_path
            if not path.is_file():
                message = f"{self._project.slug} has no proposal for its bible: run `vtx story bible {self._project.slug}` first"
                raise NotFoundError(message, path=str(path))
            story = StoryFiles(self._project)
            return tuple(apply_proposal(story, story.bible_proposal))

    def prompts(self, stage: Stage, *, only: FilmId | None = None) -> tuple[PromptText, ...]:
        """Return exactly what would be sent first for a stage, or for an act or a scene of it; nothing is sent."""
        standing = StoryParts(self._project, self._writer)
        parts = frozenset(chosen_parts(standing.parts(stage), standing.story.scenes_of(only)))
        return self._writer.prompts(stage, standing.story, Job(due=parts, only=only))

    def read(self, stage: Stage) -> WrittenStage:
        """Return a stage as it is on disk, without running it."""
        standing = StoryParts(self._project, self._writer)
        outputs = standing.outputs(stage)
        path = self._project.scenes_dir if stage == Stage.SCREENPLAY else outputs[0]
        return WrittenStage(
            stage=stage,
            path=path,
            text=text_of(stage, standing),
            is_markdown=stage in MARKDOWN,
            writer=writer_name(self._writer),
            provenance=standing.log.parts(stage),
        )

    def write_clips(self, *, only: FilmId | None = None, overwrite: bool = False) -> WrittenStage:
        """Write the clip specs that the shotlist asks for, and remove generated ones that it no longer has.

        Returns:
            The shotlist as it stands in its file, with what was written and kept of the clip specs.
        """
        with project_lock(self._project, "story"):
            return StoryRun(self._project, self._writer, Stage.SHOTLIST, only=only, overwrite=overwrite).clips()


def brief_hash(project: Project) -> str:
    """Return the content hash of a project's brief and screenplays."""
    return _hash_of([project.brief_path, *source_folder(project).screenplays], hash_one=_hash_of_words)


def bible_hash(project: Project) -> str:
    """Return the content hash of a project's style bible, characters, locations and LoRA bundles."""
    return _hash_of([project.style_path, project.characters_path, project.locations_path, project.loras_path])


def _hash_of(paths: Iterable[Path], *, hash_one: Callable[[Path], str] = hash_file) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f"{path.name}\0{hash_one(path)}\0".encode())
    return digest.hexdigest()


def _hash_of_words(path: Path) -> str:
    """Return the hash of the plain form of a text; of the bytes of a file that is none."""
    try:
        return hashlib.sha256(read_plain(path).encode()).hexdigest()
    except InvalidFileError:
        return hash_file(path)
