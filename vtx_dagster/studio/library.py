"""The style library: capsules that all projects of a studio share, over the presets of the package.

A studio's capsule ``library/visual/super8.yaml`` takes the place of the preset of that name as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, TypeVar

from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import InvalidFileError, MissingInputError, NotFoundError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.studio.documents import line_of, load_document
from vtx_dagster.studio.files import storage_errors
from vtx_dagster.studio.project import Studio

Kind = Literal["writing", "visual"]
C = TypeVar("C", WritingCapsule, VisualCapsule)

PRESETS_DIR = Path(__file__).parent / "presets"
"""Where the package's own capsules are, in a folder per kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCapsule:
    """A capsule that projects can choose.

    Attributes:
        source: Whose file it is; a studio's hides the preset of the same key.
    """

    kind: Kind
    key: str
    source: Literal["studio", "preset"]
    capsule: WritingCapsule | VisualCapsule


def load_capsules(studio: Studio, metadata: Metadata) -> Capsules:
    """Return the capsules that a project chose, in its order, each once.

    Raises:
        NotFoundError: If there is no capsule of a name; suggests the nearest.
        InvalidFileError: If one is not valid, or names a picture outside the library.
        MissingInputError: If a picture that one names is not there.
    """
    writing = {key: _load(studio, "writing", key, WritingCapsule) for key in metadata.story.writing}
    return Capsules(writing=writing, visual=load_visual_capsules(studio, metadata).visual)


def load_visual_capsules(studio: Studio, metadata: Metadata) -> Capsules:
    """Return the looks alone that a project chose: all that decides a clip. What is wrong with its words stops no render.

    Raises:
        NotFoundError: If there is no look of a name; suggests the nearest.
        InvalidFileError: If one is not valid, or names a picture outside the library.
        MissingInputError: If a picture that one names is not there.
    """
    return Capsules(visual={key: _load(studio, "visual", key, VisualCapsule) for key in metadata.story.visual})


def list_capsules(studio: Studio) -> tuple[ListedCapsule, ...]:
    """Return all capsules: writing first, then visual, each by key.

    Raises:
        InvalidFileError: As ``load_capsules``.
        MissingInputError: As ``load_capsules``.
        StorageError: If a folder cannot be read.
    """
    return (*_listed(studio, "writing", WritingCapsule), *_listed(studio, "visual", VisualCapsule))


def _listed(studio: Studio, kind: Kind, model: type[C]) -> Iterable[ListedCapsule]:
    own = _keys(studio.library_dir / kind)
    for key in sorted(own | _keys(PRESETS_DIR / kind)):
        source = "studio" if key in own else "preset"
        yield ListedCapsule(kind=kind, key=key, source=source, capsule=_load(studio, kind, key, model))


def _keys(folder: Path) -> set[str]:
    with storage_errors(folder, doing="read"):
        return {path.stem for path in folder.glob("*.yaml") if not path.name.startswith(".")}


def _load(studio: Studio, kind: Kind, key: str, model: type[C]) -> C:
    library = studio.library_dir
    own = library / kind / f"{key}.yaml"
    try:
        capsule = load_document(own, model, root=studio.root)
    except NotFoundError:
        preset = PRESETS_DIR / kind / f"{key}.yaml"
        if not preset.is_file():
            known = _keys(library / kind) | _keys(PRESETS_DIR / kind)
            raise NotFoundError(
                f"there is no {kind} capsule {key!r}{did_you_mean(key, known)}: "
                f"correct story.{kind} in metadata.yaml, or write {own}",
                capsule=key,
                path=str(own),
            ) from None
        return load_document(preset, model)
    if isinstance(capsule, VisualCapsule):
        _check_pictures(capsule, own, library)
    return capsule


def _check_pictures(capsule: VisualCapsule, file: Path, library: Path) -> None:
    name = file.relative_to(library.parent).as_posix()
    for number, reference in enumerate(capsule.references):
        parts = PurePosixPath(reference).parts
        is_inside = bool(parts) and parts[0] != "/" and ".." not in parts and reference.isprintable()
        try:
            picture = (library / reference).resolve(strict=True) if is_inside else library
        except (OSError, RuntimeError) as error:  # Python 3.11 and 3.12 raise RuntimeError where links go round in circles
            raise _missing(library / reference, name) from error
        if not is_inside or not picture.is_relative_to(library.resolve()):
            line = line_of(file, "references", number)
            message = f"{name}:{line}: references[{number}]: {reference!r} is no path inside the library: copy the picture there"
            raise InvalidFileError(message, file=name, line=line, path=f"references[{number}]")
        if not picture.is_file():
            raise _missing(library / reference, name)


def _missing(picture: Path, named_by: str) -> MissingInputError:
    return MissingInputError(f"{picture} is missing: put the picture there, or correct {named_by}", path=str(picture))
