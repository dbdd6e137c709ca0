import pytest
import yaml

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.animatic.action_words import ActionWords, action_words
from vtx_dagster.engines.animatic.costumes import Costumes, all_costumes
from vtx_dagster.engines.animatic.doings import Doings, Kind, all_doings, parsed

GOOD = """
stand: stand
neutral: [hang]
speaking: [hang]
doings:
  stand: {kind: posture, feet: {both: [0, 0, 0]}, hands: {near: [0, -2, 1], far: [0, -2, 1]}}
  hang: {kind: gesture, hands: {near: [0, -2, 1]}, holds: {near: cup}, things: [box]}
furniture:
  box: {blocks: [{low: [0, 0, 0], high: [1, 1, 1], fill: "#808080"}]}
held:
  cup: {paint: [{ellipse: [0, 0, 1, 1]}]}
"""


def changed(path, value):
    """Return the good file with one field changed, or taken out."""
    content = yaml.safe_load(GOOD)
    *parents, last = path
    at = content
    for name in parents:
        at = at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return yaml.safe_dump(content)


def test_a_small_file_is_enough():
    doings = parsed(GOOD, Doings, "doings.yaml")
    assert list(doings.postures) == ["stand"]
    assert list(doings.gestures) == ["hang"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("doings", "stand", "kind"), "move", "doings.stand.kind: Input should be 'posture' or 'gesture'"),
        (("doings", "stand", "colour"), "red", "doings.stand.colour: Extra inputs"),
        (("doings", "stand", "feet"), None, "doings.stand: Value error, a posture needs feet"),
        (("doings", "stand", "hands"), {"near": [0, 0, 0]}, "doings.stand: Value error, a posture needs hands"),
        (("doings", "stand", "hands"), {}, "doings.stand.hands: Value error, give both, or near and far"),
        (("doings", "stand", "hands"), {"both": [0, 0]}, "doings.stand.hands.both.2: Field required"),
        (("doings", "stand", "turn"), 2, "doings.stand.turn: Input should be less than or equal to 1"),
        (("doings", "hang", "holds"), {"left": "cup"}, "doings.hang: Value error, holds: only near and far"),
        (("doings", "hang", "holds"), {"near": "sword"}, "doings.hang.holds: there is no sword"),
        (("doings", "hang", "things"), ["sofa"], "doings.hang.things: there is no sofa"),
        (("doings", "hang", "posture"), "hang", "doings.hang.posture: there is no hang"),
        (("doings", "hang", "with_partner"), "tango", "doings.hang.with_partner: there is no tango"),
        (("stand",), "hang", "stand: there is no hang"),
        (("neutral",), ["stand"], "neutral: there is no stand"),
        (("speaking",), ["sing"], "speaking: there is no sing"),
        (("held", "cup", "paint"), [{"fill": "#ffffff"}], "held.cup.paint.0: Value error, give exactly one of poly"),
        (("held", "cup", "paint"), [], "held.cup.paint: Tuple should have at least 1 item"),
        (("furniture", "box", "blocks"), [], "furniture.box.blocks: Tuple should have at least 1 item"),
        (("doings",), None, "doings: Field required"),
    ],
    ids=str,
)
def test_errors_name_file_and_field(path, value, message):
    with pytest.raises(InvalidFileError) as error:
        parsed(changed(path, value), Doings, "doings.yaml")
    assert str(error.value).startswith("doings.yaml: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "doings.yaml:2: not YAML"), ("a:\n  - b\n c", "doings.yaml:3: not YAML"), ("\x00", "not YAML"), ("", "the file")],
)
def test_what_is_no_yaml_says_where(text, message):
    with pytest.raises(InvalidFileError, match=message):
        parsed(text, Doings, "doings.yaml")


def test_plain_words_are_text():
    assert "no" in action_words().languages["en"].articles
    assert "on" in action_words().languages["en"].prepositions
    assert "y" in action_words().languages["es"].and_


@pytest.mark.parametrize(("model", "name"), [(ActionWords, "action_words.yaml"), (Costumes, "costumes.yaml")])
def test_the_other_files_are_checked_likewise(model, name):
    with pytest.raises(InvalidFileError, match=f"{name}: colour: "):
        parsed("colour: red\ntitles: []\nlanguages: {}\ncostumes: {}", model, name)


def test_every_doing_that_is_told_has_words_in_every_language():
    languages = set(action_words().languages)
    wordless = {"waltz", *all_doings().neutral, *all_doings().speaking}
    assert {name for name, doing in all_doings().doings.items() if not doing.words} == wordless
    assert all(set(doing.words) == languages for name, doing in all_doings().doings.items() if name not in wordless)
    assert all("en" in costume.words and set(costume.words) <= languages for costume in all_costumes().costumes.values())


def test_bones_are_as_long_as_the_pose_needs():
    """No hand and no foot of a posture is further away than arms and legs reach, by more than a hand."""
    for name, doing in all_doings().doings.items():
        if doing.kind == Kind.POSTURE:
            for near in (True, False):
                forward, up, _ = doing.feet.of(near=near)
                reach = ((forward - doing.hip[0]) ** 2 + (up + 0.2 - doing.hip[1]) ** 2) ** 0.5
                assert reach < 3.85 + 0.3, name
