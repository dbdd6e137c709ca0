"""Registering partitions: what is on disk becomes the keys of the instance, and what is gone is retired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg
from sqlalchemy.exc import IntegrityError

from vtx_dagster.core.errors import VtxError
from vtx_dagster.partitions.definitions import LEVELS
from vtx_dagster.partitions.keys import key_of, split_key
from vtx_dagster.studio.project import Studio

KEYS_PER_CALL = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What registering changed.

    Attributes:
        added: New keys of every level, in the order of their films.
        removed: Keys whose project, act or clip is gone.
        problems: Why a project could not be read, by slug. Its keys stay as they were.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


def register(instance: dg.DagsterInstance, studio: Studio) -> SyncReport:
    """Make the registered partitions those that are on disk.

    Keys are added in the order of their films, so that ranges of them stay contiguous. The keys of a project that cannot be read
    stay.

    Args:
        instance: The registry.
        studio: What is on disk.
    """
    on_disk, problems = _keys_on_disk(studio)
    added: list[str] = []
    removed: list[str] = []
    for definition, wanted in zip(LEVELS, on_disk, strict=True):
        name = str(definition.name)
        added += _add_missing(instance, name, wanted)
        gone = sorted(set(instance.get_dynamic_partitions(name)).difference(wanted))
        gone = [key for key in gone if split_key(key)[0] not in problems]
        for key in gone:
            instance.delete_dynamic_partition(name, key)
        removed += gone
    return SyncReport(added=tuple(added), removed=tuple(removed), problems=problems)


def _add_missing(instance: dg.DagsterInstance, name: str, wanted: Sequence[str], *, attempts: int = 5) -> list[str]:
    """Add the keys that are not registered yet, and return them.

    Dagster looks which keys are there before it inserts, and three sensors and every command do so at the same time. Whoever
    comes second fails (seen on 1.13.27), and looks again.
    """
    present = set(instance.get_dynamic_partitions(name))
    new = [key for key in wanted if key not in present]
    try:
        for start in range(0, len(new), KEYS_PER_CALL):
            instance.add_dynamic_partitions(name, new[start : start + KEYS_PER_CALL])
    except IntegrityError:
        if attempts == 1:
            raise
        return _add_missing(instance, name, wanted, attempts=attempts - 1)
    return new


def _keys_on_disk(studio: Studio) -> tuple[tuple[list[str], list[str], list[str]], dict[str, str]]:
    projects: list[str] = []
    acts: list[str] = []
    clips: list[str] = []
    problems: dict[str, str] = {}
    for slug in studio.slugs():
        try:
            found = studio.project(slug).film().clips_by_act()
        except VtxError as error:
            problems[slug] = error.message
            found = {}
        projects.append(slug)
        acts += [key_of(slug, act) for act in found]
        clips += [key_of(slug, clip) for of_act in found.values() for clip in of_act]
    return (projects, acts, clips), problems
