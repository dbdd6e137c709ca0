"""Where people are, scene after scene: who talks by telephone, or in a scene cut against another place, is seen in his own."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from vtx_dagster.core.coverage import action_texts
from vtx_dagster.core.screenplay import ElementKind, SceneText
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.pronouns import pronouns_in

_INTERCUT = re.compile(
    r"^(?:BEGIN\s+)?INTERCUT\b|\bINTERCUT(?:TING)?\s+(?:WITH|BETWEEN|TELEPHONE|PHONE|AS NEEDED)\b", re.IGNORECASE
)
_CALL = re.compile(
    r"\b(?:(?:pick|answer|grab|dial|hang|call|phon|ring)\w*\b[^.!?]{0,40}\b(?:phone|telephone|receiver|cell|mobile|up|number|dial)"
    r"|(?:into|on|over|by) (?:the |his |her )?(?:radio|walkie[- ]talkie|headset|earpiece|comms?)"
    r"|keys (?:the|his|her) (?:mic|radio)"
    r"|on (?:the|his|her) (?:phone|cell|telephone|mobile)|phone call|speed dial|dials|telephone|receiver"
    r"|telefon|téléphone|teléfono)\b",
    re.IGNORECASE,
)
_OF_PEOPLE = re.compile(r"\b(?:she|he)\b", re.IGNORECASE)
_RECENT = 2
"""Of how many scenes before people are remembered."""


class Whereabouts:
    """Remembers where the people of a film were seen last.

    Args:
        cast: Who there is.
    """

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._last: dict[str, str] = {}
        self._scenes: list[tuple[frozenset[str], bool]] = []
        """Who was seen in every scene, and whether there was a telephone call."""

    @property
    def recent(self) -> frozenset[str]:
        """Keys of those who were seen in the last scenes."""
        return frozenset().union(*(seen for seen, _ in self._scenes[-_RECENT:]))

    def enter(self, scene: SceneText, location: str | None) -> dict[str, str | None]:
        """Go on to a scene; return the places, by key, of those who talk in it and are not there, None for one that is not known.

        They are not there where the scene is cut against others or there is a telephone call, and no action says that they are.
        """
        is_intercut, is_call = _is_intercut(scene), _is_call(scene)
        was_called = any(called for _, called in self._scenes[-_RECENT:])
        speakers = list(dict.fromkeys(self._speakers(scene)))
        acting = self._acting(scene)
        if not is_intercut:
            acting |= self._meant(scene, speakers, acting)
        here = acting | set(speakers[:1] if is_call else ())
        away: dict[str, str | None] = {}
        for key in speakers:
            place = self._last.get(key)
            is_known_away = place is not None and place != location and (is_intercut or key in self.recent)
            if key not in here and (
                (is_known_away and (is_intercut or is_call or was_called)) or (is_call and place is None and here)
            ):
                away[key] = place
        there = acting if is_intercut else acting | {key for key in speakers if key not in away}
        if location is not None:
            self._last.update(dict.fromkeys(sorted(there), location))
        self._scenes.append((frozenset((*there, *away)), is_call))
        return away

    def _acting(self, scene: SceneText) -> set[str]:
        return {key for text in action_texts(scene) for key in self._cast.seen(text)}

    def _meant(self, scene: SceneText, speakers: Sequence[str], acting: Collection[str]) -> set[str]:
        """Return who else is there: who alone can be meant by a pronoun of the action, and whoever's place it is."""
        pronoun_of = self._cast.pronouns.get
        used = pronouns_in(" ".join(_OF_PEOPLE.findall(" ".join(action_texts(scene))))) - set(map(pronoun_of, acting))
        meant = [key for key in speakers if pronoun_of(key) in used]
        times = Counter(map(pronoun_of, meant))
        return {key for key in meant if times[pronoun_of(key)] == 1} | set(self._cast.mentioned(scene.place))

    def _speakers(self, scene: SceneText) -> Iterator[str]:
        """Yield who speaks in a scene and is seen."""
        for element in scene.elements:
            if element.speaker and not element.off_screen:
                yield from (key for key in self._cast.speakers(element.speaker) if not self._cast.is_heard_only(key))


def _is_call(scene: SceneText) -> bool:
    asides = (aside.text for element in scene.elements for aside in element.asides)
    return any(_CALL.search(text) for text in (*(element.text for element in scene.elements if not element.speaker), *asides))


def _is_intercut(scene: SceneText) -> bool:
    """Say whether a scene is cut against another place: by a transition, its heading, or an action that says so."""
    kinds = {ElementKind.TRANSITION, ElementKind.ACTION}
    texts = (element.text for element in scene.elements if element.kind in kinds and not element.speaker)
    return any(_INTERCUT.search(text) for text in (scene.heading, *texts))
