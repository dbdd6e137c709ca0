"""The files of a project's story, as ``core.story.Story`` asks for them."""

import copy
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self

from vtx_dagster.core.beats import id_problems, numbered_beats
from vtx_dagster.core.bible import Bible
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.film_order import StoryOrder
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plain_form import plain_form
from vtx_dagster.core.planner import Stage
from vtx_dagster.core.screenplay_formats import FOUNTAIN_SUFFIXES, READABLE_SUFFIXES, is_readable, remedy_for, suffix_of
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import BibleProposal, Source, TreatmentChoice
from vtx_dagster.engines.breakdown.brief import is_fountain, without_comments, without_wraps
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.reading import read_screenplay_file
from vtx_dagster.engines.screenplay.source_lines import raw_lines
from vtx_dagster.studio.documents import line_of, load_document, parse_document
from vtx_dagster.studio.files import is_fountain as is_screenplay
from vtx_dagster.studio.files import read_bytes, read_text, storage_errors
from vtx_dagster.studio.library import load_capsules
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.story_record import StoryLog

COMMENTS_AND_HEADINGS = re.compile(r"<!--.*?-->|^\s*#[^\n]*$", re.DOTALL | re.MULTILINE)
"""What a brief may hold without telling a story."""

_SCENE_FILE = re.compile(r"(A\d{2,}_S\d{2,})__.*\.fountain")


_TEXTS = ("brief", "screenplays", "_sources", "outline_source", "outline", "treatment_source", "scenes", "shotlist")


class Reading(StrEnum):
    """How the texts of a story are read.

    ``plain`` is how writers get them: in their plain form. ``words`` is what decides a part of the story: prose besides without
    the comments of the brief and the ends of lines inside a paragraph. The others are what earlier versions
    went by: the file as it is stored now, or as it may have been stored then, with other line ends.
    """

    WORDS = "words"
    PLAIN = "plain"
    STORED = "stored"
    LF = "lf"
    CRLF = "crlf"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFolder:
    """What is in ``story/source``.

    Attributes:
        screenplays: The files that are read, in name order.
        passed_over: The others, each with the reason and what to do.
    """

    screenplays: tuple[Path, ...]
    passed_over: tuple[str, ...]


def source_folder(project: Project) -> SourceFolder:
    """Return which files of ``story/source`` are the screenplay, by their names.

    Where there are Fountain files, these are: what lies beside them is mostly what they were exported to or made from. Else all
    files that can be read are, and of several with one name the format that says most. Hidden files are no one's screenplay.

    Raises:
        StorageError: If the folder cannot be read.
    """
    folder = project.source_dir
    with storage_errors(folder, doing="read"):
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []
    found = [path for path in paths if is_readable(path.name) and not path.is_dir()]
    fountain = [path for path in found if suffix_of(path.name) in FOUNTAIN_SUFFIXES]
    order = list(READABLE_SUFFIXES)
    first: dict[str, Path] = {}
    for path in sorted(found, key=lambda path: order.index(suffix_of(path.name))):
        first.setdefault(path.stem, path)
    screenplays = fountain or [path for path in found if first[path.stem] == path]
    passed_over = []
    for path in paths:
        name = path.relative_to(project.root).as_posix()
        if path in screenplays or (path.is_dir() and not is_readable(path.name)):
            continue
        if path.is_dir():
            why = "a folder: compress it to a zip file of that name, or put the text in it here"
        elif is_readable(path.name):
            other = fountain[0] if fountain else first[path.stem]
            why = f"{other.name} is read instead: keep one of them here"
        else:
            why = remedy_for(path.name)
        passed_over.append(f"{name} is not read: {why}")
    return SourceFolder(screenplays=tuple(screenplays), passed_over=tuple(passed_over))


class StoryFiles:
    """Reads every file once, when it is first asked for. Implements ``core.story.Story``.

    Args:
        project: The project.

    Attributes:
        has_beat_ids: Whether the outline that was read gives ids to its beats. A breakdown's does not.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.has_beat_ids = False
        self._reading = Reading.PLAIN
        self._stored: dict[Path, str] = {}
        self._imported: dict[Path, ImportedScreenplay] = {}

    def read_as(self, reading: Reading) -> Self:
        """Return the same story, its texts read in another way."""
        view = copy.copy(self)
        view._reading = reading  # noqa: SLF001 - a copy of this
        for name in _TEXTS:
            view.__dict__.pop(name, None)
        return view

    @cached_property
    def metadata(self) -> Metadata:
        """``metadata.yaml``, with the number of treatments that was asked for last."""
        metadata = self.project.metadata()
        if self.choice.variants is None:
            return metadata
        return metadata.model_copy(update={"story": metadata.story.model_copy(update={"treatments": self.choice.variants})})

    @cached_property
    def choice(self) -> TreatmentChoice:
        """``story/treatments/choice.yaml``."""
        path = self.choice_path
        return load_document(path, TreatmentChoice, root=self.project.root) if path.is_file() else TreatmentChoice()

    @property
    def choice_path(self) -> Path:
        """Where the choice of a treatment is."""
        return self.project.treatments_dir / "choice.yaml"

    @cached_property
    def brief(self) -> Source:
        """``story/00_brief.md``; empty text if there is none."""
        source = self.source(self.project.brief_path)
        if self._reading != Reading.WORDS or is_fountain(source):
            return source
        return source.model_copy(update={"text": without_wraps(without_comments(source))})

    @cached_property
    def screenplays(self) -> tuple[Source, ...]:
        """The screenplays that a person brought along, as Fountain, in name order.

        Raises:
            InvalidFileError: If one is broken, or not what its name says.
        """
        return tuple(source for source in self._sources if not _is_no_screenplay(source))

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The files in ``story/source`` that are not read, each with the reason and what to do."""
        empty = (remark for source in self._sources if _is_no_screenplay(source) for remark in source.remarks)
        return (*self._source_folder.passed_over, *empty)

    @cached_property
    def _source_folder(self) -> SourceFolder:
        return source_folder(self.project)

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        return tuple(map(self._screenplay, self._source_folder.screenplays))

    def _screenplay(self, path: Path) -> Source:
        name = self.relative(path)
        if path not in self._imported:
            self._imported[path] = read_screenplay_file(name, read_bytes(path))
        read = self._imported[path]
        # Lines that errors name are those of the Fountain text: they can be counted in the file only if it is Fountain.
        shown = name if suffix_of(name) in FOUNTAIN_SUFFIXES else f"{name} (as Fountain)"
        return Source(name=shown, text=self._as_read(read.text, is_fountain=True), remarks=read.remarks)

    @cached_property
    def bible(self) -> Bible:
        """The four bible files."""
        return self.project.bible()

    @property
    def bible_proposal(self) -> BibleProposal:
        """``story/02_bible_proposal.yaml`` as it is now; empty if there is none."""
        path = self.project.bible_proposal_path
        return load_document(path, BibleProposal, root=self.project.root) if path.is_file() else BibleProposal()

    @cached_property
    def capsules(self) -> Capsules:
        """The style capsules that the project chose, in its order."""
        return load_capsules(self.project.studio, self.metadata)

    @cached_property
    def outline_source(self) -> Source:
        """``story/01_outline.yaml`` as text; empty if there is none."""
        return self.source(self.project.outline_path)

    @cached_property
    def outline(self) -> Outline:
        """``story/01_outline.yaml``, its beats numbered.

        Raises:
            NotFoundError: If there is none; names the command that writes it.
            InvalidFileError: If it does not hold what it should, or its ids do not fit together.
        """
        path = self.project.outline_path
        self._require(path, Stage.OUTLINE)
        outline = parse_document(self._text(path), Outline, name=self.relative(path))
        problem = next(id_problems(outline), None)
        if problem is not None:
            where, text = problem
            line = line_of(path, *where)
            raise InvalidFileError(f"{self.relative(path)}:{line}: {text}", file=self.relative(path), line=line)
        self.has_beat_ids = any(beat.id for act in outline.acts for scene in act.scenes for beat in scene.beats)
        return numbered_beats(outline, known=StoryLog(self.project).beats())

    @cached_property
    def treatment_source(self) -> Source:
        """``story/02_treatment.md``; empty text if there is none."""
        source = self.source(self.project.treatment_path)
        return source.model_copy(update={"text": without_wraps(source.text)}) if self._reading == Reading.WORDS else source

    @cached_property
    def treatment(self) -> str:
        """The chosen treatment.

        Raises:
            NotFoundError: If there is none; names the command that writes it.
        """
        self._require(self.project.treatment_path, Stage.TREATMENT)
        return self.treatment_source.text

    @cached_property
    def scenes(self) -> Mapping[str, Source]:
        """The scene files by scene id, in story order; empty if there are none."""
        return {scene: self.source(path) for scene, path in self.scene_paths.items()}

    @cached_property
    def scene_paths(self) -> Mapping[str, Path]:
        """The path of every scene file, by scene id, in story order.

        Raises:
            InvalidFileError: If a file's name is no scene's, or two files are of one scene.
        """
        found: dict[str, Path] = {}
        for path in sorted(self.project.scenes_dir.glob("*.fountain")):
            match = _SCENE_FILE.fullmatch(path.name)
            if match is None:
                raise InvalidFileError(
                    f"{self.relative(path)}: the name must be a scene id and a slug, such as A01_S01__kitchen.fountain",
                    path=str(path),
                )
            if match[1] in found:
                raise InvalidFileError(
                    f"{self.relative(path)}: scene {match[1]} is also in {found[match[1]].name}: remove one of them",
                    path=str(path),
                )
            found[match[1]] = path
        return {scene: found[scene] for scene in self.order.scenes_in_order(found)}

    @cached_property
    def order(self) -> StoryOrder:
        """What the outline and the shotlist say of the order of the film."""
        return self.project.story_order()

    def scenes_of(self, only: FilmId | None) -> frozenset[str] | None:
        """Return the scenes that an act has by the outline, or the one scene that is named; None for no restriction."""
        if only is None:
            return None
        part = str(only)
        return frozenset(self.order.acts_of({*self.scene_paths, *self.order.shots}).get(part, (part,)))

    @cached_property
    def shotlist(self) -> Shotlist | None:
        """``story/04_shotlist.yaml``, or None."""
        path = self.project.shotlist_path
        return parse_document(self._text(path), Shotlist, name=self.relative(path)) if path.is_file() else None

    def without(self, *, treatment: bool = False, scenes: Collection[str] = ()) -> Self:
        """Return the story as it will be while some of it is written anew: as if that was not there.

        Args:
            treatment: Leave out the treatment, and with it every scene.
            scenes: The scenes to leave out.
        """
        view = copy.copy(self)
        kept = {} if treatment else {scene: source for scene, source in self.scenes.items() if scene not in scenes}
        view.scenes = kept
        if treatment:
            view.treatment_source = self.treatment_source.model_copy(update={"text": ""})
        return view

    def without_outline(self) -> Self:
        """Return the story as it will be while its outline is written anew: as if there was only what comes before."""
        view = self.without(treatment=True)
        view.outline_source = self.outline_source.model_copy(update={"text": ""})
        return view

    def source(self, path: Path) -> Source:
        """Return a text file; empty if there is none."""
        return Source(name=self.relative(path), text=self._text(path) if path.is_file() else "")

    def _text(self, path: Path) -> str:
        """Return what a file says; all readings of a story are of the same moment."""
        if path not in self._stored:
            self._stored[path] = read_text(path, root=self.project.root)
        text = self._stored[path]
        return self._as_read(text, is_fountain=is_screenplay(path))

    def _as_read(self, text: str, *, is_fountain: bool) -> str:
        if self._reading == Reading.STORED:
            return text
        if self._reading in (Reading.LF, Reading.CRLF):
            return ("\n" if self._reading == Reading.LF else "\r\n").join(raw_lines(text))
        return plain_form(text, is_fountain=is_fountain)

    def relative(self, path: Path) -> str:
        """Return how a file of the project is called."""
        return path.relative_to(self.project.root).as_posix()

    def _require(self, path: Path, stage: Stage) -> None:
        if not path.is_file():
            message = f"{self.relative(path)} is missing: run `vtx story {stage} {self.project.slug}` first"
            raise NotFoundError(message, path=str(path))


def _is_no_screenplay(source: Source) -> bool:
    """Say whether a text turned out to be something else, such as notes. An empty Fountain file is a mistake, and an error."""
    return not source.text and suffix_of(source.name) not in FOUNTAIN_SUFFIXES
