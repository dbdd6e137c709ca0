"""Partition keys: made and parsed here and nowhere else.

A project is ``my_film``, an act ``my_film/A01``, a clip ``my_film/A01_S01_SH010``.
"""

from dataclasses import dataclass

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.ids import FilmId, checked_slug


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """A project, or an act or clip of it."""

    project: str
    id: FilmId | None = None

    @classmethod
    def parse(cls, text: str) -> "PartitionKey":
        """Return the key that a text spells.

        Raises:
            InvalidRequestError: If it is not a project, an act or a clip key.
        """
        project, slash, film_id = text.partition("/")
        checked_slug(project)
        if not slash:
            return cls(project)
        parsed = FilmId.parse(film_id)
        if len(parsed.numbers) == 2:
            raise InvalidRequestError(f"{text!r} names a scene, and scenes are no partitions: name an act or a clip", key=text)
        return cls(project, parsed)

    def __str__(self) -> str:
        return self.project if self.id is None else f"{self.project}/{self.id}"


def key_of(project: str, film_id: str) -> str:
    """Return the partition key of an act or clip whose id is already known to be valid."""
    return f"{project}/{film_id}"


def split_key(key: str) -> tuple[str, str]:
    """Return project and id of a key; the id is empty for a project's own key. The key is not checked."""
    project, _, film_id = key.partition("/")
    return project, film_id
