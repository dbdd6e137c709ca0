"""In which order a film plays, and what belongs to which scene and act: from outline and shotlist, not from ids.

What these do not list is placed by the numbers of its id, here and nowhere else: so are films with clips but no story.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from vtx_dagster.core.ids import numbers_of
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.shotlist import Shotlist


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOrder:
    """What outline and shotlist say of the order.

    Attributes:
        acts: The acts in order, each with its scenes in order.
        shots: The shots of every scene in order.
        retired: Shots that are gone.
    """

    acts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    @classmethod
    def of(cls, outline: Outline | None, shotlist: Shotlist | None) -> "StoryOrder":
        """Return what the two say; without one of them, or both, less."""
        shots: dict[str, dict[str, None]] = {}
        listed: set[str] = set()
        for shot in shotlist.shots if shotlist is not None else ():
            if shot.id not in listed:
                shots.setdefault(shot.scene, {})[shot.id] = None
                listed.add(shot.id)
        return cls(
            acts={act.id: tuple(scene.id for scene in act.scenes) for act in outline.acts} if outline is not None else {},
            shots={scene: tuple(ids) for scene, ids in shots.items()},
            retired=frozenset(shotlist.retired) - listed if shotlist is not None else frozenset(),
        )

    def acts_of(self, scenes: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the acts with all their scenes, those of the outline and these."""
        acts = {act: list(known) for act, known in self.acts.items()}
        placed = {scene for known in acts.values() for scene in known}
        order = list(acts)
        for scene in sorted(set(scenes) - placed, key=numbers_of):
            act = _made_in(scene)
            if act not in acts:
                acts[act] = []
                _place(act, order)
            _place(scene, acts[act])
        return {act: tuple(acts[act]) for act in order}

    def scenes_in_order(self, scenes: Collection[str]) -> tuple[str, ...]:
        """Return scenes in the order in which they play."""
        wanted = frozenset(scenes)
        return tuple(scene for known in self.acts_of(wanted).values() for scene in known if scene in wanted)


@dataclass(frozen=True, kw_only=True)
class FilmOrder:
    """The clips of a film.

    Attributes:
        acts: The acts in order, each with its scenes in order, also those without clips.
        scenes: The scene of every clip, in the order of the film.
        aside: Clips that are no shots any more: a person edited them, so their files are kept, and the film goes on without them.
        missing: Shots that have no clip, in order.
    """

    acts: Mapping[str, tuple[str, ...]]
    scenes: Mapping[str, str]
    aside: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, story: StoryOrder, clips: Iterable[str]) -> "FilmOrder":
        """Return the order of a film.

        Args:
            story: What outline and shotlist say.
            clips: The clips that have a file, in any order.
        """
        there = set(clips)
        shots = {scene: list(ids) for scene, ids in story.shots.items()}
        listed = {shot for ids in story.shots.values() for shot in ids}
        # A clip that was never a shot was put there by a person: it stands in its scene, by its number.
        for clip in sorted(there - listed - story.retired, key=numbers_of):
            _place(clip, shots.setdefault(_made_in(clip), []))
        acts = story.acts_of(shots)
        ordered = [(shot, scene) for scenes in acts.values() for scene in scenes for shot in shots.get(scene, ())]
        return cls(
            acts=acts,
            scenes={shot: scene for shot, scene in ordered if shot in there},
            aside=tuple(sorted(there & story.retired, key=numbers_of)),
            missing=tuple(shot for shot, _ in ordered if shot not in there),
        )

    @property
    def clips(self) -> tuple[str, ...]:
        """The clips in the order of the film."""
        return tuple(self.scenes)

    def clips_by_act(self) -> dict[str, tuple[str, ...]]:
        """Return the clips of every act that has some, in the order of the film."""
        act_of = {scene: act for act, scenes in self.acts.items() for scene in scenes}
        grouped: dict[str, list[str]] = {}
        for clip, scene in self.scenes.items():
            grouped.setdefault(act_of[scene], []).append(clip)
        return {act: tuple(clips) for act, clips in grouped.items()}

    def before(self, clip: str) -> str:
        """Return the clip before one; empty for the first one, and for what is no clip of the film."""
        return self._before.get(clip, "")

    def may_follow(self, clip: str, earlier: str) -> bool:
        """Say whether a clip may go on from another one: not from a later one, nor from one that is set aside."""
        after = self.positions.get(clip, len(self.positions))
        return earlier not in self.aside and self.positions.get(earlier, -1) < after

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The position of every clip in the film, from 0."""
        return {clip: index for index, clip in enumerate(self.scenes)}

    @cached_property
    def _before(self) -> Mapping[str, str]:
        return {clip: before for before, clip in pairwise(self.scenes)}


def _made_in(id_text: str) -> str:
    """Return the id that an id was made of: of a clip its first scene, of a scene its first act."""
    return id_text.rpartition("_")[0]


def _place(new: str, order: list[str]) -> None:
    """Put an id behind the last one that has lower numbers."""
    numbers = numbers_of(new)
    at = next((index for index in range(len(order), 0, -1) if numbers_of(order[index - 1]) < numbers), 0)
    order.insert(at, new)
