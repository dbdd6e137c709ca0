import pytest

from vtx_dagster.core.bible import Bible, Character, Characters
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown.pronouns import Pronoun, described_pronoun, pronouns_in, used_pronouns
from vtx_dagster.engines.breakdown.rules import Breakdown

SCENE = """INT. KITCHEN - NIGHT

{opening}

TOM
You came.

[[SHOT: CU, dolly in, her hands, 4s]]

A key turns over and over.
"""


def shot_of_hands(opening: str, **descriptors: str) -> tuple[str, ...]:
    characters = {key: Character(name=key.title(), descriptor=words) for key, words in descriptors.items()}
    bible = Bible(characters=Characters(characters=characters))
    scene = Source(name="scene.fountain", text=SCENE.format(opening=opening))
    context = StoryContext(metadata=Metadata(title="T"), brief=Source(name="brief", text=""), screenplays=(scene,), bible=bible)
    writer = Breakdown()
    shots = writer.shotlist(context, writer.outline(context), {"A01_S01": scene}).shots
    return next(shot.characters for shot in shots if "hands" in shot.action.casefold())


@pytest.mark.parametrize(
    ("descriptor", "pronoun"),
    [
        ("a weathered ferrywoman of sixty", Pronoun.SHE),
        ("an old ferryman", Pronoun.HE),
        ("thin boy with a mop of curls", Pronoun.HE),
        ("a man and a woman", None),
        ("tall, in a grey coat", None),
    ],
)
def test_a_description_tells_the_pronoun(descriptor: str, pronoun: Pronoun | None) -> None:
    assert described_pronoun(descriptor) is pronoun


def test_a_sentence_with_one_name_tells_the_pronoun() -> None:
    def mentioned(text: str) -> tuple[str, ...]:
        return tuple(key for key in ("mara", "tom") if key in text.casefold())

    actions = ["Mara wipes her hands. Tom takes her coat from his chair.", "Tom rubs his eyes."]
    assert used_pronouns(actions, mentioned=mentioned) == {"mara": Pronoun.SHE, "tom": Pronoun.HE}
    assert pronouns_in("They look at it.") == frozenset()


def test_her_hands_after_his_speech_are_hers_by_the_bible() -> None:
    assert shot_of_hands("Mara and Tom wait.", mara="a woman of forty", tom="a man of fifty") == ("mara",)


def test_her_hands_after_his_speech_are_hers_by_the_scene() -> None:
    opening = "Mara buttons her coat. Tom rubs his eyes."
    assert shot_of_hands(opening, mara="", tom="") == ("mara",)


def test_nobody_is_put_in_frame_for_a_pronoun_that_fits_nobody() -> None:
    assert shot_of_hands("Tom waits.", tom="a man of fifty") == ()


def test_a_pronoun_means_who_was_in_frame_where_nothing_tells() -> None:
    assert shot_of_hands("Kim waits.", tom="", kim="") == ("kim",)
    assert shot_of_hands("Tom waits.", tom="") == ()


def test_most_sentences_tell_the_pronoun_and_a_tie_tells_none() -> None:
    def mentioned(text: str) -> tuple[str, ...]:
        return tuple(key for key in ("ann", "ben") if key in text.casefold())

    assert used_pronouns(["Ann sits. She sings. He waits.", "Ann eats her bread."], mentioned=mentioned) == {"ann": Pronoun.SHE}
    assert used_pronouns(["Ann sees him.", "Ann sees her."], mentioned=mentioned) == {}
    assert used_pronouns(["Ann and Ben wait. She sings.", "Rain. She sings."], mentioned=mentioned) == {}


def test_whoever_is_looked_at_is_somebody_else() -> None:
    def mentioned(text: str) -> tuple[str, ...]:
        return tuple(key for key in ("ann", "ben") if key in text.casefold())

    assert used_pronouns(["Ann looks at him.", "Ben sees her."], mentioned=mentioned) == {}
    assert used_pronouns(["Ann looks at her hands.", "Ben sees himself."], mentioned=mentioned) == {
        "ann": Pronoun.SHE,
        "ben": Pronoun.HE,
    }


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        pytest.param(["Ben takes her hand. Ben takes her hand."], {"ben": Pronoun.SHE}, id="nothing else tells"),
        pytest.param(["Ben takes her hand. Ben takes her hand. Ben sees that he is late."], {"ben": Pronoun.HE}, id="he is sure"),
        pytest.param(["Ben looks at her. She smiles."], {}, id="she is the one who is looked at"),
        pytest.param(["Ben waits. He smiles. He and she wait."], {"ben": Pronoun.HE}, id="two of them tell nothing"),
        pytest.param(["Ann waits.", "Ben, her former partner, enters."], {"ann": Pronoun.SHE}, id="of the one before"),
        pytest.param(["Ann sees Ben, her husband, and waits."], {"ann": Pronoun.SHE}, id="in one sentence"),
        pytest.param(["Ann and Cleo wait.", "Ben, her friend, enters."], {}, id="of one of two"),
        pytest.param(["Rain falls, his friend is late."], {}, id="of nobody"),
    ],
)
def test_a_partner_tells_what_somebody_else_is_called(actions: list[str], expected: dict[str, Pronoun]) -> None:
    def mentioned(text: str) -> tuple[str, ...]:
        return tuple(key for key in ("ann", "ben", "cleo") if key in text.casefold())

    assert used_pronouns(actions, mentioned=mentioned) == expected
