"""How tense a dialogue is, by what is said and how."""

import pytest

from vtx_dagster.engines.breakdown.tension import Dialogue, Tension

CALM, RAISED, HIGH = Tension.CALM, Tension.RAISED, Tension.HIGH


def levels(*speeches: tuple[str, str]) -> list[Tension]:
    dialogue = Dialogue()
    return [dialogue.after(speech, manner) for speech, manner in speeches]


@pytest.mark.parametrize(
    ("speech", "manner", "expected"),
    [
        pytest.param("I think that it will rain before the evening.", "", CALM, id="plain"),
        pytest.param("Do you think that it will rain today?", "", CALM, id="a question"),
        pytest.param("Now?", "", CALM, id="a short question"),
        pytest.param("It will rain before the evening comes!", "", RAISED, id="exclaimed"),
        pytest.param("It will rain before the evening comes\uff01", "", RAISED, id="exclaimed in Chinese"),
        pytest.param("You KNEW that it would rain before the evening.", "", RAISED, id="a word in capitals"),
        pytest.param("IT WILL RAIN BEFORE THE EVENING COMES.", "", CALM, id="all in capitals"),
        pytest.param("I think that it will rain before the evening.", "crying", RAISED, id="in tears"),
        pytest.param("I think that it will rain before the evening.", "w\u00fctend", RAISED, id="in another language"),
        pytest.param("But you told me that you would never --", "", CALM, id="broken off"),
        pytest.param("What do you \u2014", "", RAISED, id="a short one that is broken off"),
        pytest.param("Get out!", "shouting", HIGH, id="shouted"),
    ],
)
def test_one_speech(speech, manner, expected):
    assert levels((speech, manner)) == [expected]


def test_tension_rises_and_falls():
    loud, still = ("You told me that it would not rain!", ""), ("It will rain before the evening, I think.", "")
    assert levels(still, loud, loud, still, still, ("", "")) == [CALM, RAISED, HIGH, RAISED, CALM, CALM]
