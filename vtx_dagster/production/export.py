"""Exports: screenplay and shotlist of a project as files for other programs, in ``story/export`` or where a person wants them.

What was written is remembered by its hash, so that a later export replaces it, but never a file of someone else, or one that was
edited since.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import AlreadyExistsError, InvalidRequestError, NotFoundError
from vtx_dagster.core.export_formats import SCREENPLAY_FORMATS, SHOT_FORMATS, ExportFormat, Paper
from vtx_dagster.engines.breakdown.brief import is_fountain
from vtx_dagster.engines.export.final_draft import final_draft_xml
from vtx_dagster.engines.export.fountain import fountain_text
from vtx_dagster.engines.export.pdf import UNSHOWN, PrintedScript, printed
from vtx_dagster.engines.export.script import Script, read_script, with_scene_numbers
from vtx_dagster.engines.export.shot_table import shot_rows, shots_csv
from vtx_dagster.engines.export.web_page import screenplay_page, shots_page
from vtx_dagster.engines.frame_strip import strip
from vtx_dagster.engines.screenplay.fountain import parse_scene
from vtx_dagster.engines.screenplay.source_lines import source_lines
from vtx_dagster.engines.screenplay.title_page import read_title_page
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.files import hash_file, write_atomic
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project

_MAX_NAMED = 10
"""Characters that a remark names one by one."""


class ExportRecord(Document):
    """``story/export/.exported.json``: what was exported to where."""

    files: dict[str, str] = Field(default_factory=dict, description="SHA-256 by path: in the project, or absolute.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An exported file.

    Attributes:
        written: It holds something else than before.
        num_pages: Of a PDF, without its title page; None for other formats.
        notes: What is not in it as it was written.
    """

    path: Path
    format: ExportFormat
    size_bytes: int
    written: bool
    num_pages: int | None = None
    notes: tuple[str, ...] = ()


def export_screenplay(
    project: Project,
    file_format: ExportFormat,
    *,
    output: Path | None = None,
    paper: Paper = Paper.LETTER,
    scene_numbers: bool = False,
    notes: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write the whole screenplay into one file.

    Args:
        project: The project; its scene files are what is exported.
        file_format: One of ``SCREENPLAY_FORMATS``.
        output: The file; ``story/export/<slug>.<suffix>`` if None.
        paper: Of a PDF.
        scene_numbers: Number the scenes, unless their author did.
        notes: With notes and synopses.
        overwrite: Replace a file that is no export, or was edited since.

    Raises:
        NotFoundError: If there are no scenes yet; names the command that writes them.
        InvalidRequestError: If the format is none of a screenplay, or ``output`` is a folder.
        InvalidFileError: If a scene file cannot be read.
        AlreadyExistsError: If there is a file that is not to be replaced.
        StorageError: If the disk refuses.
    """
    _check_format(file_format, SCREENPLAY_FORMATS, "screenplay")
    story = StoryFiles(project)
    if not story.scenes:
        where, command = story.relative(project.scenes_dir), f"vtx story screenplay {project.slug}"
        raise NotFoundError(f"{where} has no scene files to export: run `{command}` first", path=str(project.scenes_dir))
    outline = story.outline if story.outline_source.text else None
    entries = _title_page_entries(story)
    script = read_script(story.scenes, metadata=story.metadata, outline=outline, entries=entries, notes=notes)
    if scene_numbers:
        script = with_scene_numbers(script)
    pdf = printed(script, paper=paper) if file_format == ExportFormat.PDF else None
    data = pdf.data if pdf else _screenplay_bytes(script, file_format)
    path = output or _export_dir(project) / f"{project.slug}.{file_format}"
    return Exported(
        path=path,
        format=file_format,
        size_bytes=len(data),
        written=_write(project, path, data, overwrite=overwrite),
        num_pages=pdf.num_pages if pdf else None,
        notes=_unshown_notes(pdf) if pdf else (),
    )


def export_shots(
    project: Project,
    file_format: ExportFormat,
    *,
    output: Path | None = None,
    pictures: bool = False,
    overwrite: bool = False,
) -> Exported:
    """Write the shotlist as a table.

    Args:
        project: The project.
        file_format: One of ``SHOT_FORMATS``.
        output: The file; ``story/export/<slug>_shots.<suffix>`` if None.
        pictures: Show three frames of every clip that is rendered; HTML only.
        overwrite: As in ``export_screenplay``.

    Raises:
        NotFoundError: If there are no shots yet; names the command that writes them.
        VerificationError: If a picture is wanted of a clip that cannot be read.
        InvalidRequestError, InvalidFileError, AlreadyExistsError, StorageError: As in ``export_screenplay``.
    """
    _check_format(file_format, SHOT_FORMATS, "shotlist")
    story = StoryFiles(project)
    if story.shotlist is None or not story.shotlist.shots:
        where, command = story.relative(project.shotlist_path), f"vtx story shotlist {project.slug}"
        raise NotFoundError(f"{where} has no shots to export: run `{command}` first", path=str(project.shotlist_path))
    headings = {scene: parse_scene(source).heading for scene, source in story.scenes.items()}
    rows = shot_rows(story.shotlist, headings=headings, bible=story.bible, metadata=story.metadata)
    if file_format == ExportFormat.CSV:
        data = shots_csv(rows)
    else:
        shown = _pictures(project, [row.shot for row in rows]) if pictures else {}
        data = shots_page(story.metadata.title, rows, pictures=shown).encode()
    path = output or _export_dir(project) / f"{project.slug}_shots.{file_format}"
    written = _write(project, path, data, overwrite=overwrite)
    return Exported(path=path, format=file_format, size_bytes=len(data), written=written)


def _check_format(file_format: ExportFormat, known: tuple[ExportFormat, ...], what: str) -> None:
    if file_format not in known:
        raise InvalidRequestError(f"a {what} cannot be exported as {file_format}: choose one of {', '.join(known)}")


def _title_page_entries(story: StoryFiles) -> Mapping[str, str]:
    """Return the title page of the first screenplay that has one, or of a brief that is one; empty without."""
    sources = story.screenplays or ((story.brief,) if is_fountain(story.brief) else ())
    pages = (read_title_page(source_lines(source.text).lines)[0] for source in sources)
    return next(filter(None, pages), {})


def _screenplay_bytes(script: Script, file_format: ExportFormat) -> bytes:
    if file_format == ExportFormat.FDX:
        return final_draft_xml(script)
    return (fountain_text(script) if file_format == ExportFormat.FOUNTAIN else screenplay_page(script)).encode()


def _unshown_notes(pdf: PrintedScript) -> tuple[str, ...]:
    if not pdf.unshown:
        return ()
    named = [f"{letter} (U+{ord(letter):04X}, {times} times)" for letter, times in pdf.unshown.items()]
    rest = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    return (
        f"the PDF shows {UNSHOWN} for characters that it cannot set: {', '.join(named[:_MAX_NAMED])}{rest};"
        " the other formats have them",
    )


def _pictures(project: Project, shots: list[str]) -> Mapping[str, bytes]:
    clips = {shot: project.current_path(shot) for shot in shots}
    return {shot: strip(path) for shot, path in clips.items() if path.is_file()}


def _export_dir(project: Project) -> Path:
    return project.story_dir / "export"


def _write(project: Project, path: Path, data: bytes, *, overwrite: bool) -> bool:
    """Write an export and remember it; say whether the file holds something else now."""
    if path.is_dir():
        raise InvalidRequestError(f"{path} is a folder: name the file to write", path=str(path))
    record_path = _export_dir(project) / ".exported.json"
    with project_lock(project, "export"):
        record = load_document(record_path, ExportRecord, root=project.root) if record_path.is_file() else ExportRecord()
        key = _key(project, path.absolute())
        new = hashlib.sha256(data).hexdigest()
        old = hash_file(path) if path.is_file() else None
        if old not in (None, new, record.files.get(key)) and not overwrite:
            message = f"{path} exists, and is no export or was edited since: name another file, or replace it with --overwrite"
            raise AlreadyExistsError(message, path=str(path))
        if old != new:
            write_atomic(path, data)
        if record.files.get(key) != new:
            files = dict(sorted({**record.files, key: new}.items()))
            write_atomic(record_path, ExportRecord(files=files).model_dump_json(indent=1) + "\n")
        return old != new


def _key(project: Project, path: Path) -> str:
    return path.relative_to(project.root).as_posix() if path.is_relative_to(project.root) else str(path)
