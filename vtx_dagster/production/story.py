"""The stages of the story: from brief or screenplay to shotlist and clip specs.

Written by hand wins: a file that a person wrote or edited is adopted and never overwritten unless asked. A stage is current
when it last ran on what its sources say now; the hash of those sources is kept in ``story/.stages.json``.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.coverage import CoverageReport, prove_coverage
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.planner import Stage, StoryRecord
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import Source, StoryContext, StoryWriter
from vtx_dagster.engines.breakdown.cast import missing_bible_entries
from vtx_dagster.engines.breakdown.fountain import parse_scene
from vtx_dagster.studio.documents import add_entries, dump_document, load_document
from vtx_dagster.studio.files import hash_file, read_text, write_atomic
from vtx_dagster.studio.ledger import FileState, Ledger, remove_generated, write_generated
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project

STORY_STAGES = (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY, Stage.SHOTLIST)

_SCENE_FILE = re.compile(r"(A\d{2,}_S\d{2,})__.*\.fountain")
_COMMENTS_AND_HEADINGS = re.compile(r"<!--.*?-->|^\s*#[^\n]*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenStage:
    """What a story stage did.

    Attributes:
        path: The stage's file or folder.
        text: What it now says, for a person to look at.
        written: Files that were written or removed.
        kept: Files that a person wrote or edited and that were left as they are.
        notes: What the author should know.
        coverage: The proof that the shots cover the screenplay; of the shotlist only.
    """

    stage: Stage
    path: Path
    text: str
    is_markdown: bool
    writer: str
    written: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: CoverageReport | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text: the stage's data version."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class StoryDesk:
    """Runs the story stages of one project with one writer.

    Args:
        project: The project.
        writer: Who writes what is missing.
    """

    def __init__(self, project: Project, writer: StoryWriter) -> None:
        self._project = project
        self._writer = writer

    @property
    def _generator(self) -> str:
        return f"{self._writer.identity.name} {self._writer.identity.version}"

    def records(self) -> tuple[StoryRecord, ...]:
        """Return for every stage that the project has sources or files for whether it is current, and why not."""
        found = []
        stages = self._stage_hashes()
        for stage in STORY_STAGES:
            outputs = self._outputs(stage)
            if not outputs and not self._has_sources(stage):
                continue
            reason = self._due(stage, outputs, stages)
            found.append(StoryRecord(stage=stage, is_current=not reason, reason=reason))
        return tuple(found)

    def run(self, stage: Stage, *, only: FilmId | None = None, overwrite: bool = False) -> WrittenStage:
        """Run one stage on what its sources say now.

        Args:
            stage: One of ``STORY_STAGES``.
            only: Restrict scene files, shots and clip specs to one act or scene.
            overwrite: Replace files that a person wrote or edited, too.

        Raises:
            InvalidFileError: If a source does not hold what it should.
            NotFoundError: If a source is missing; the message names the stage that makes it.
        """
        with project_lock(self._project, "story"):
            before = self._input_hash(stage)
            written = {
                Stage.OUTLINE: self._outline,
                Stage.TREATMENT: self._treatment,
                Stage.SCREENPLAY: self._screenplay,
                Stage.SHOTLIST: self._shotlist,
            }[stage](only, overwrite=overwrite)
            if only is None:
                # What it was before, so that an edit made meanwhile is seen; but a shotlist adds stubs to its own sources.
                self._write_stage_hash(stage, self._input_hash(stage) if stage == Stage.SHOTLIST else before)
            return written

    def read(self, stage: Stage) -> WrittenStage:
        """Return a stage as it is on disk, without running it."""
        outputs = self._outputs(stage)
        path = self._project.scenes_dir if stage == Stage.SCREENPLAY else outputs[0]
        if stage == Stage.SHOTLIST:
            text = _shot_table(load_document(path, Shotlist, root=self._project.root).shots)
        else:
            text = "\n\n".join(read_text(file) for file in outputs)
        return WrittenStage(
            stage=stage,
            path=path,
            text=text,
            is_markdown=stage in (Stage.TREATMENT, Stage.SHOTLIST),
            writer=self._generator,
        )

    def write_clips(self, *, only: FilmId | None = None, overwrite: bool = False) -> WrittenStage:
        """Write the clip specs that the shotlist asks for, and remove generated ones that it no longer has.

        Returns:
            The shotlist as it stands in its file, with what was written and kept of the clip specs.
        """
        with project_lock(self._project, "story"):
            clips = self._clips(only, overwrite=overwrite)
            parsed = {scene: parse_scene(self._source(path)) for scene, path in self._scene_paths()}
            return self._shotlist_report(parsed, written=clips.written, kept=clips.kept, notes=clips.notes)

    # -- stages ---------------------------------------------------------------------------------------------------------------

    def _outline(self, _only: FilmId | None, *, overwrite: bool) -> WrittenStage:
        path = self._project.outline_path
        previous = load_document(path, Outline, root=self._project.root) if path.is_file() else None
        outline = self._writer.outline(self._context(), previous=previous)
        return self._store(Stage.OUTLINE, path, {path: dump_document(outline)}, overwrite=overwrite)

    def _treatment(self, _only: FilmId | None, *, overwrite: bool) -> WrittenStage:
        path = self._project.treatment_path
        treatment = self._writer.treatment(self._context(), self._read_outline())
        return self._store(Stage.TREATMENT, path, {path: treatment}, overwrite=overwrite)

    def _screenplay(self, only: FilmId | None, *, overwrite: bool) -> WrittenStage:
        folder = self._project.scenes_dir
        treatment = self._read(self._project.treatment_path, Stage.TREATMENT)
        scenes = self._writer.screenplay(self._context(), self._read_outline(), treatment)
        wanted = [scene for scene in scenes if only is None or only.contains(FilmId.parse(scene.scene))]
        files = {folder / f"{scene.scene}__{scene.slug}.fountain": scene.text for scene in wanted}
        gone = self._renamed_or_gone(files, all_scenes={scene.scene for scene in scenes}, only=only)
        return self._store(Stage.SCREENPLAY, folder, files, gone=gone, overwrite=overwrite)

    def _shotlist(self, only: FilmId | None, *, overwrite: bool) -> WrittenStage:
        path = self._project.shotlist_path
        context, outline, scenes = self._context(), self._read_outline(), self._read_scenes()
        previous = load_document(path, Shotlist, root=self._project.root) if path.is_file() else None
        shotlist = self._writer.shotlist(context, outline, scenes, previous=previous)
        if only is not None and previous is not None:
            shotlist = _replace_part(previous, shotlist, only)
        stored = self._store(Stage.SHOTLIST, path, {path: dump_document(shotlist)}, overwrite=overwrite)
        parsed = {scene: parse_scene(source) for scene, source in scenes.items()}
        notes = self._add_stubs(parsed, context.bible)
        clips = self._clips(only, overwrite=overwrite)
        return self._shotlist_report(
            parsed,
            written=(*stored.written, *clips.written),
            kept=(*stored.kept, *clips.kept),
            notes=(*stored.notes, *notes, *clips.notes),
        )

    def _shotlist_report(
        self, parsed: Mapping[str, SceneText], *, written: tuple[Path, ...], kept: tuple[Path, ...], notes: tuple[str, ...]
    ) -> WrittenStage:
        path = self._project.shotlist_path
        shotlist = load_document(path, Shotlist, root=self._project.root)
        return WrittenStage(
            stage=Stage.SHOTLIST,
            path=path,
            text=_shot_table(shotlist.shots),
            is_markdown=True,
            writer=self._generator,
            written=written,
            kept=kept,
            notes=notes,
            coverage=prove_coverage(parsed, shotlist),
        )

    def _clips(self, only: FilmId | None, *, overwrite: bool) -> WrittenStage:
        path = self._project.shotlist_path
        if not path.is_file():
            raise NotFoundError(
                f"{self._relative(path)} is missing: run `vtx story shotlist {self._project.slug}` first", path=str(path)
            )
        shotlist = load_document(path, Shotlist, root=self._project.root)
        shots = [shot for shot in shotlist.shots if only is None or only.contains(FilmId.parse(shot.id))]
        files = {self._project.clip_spec_path(shot.id): dump_document(shot_to_clip(shot)) for shot in shots}
        listed = {shot.id for shot in shotlist.shots}
        gone = [
            self._project.clip_spec_path(clip)
            for clip in self._project.clip_ids()
            if clip not in listed and (only is None or only.contains(FilmId.parse(clip)))
        ]
        stored = self._store(Stage.SHOTLIST, self._project.clips_dir, files, gone=gone, overwrite=overwrite)
        if only is None:
            self._write_stage_hash("clips", self._input_hash("clips"))
        return stored

    # -- files ----------------------------------------------------------------------------------------------------------------

    def _store(
        self, stage: Stage, path: Path, files: Mapping[Path, str], *, gone: Iterable[Path] = (), overwrite: bool
    ) -> WrittenStage:
        changed = write_generated(
            self._project, files, generator=self._generator, input_hash=self._input_hash(stage), overwrite=overwrite
        )
        removed = remove_generated(self._project, gone)
        kept = tuple(file for file in files if file not in changed and read_text(file) != files[file])
        orphans = tuple(file for file in gone if file not in removed)
        notes = [f"{self._relative(file)} was written or edited by hand and is kept (--overwrite replaces it)" for file in kept]
        notes += [f"{self._relative(file)} is not in the story any more, but was edited by hand and is kept" for file in orphans]
        text = read_text(path) if path.is_file() else "\n\n".join(read_text(file) for file in sorted(files))
        return WrittenStage(
            stage=stage,
            path=path,
            text=text,
            is_markdown=path.suffix == ".md",
            writer=self._generator,
            written=(*changed, *removed),
            kept=(*kept, *orphans),
            notes=tuple(notes),
        )

    def _renamed_or_gone(self, files: Mapping[Path, str], *, all_scenes: set[str], only: FilmId | None) -> list[Path]:
        """Return scene files that no scene has any more: of a scene that is gone, or under a name that it had before."""
        gone = []
        for scene, path in self._scene_paths():
            in_part = only is None or only.contains(FilmId.parse(scene))
            if in_part and path not in files and (scene not in all_scenes or self._ledger().state(path) == FileState.GENERATED):
                gone.append(path)
        return gone

    def _add_stubs(self, scenes: Mapping[str, SceneText], bible: Bible) -> tuple[str, ...]:
        characters, locations = missing_bible_entries(scenes, bible)
        notes = []
        for path, section, entries in (
            (self._project.characters_path, "characters", characters),
            (self._project.locations_path, "locations", locations),
        ):
            if entries:
                add_entries(path, section, entries)
                notes.append(f"added to {self._relative(path)}, to be filled in: {', '.join(entries)}")
        return tuple(notes)

    def _context(self) -> StoryContext:
        return StoryContext(
            metadata=self._project.metadata(),
            brief=self._source(self._project.brief_path),
            screenplays=tuple(self._source(path) for path in self._screenplay_paths()),
            bible=self._project.bible(),
        )

    def _source(self, path: Path) -> Source:
        return Source(name=self._relative(path), text=read_text(path) if path.is_file() else "")

    def _screenplay_paths(self) -> list[Path]:
        return sorted(self._project.source_dir.glob("*.fountain"))

    def _scene_paths(self) -> list[tuple[str, Path]]:
        """Return scene id and path of every scene file, in story order.

        Raises:
            InvalidFileError: If a file's name is no scene's, or two files are of one scene.
        """
        found: dict[str, Path] = {}
        for path in sorted(self._project.scenes_dir.glob("*.fountain")):
            match = _SCENE_FILE.fullmatch(path.name)
            if match is None:
                raise InvalidFileError(
                    f"{self._relative(path)}: the name must be a scene id and a slug, such as A01_S01__kitchen.fountain",
                    path=str(path),
                )
            if match[1] in found:
                raise InvalidFileError(
                    f"{self._relative(path)}: scene {match[1]} is also in {found[match[1]].name}: remove one of them",
                    path=str(path),
                )
            found[match[1]] = path
        return sorted(found.items(), key=lambda item: FilmId.parse(item[0]))

    def _read_scenes(self) -> dict[str, Source]:
        scenes = {scene: self._source(path) for scene, path in self._scene_paths()}
        if not scenes:
            raise NotFoundError(
                f"{self._relative(self._project.scenes_dir)} has no scene files: run `vtx story screenplay"
                f" {self._project.slug}` first",
                path=str(self._project.scenes_dir),
            )
        return scenes

    def _read_outline(self) -> Outline:
        self._read(self._project.outline_path, Stage.OUTLINE)
        return load_document(self._project.outline_path, Outline, root=self._project.root)

    def _read(self, path: Path, stage: Stage) -> str:
        if not path.is_file():
            raise NotFoundError(
                f"{self._relative(path)} is missing: run `vtx story {stage} {self._project.slug}` first", path=str(path)
            )
        return read_text(path)

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._project.root).as_posix()

    def _ledger(self) -> Ledger:
        return Ledger.load(self._project)

    # -- what is current ------------------------------------------------------------------------------------------------------

    def _outputs(self, stage: Stage) -> list[Path]:
        if stage == Stage.SCREENPLAY:
            return [path for _, path in self._scene_paths()]
        path = {
            Stage.OUTLINE: self._project.outline_path,
            Stage.TREATMENT: self._project.treatment_path,
            Stage.SHOTLIST: self._project.shotlist_path,
        }[stage]
        return [path] if path.is_file() else []

    def _has_sources(self, stage: Stage) -> bool:
        """Say whether a stage could run: it has a screenplay, a brief with words of its own, or what the stage before made."""
        if stage == Stage.OUTLINE:
            brief = self._source(self._project.brief_path).text
            return bool(self._screenplay_paths() or _COMMENTS_AND_HEADINGS.sub("", brief).strip())
        earlier = STORY_STAGES[: STORY_STAGES.index(stage)]
        return bool(self._outputs(earlier[-1])) or self._has_sources(Stage.OUTLINE)

    def _due(self, stage: Stage, outputs: list[Path], stages: Mapping[str, str]) -> str:
        if not outputs:
            return "not written yet"
        if stage == Stage.SHOTLIST and stages.get("clips") != self._input_hash("clips"):
            return "the shotlist changed since the clip specs were written"
        if stage not in stages:
            ledger = self._ledger()
            return "" if all(ledger.state(path) == FileState.WRITTEN for path in outputs) else "its sources are not known"
        if not self._has_sources(stage) or stages[stage] == self._input_hash(stage):
            return ""
        return "its sources changed"

    def _input_hash(self, stage: str) -> str:
        """Return the hash of everything that decides what a stage writes."""
        metadata = self._project.metadata()
        screenplay = [self._source(path) for path in self._screenplay_paths()]
        outline = self._source(self._project.outline_path)
        sources: dict[str, list[object]] = {
            Stage.OUTLINE: [*_format_of(metadata), self._source(self._project.brief_path), *screenplay],
            Stage.TREATMENT: [*_format_of(metadata), outline],
            Stage.SCREENPLAY: [outline, self._source(self._project.treatment_path), *screenplay],
            "clips": [self._source(self._project.shotlist_path)],
        }
        if stage == Stage.SHOTLIST:
            sources[stage] = [
                *_format_of(metadata),
                outline,
                *(self._source(path) for _, path in self._scene_paths()),
                *_names(self._project.bible()),
            ]
        digest = hashlib.sha256(self._generator.encode())
        for source in sources[stage]:
            digest.update(b"\0" + (source.model_dump_json() if isinstance(source, Source) else str(source)).encode())
        return digest.hexdigest()

    @property
    def _stages_path(self) -> Path:
        return self._project.root / "story" / ".stages.json"

    def _stage_hashes(self) -> dict[str, str]:
        if not self._stages_path.is_file():
            return {}
        try:
            hashes = json.loads(read_text(self._stages_path))
        except json.JSONDecodeError:
            return {}
        return hashes if isinstance(hashes, dict) else {}

    def _write_stage_hash(self, stage: str, input_hash: str) -> None:
        hashes = {**self._stage_hashes(), stage: input_hash}
        write_atomic(self._stages_path, json.dumps(hashes, indent=2, sort_keys=True) + "\n")


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


def _replace_part(previous: Shotlist, new: Shotlist, part: FilmId) -> Shotlist:
    """Return the previous shotlist with the shots of one act or scene taken from the new one."""
    kept = [shot for shot in previous.shots if not part.contains(FilmId.parse(shot.id))]
    replaced = [shot for shot in new.shots if part.contains(FilmId.parse(shot.id))]
    shots = sorted([*kept, *replaced], key=lambda shot: FilmId.parse(shot.id))
    return Shotlist(shots=tuple(shots), retired=new.retired)


def _shot_table(shots: Iterable[Shot]) -> str:
    """Return the shots as a Markdown table."""
    rows = ["| shot | size | move | lens | characters | action |", "|---|---|---|---|---|---|"]
    for shot in shots:
        action = " ".join(shot.action.split()).replace("|", "\\|")
        cast = ", ".join(shot.characters)
        rows.append(f"| {shot.id} | {shot.size} | {shot.move} | {shot.lens_mm} mm | {cast} | {action[:120]} |")
    return "\n".join(rows)


def brief_hash(project: Project) -> str:
    """Return the content hash of a project's brief and screenplays."""
    return _hash_of([project.brief_path, *sorted(project.source_dir.glob("*.fountain"))])


def bible_hash(project: Project) -> str:
    """Return the content hash of a project's style bible, characters, locations and LoRA bundles."""
    return _hash_of([project.style_path, project.characters_path, project.locations_path, project.loras_path])


def _hash_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.is_file():
            digest.update(f"{path.name}\0{hash_file(path)}\0".encode())
    return digest.hexdigest()
