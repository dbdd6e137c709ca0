"""The studio and its projects as folders: where each file is, and what the files that people write hold."""

import difflib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Self

from pydantic import ValidationError

from vtx_dagster.core.bible import Bible, Characters, Locations, LoraBundles, StyleBible
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import (
    AlreadyExistsError,
    InvalidFileError,
    InvalidRequestError,
    MissingInputError,
    NotFoundError,
    StorageError,
)
from vtx_dagster.core.film_order import FilmOrder, StoryOrder
from vtx_dagster.core.ids import ACT_PATTERN, CLIP_PATTERN, SLUG_PATTERN, checked_slug
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.screenplay_formats import is_readable, remedy_for
from vtx_dagster.studio.documents import D, line_of, load_document
from vtx_dagster.studio.files import read_bytes, storage_errors, write_atomic
from vtx_dagster.studio.problems import model_problems
from vtx_dagster.studio.settings import Settings
from vtx_dagster.studio.story_order import story_order
from vtx_dagster.studio.template import PROJECT_FOLDERS, project_files, studio_files

_MAX_ID_CHARS = 64
_YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Studio:
    """A studio folder.

    Attributes:
        root: Its absolute path.
        environ: The process environment, from which settings may come.
    """

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(cls, root: Path, environ: Mapping[str, str]) -> Self:
        """Return the studio in a folder.

        Raises:
            NotFoundError: If the folder is no studio: it has no ``config`` and ``projects``.
        """
        studio = cls(root=root.absolute(), environ=environ)
        with storage_errors(studio.root, doing="read"):
            is_studio = (studio.root / "config").is_dir() and studio.projects_dir.is_dir()
        if not is_studio:
            raise NotFoundError(f"{root} is not a studio folder: make one with `vtx init {root}`", path=str(root))
        return studio

    @classmethod
    def init(cls, root: Path, environ: Mapping[str, str] | None = None) -> Self:
        """Make a folder a studio, and return it. What is there already is left as it is.

        Raises:
            StorageError: If the disk refuses.
        """
        studio = cls(root=root.absolute(), environ=environ or {})
        with storage_errors(studio.projects_dir, doing="make"):
            studio.projects_dir.mkdir(parents=True, exist_ok=True)
        for name, text in studio_files().items():
            if not (studio.root / name).exists():
                write_atomic(studio.root / name, text)
        return studio

    @property
    def projects_dir(self) -> Path:
        """The folder with one folder per project."""
        return self.root / "projects"

    @property
    def library_dir(self) -> Path:
        """The folder of what all projects share: style capsules, pictures and other inputs."""
        return self.root / "library"

    def settings(self) -> Settings:
        """Return the settings that hold for no project in particular.

        Raises:
            InvalidFileError: If a file in ``config`` is malformed.
        """
        return Settings.load(self.root, None, self.environ)

    def slugs(self) -> tuple[str, ...]:
        """Return the slugs of all projects, sorted: the folders in ``projects`` that are named like one.

        A link counts whatever it leads to, so that a project on a disk that is not there now is not taken for removed.

        Raises:
            StorageError: If the folder cannot be read.
        """
        with storage_errors(self.projects_dir, doing="read"), os.scandir(self.projects_dir) as entries:
            found = [entry for entry in entries if re.fullmatch(SLUG_PATTERN, entry.name)]
            return tuple(sorted(entry.name for entry in found if entry.is_symlink() or entry.is_dir()))

    def project(self, slug: str) -> "Project":
        """Return one project.

        Raises:
            InvalidRequestError: If the slug could not be one, or its folder is a link that leads out of the studio.
            NotFoundError: If there is no such project; suggests the nearest.
        """
        project = Project(studio=self, slug=checked_slug(slug))
        with storage_errors(project.root, doing="read"):
            is_there = project.root.is_dir()
        if not is_there and project.root.is_symlink():
            message = f"{project.root} is a link to a folder that is not there: mount its disk, or remove the link"
            raise NotFoundError(message, project=slug, path=str(project.root))
        if not is_there:
            slugs = self.slugs()
            near = difflib.get_close_matches(slug, slugs, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"make it with `vtx projects new {slug} --title TITLE`"
            raise NotFoundError(f"there is no project {slug!r} in {self.root}: {hint}", project=slug)
        if project.root.is_symlink() and not project.root.resolve().is_relative_to(self.root.resolve()):
            message = f"{project.root} is a link that leads out of the studio: move the folder here instead"
            raise InvalidRequestError(message, project=slug, path=str(project.root))
        return project

    def create_project(
        self,
        slug: str,
        *,
        title: str,
        logline: str = "",
        author: str = "",
        screenplay: Path | None = None,
        files: Mapping[str, str] | None = None,
    ) -> "Project":
        """Make a new project from the template, wholly or not at all, and return it.

        Args:
            slug: Its folder name.
            title: Its title, 1 to 200 characters.
            logline: What it is about, in a line.
            author: Who wrote it.
            screenplay: A file of any format that is read, copied to ``story/source`` as it is.
            files: Texts that replace those of the template, or are added to them, by path in the project.

        Raises:
            InvalidRequestError: If slug, title or the screenplay's name is not usable.
            AlreadyExistsError: If there is a folder of that name.
            NotFoundError, InvalidFileError: If the screenplay is missing, not a regular file or far too large.
            StorageError: If the disk refuses.
        """
        project = Project(studio=self, slug=checked_slug(slug))
        try:
            given = {**project_files(Metadata(title=title, logline=logline, author=author)), **(files or {})}
        except ValidationError as error:
            problem = next(model_problems(error))
            raise InvalidRequestError(f"{'.'.join(map(str, problem.path))}: {problem.text}", project=slug) from error
        contents: dict[str, bytes | str] = dict(given)
        if screenplay is not None:
            if not is_readable(screenplay.name):
                remedy = remedy_for(screenplay.name) or "its name begins with a dot, which hides it: rename it"
                raise InvalidRequestError(f"{screenplay} cannot be a project's screenplay: {remedy}", path=str(screenplay))
            contents[f"story/source/{screenplay.name}"] = read_bytes(screenplay)
        if project.root.exists() or project.root.is_symlink():
            raise _project_exists(project)
        new = self.projects_dir / f".new-{slug}-{secrets.token_hex(4)}"
        try:
            with storage_errors(project.root, doing="make"):
                for folder in PROJECT_FOLDERS:
                    (new / folder).mkdir(parents=True, exist_ok=True)
                for name, content in contents.items():
                    write_atomic(new / name, content)
                _rename_folder(new, project)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return project


def _rename_folder(new: Path, project: "Project") -> None:
    try:
        new.rename(project.root)
    except OSError as error:
        if project.root.exists():
            raise _project_exists(project) from error
        raise


def _project_exists(project: "Project") -> AlreadyExistsError:
    message = f"{project.root} exists already: choose another slug, or move it away"
    return AlreadyExistsError(message, project=project.slug, path=str(project.root))


@dataclass(frozen=True, kw_only=True)
class Project:
    """One film project: paths are joined, not looked up, so that asking for 90,000 of them is cheap."""

    studio: Studio
    slug: str

    @cached_property
    def root(self) -> Path:
        """The project's folder."""
        return self.studio.projects_dir / self.slug

    @property
    def metadata_path(self) -> Path:
        """``metadata.yaml``."""
        return self.root / "metadata.yaml"

    @property
    def env_path(self) -> Path:
        """``project.env``."""
        return self.root / "project.env"

    @property
    def story_dir(self) -> Path:
        """The folder of the story files."""
        return self.root / "story"

    @property
    def brief_path(self) -> Path:
        """``story/00_brief.md``."""
        return self.root / "story/00_brief.md"

    @property
    def source_dir(self) -> Path:
        """Where screenplays that were brought along are."""
        return self.root / "story/source"

    @property
    def outline_path(self) -> Path:
        """``story/01_outline.yaml``."""
        return self.root / "story/01_outline.yaml"

    @property
    def treatment_path(self) -> Path:
        """``story/02_treatment.md``."""
        return self.root / "story/02_treatment.md"

    @property
    def treatments_dir(self) -> Path:
        """Where treatments to choose from are, and which of them was chosen."""
        return self.root / "story/treatments"

    @property
    def bible_proposal_path(self) -> Path:
        """``story/02_bible_proposal.yaml``."""
        return self.root / "story/02_bible_proposal.yaml"

    @property
    def scenes_dir(self) -> Path:
        """Where one Fountain file per scene is."""
        return self.root / "story/03_screenplay"

    @property
    def shotlist_path(self) -> Path:
        """``story/04_shotlist.yaml``."""
        return self.root / "story/04_shotlist.yaml"

    @property
    def style_path(self) -> Path:
        """``prompts/style_bible.yaml``."""
        return self.root / "prompts/style_bible.yaml"

    @property
    def characters_path(self) -> Path:
        """``prompts/characters.yaml``."""
        return self.root / "prompts/characters.yaml"

    @property
    def locations_path(self) -> Path:
        """``prompts/locations.yaml``."""
        return self.root / "prompts/locations.yaml"

    @property
    def loras_path(self) -> Path:
        """``prompts/loras.yaml``."""
        return self.root / "prompts/loras.yaml"

    @property
    def clips_dir(self) -> Path:
        """Where one YAML file per clip is."""
        return self.root / "prompts/clips"

    @property
    def inputs_dir(self) -> Path:
        """Where stills and videos that clips start from are."""
        return self.root / "inputs"

    @property
    def plans_dir(self) -> Path:
        """Where the resolved render plans are."""
        return self.root / "renders/plans"

    @property
    def takes_dir(self) -> Path:
        """Where every take is, one folder per clip."""
        return self.root / "renders/takes"

    @property
    def current_dir(self) -> Path:
        """Where the current take of every clip is, by the clip's name."""
        return self.root / "renders/clips"

    @property
    def acts_dir(self) -> Path:
        """Where the assembled acts are."""
        return self.root / "renders/acts"

    @property
    def final_dir(self) -> Path:
        """Where the film is."""
        return self.root / "renders/final"

    @property
    def film_path(self) -> Path:
        """The film."""
        return self.root / f"renders/final/{self.slug}__final.mp4"

    @property
    def locks_dir(self) -> Path:
        """Where lock files are."""
        return self.root / "renders/.locks"

    @property
    def scratch_dir(self) -> Path:
        """Where unfinished renders are."""
        return self.root / "renders/.scratch"

    @property
    def logs_dir(self) -> Path:
        """Where logs of assemblies are."""
        return self.root / "logs"

    @property
    def notes_dir(self) -> Path:
        """Where review notes are."""
        return self.root / "review/notes"

    def clip_spec_path(self, clip: str) -> Path:
        """Return where a clip's YAML is."""
        return self.root / f"prompts/clips/{clip}.yaml"

    def plan_path(self, clip: str) -> Path:
        """Return where a clip's resolved plan is."""
        return self.root / f"renders/plans/{clip}.json"

    def current_path(self, clip: str) -> Path:
        """Return where a clip's current take is."""
        return self.root / f"renders/clips/{clip}.mp4"

    def act_path(self, act: str) -> Path:
        """Return where an assembled act is.

        Raises:
            InvalidRequestError: If that is no act id.
        """
        return self.root / f"renders/acts/{_checked_id(act, ACT_PATTERN, 'an act id such as A01')}.mp4"

    def settings(self) -> Settings:
        """Return the project's settings, as they were when this object was first asked for them.

        Raises:
            InvalidFileError: If one of the files is malformed.
        """
        return self._settings

    @cached_property
    def _settings(self) -> Settings:
        return Settings.load(self.studio.root, self.root, self.studio.environ)

    def metadata(self) -> Metadata:
        """Return what ``metadata.yaml`` says.

        Raises:
            NotFoundError: If there is none.
            InvalidFileError: If it is not valid.
        """
        try:
            return load_document(self.metadata_path, Metadata, root=self.root)
        except NotFoundError as error:
            message = f"{self.metadata_path} is missing: write one with at least 'title: ...'"
            raise NotFoundError(message, project=self.slug, path=str(self.metadata_path)) from error

    def bible(self) -> Bible:
        """Return the four bible files; one that does not exist is empty.

        Raises:
            InvalidFileError: If one is not valid.
        """
        return Bible(
            style=self._optional(self.style_path, StyleBible),
            characters=self._optional(self.characters_path, Characters),
            locations=self._optional(self.locations_path, Locations),
            loras=self._optional(self.loras_path, LoraBundles),
        )

    def film(self) -> FilmOrder:
        """Return the clips of the film in their order, as outline and shotlist have it, with their scenes and acts.

        Raises:
            InvalidFileError: If outline or shotlist is not valid, or a YAML file of a clip is not named after one.
            StorageError: If the disk refuses.
        """
        return FilmOrder.of(self.story_order(), self.spec_ids())

    def story_order(self) -> StoryOrder:
        """Return what outline and shotlist say of the order; errors as of ``film``."""
        return story_order(self.root, outline=self.outline_path, shotlist=self.shotlist_path)

    def clip_ids(self) -> tuple[str, ...]:
        """Return the ids of the clips of the film in their order; errors as of ``film``."""
        return self.film().clips

    def spec_ids(self) -> tuple[str, ...]:
        """Return the ids of all clips that have a file, by its name, sorted as text; those that are set aside are among them.

        Raises:
            InvalidFileError: If a YAML file there is not named after a clip.
            StorageError: If the folder cannot be read.
        """
        try:
            with storage_errors(self.clips_dir, doing="read"), os.scandir(self.clips_dir) as entries:
                names = [entry.name for entry in entries if entry.name.endswith(_YAML_SUFFIXES) and entry.name[0] != "."]
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return ()
            raise
        clips = [name.removesuffix(".yaml") for name in names]
        for clip in clips:
            if not _is_id(clip, CLIP_PATTERN):
                file = f"prompts/clips/{clip}" if clip.endswith(".yml") else f"prompts/clips/{clip}.yaml"
                message = f"{file}:1: this is not the name of a clip: rename it like A01_S01_SH010.yaml, or move it away"
                raise InvalidFileError(message, file=file, line=1, project=self.slug)
        return tuple(sorted(clips))

    def clip_spec(self, clip: str) -> ClipSpec:
        """Return what a clip's file says.

        Raises:
            InvalidRequestError: If that is no clip id.
            NotFoundError: If the clip has no file; suggests the nearest.
            InvalidFileError: If the file is not valid, or has another clip's id in it.
        """
        path = self.clip_spec_path(_checked_id(clip, CLIP_PATTERN, "a clip id such as A01_S01_SH010"))
        try:
            spec = load_document(path, ClipSpec, root=self.root)
        except NotFoundError as error:
            near = difflib.get_close_matches(clip, self.spec_ids(), n=1)
            hint = f"did you mean {near[0]}?" if near else f"`vtx story clips {self.slug}` writes the files of a shotlist"
            message = f"{self.slug} has no clip {clip}: {hint}"
            raise NotFoundError(message, project=self.slug, clip=clip) from error
        if spec.id != clip:
            file, line = f"prompts/clips/{clip}.yaml", line_of(path, "id")
            message = f"{file}:{line}: id: {spec.id!r} does not match the name of the file: make the two the same"
            raise InvalidFileError(message, file=file, line=line, path="id", project=self.slug, clip=clip)
        return spec

    def input_path(self, relative: str) -> Path:
        """Return where a file that a clip names is looked for: ``library/...`` in the studio, all else in the project."""
        return (self.studio.root if _is_shared(relative) else self.root) / relative

    def resolve_input(self, relative: str) -> Path:
        """Return the path of a file that a clip names.

        Args:
            relative: Path in the project's folder, or ``library/...`` in the studio's library; with ``/``.

        Raises:
            InvalidRequestError: If it is absolute, goes up with ``..``, or is a link that leads out of project or library.
            MissingInputError: If there is no such file.
        """
        parts = PurePosixPath(relative).parts
        if not parts or parts[0] == "/" or ".." in parts or not relative.isprintable():
            message = f"{relative!r} is not a path inside the project: write it like inputs/still.png or library/still.png"
            raise InvalidRequestError(message, project=self.slug, path=relative)
        path = self.input_path(relative)
        place, folder = ("library", self.studio.library_dir) if _is_shared(relative) else ("project", self.root)
        try:
            real = path.resolve(strict=True)
            is_file = stat.S_ISREG(real.stat().st_mode)
        except (OSError, RuntimeError) as error:  # Python 3.11 and 3.12 raise RuntimeError where links go round in circles
            message = f"{relative} is missing in the {place}: put the file there, or correct the clip"
            raise MissingInputError(message, project=self.slug, path=relative) from error
        if not real.is_relative_to(folder.resolve()):
            message = f"{relative} is a link that leads out of the {place}: copy the file into it"
            raise InvalidRequestError(message, project=self.slug, path=relative)
        if not is_file:
            raise MissingInputError(f"{relative} in the {place} is not a file: name one", project=self.slug, path=relative)
        return path

    def produces_in_acts(self) -> bool:
        """Say whether the film is cut act by act: by ``metadata.yaml``, else by ``VTX_PRODUCE_IN_ACTS``."""
        chosen = self.metadata().produce_in_acts
        return self.settings().flag("VTX_PRODUCE_IN_ACTS", default=False) if chosen is None else chosen

    def _optional(self, path: Path, model: type[D]) -> D:
        try:
            return load_document(path, model, root=self.root)
        except NotFoundError:
            return model()


def _is_shared(relative: str) -> bool:
    return PurePosixPath(relative).parts[:1] == ("library",)


def _is_id(text: str, pattern: str) -> bool:
    return len(text) <= _MAX_ID_CHARS and text.isascii() and re.fullmatch(pattern, text) is not None


def _checked_id(text: str, pattern: str, what: str) -> str:
    if not _is_id(text, pattern):
        raise InvalidRequestError(f"{text[:_MAX_ID_CHARS]!r} is not {what}", id=text[:_MAX_ID_CHARS])
    return text
