from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.engines.breakdown.prose import divided, props, readable_text, sentences, split_to_fit


def words(text: str) -> Fraction:
    return Fraction(max(len(text.split()), len(text) // 20))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ("One.", "Two!", "Three?")),
        ("Dr. Santos waits. J. R. Hill comes.", ("Dr. Santos waits.", "J. R. Hill comes.")),
        ('"Stop." She turns…  He goes', ('"Stop."', "She turns…", "He goes")),
        ("雨です。雪です。", ("雨です。", "雪です。")),
        ("", ()),
    ],
)
def test_sentences(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("a b c. d e f.", 6, ("a b c. d e f.",), id="fits"),
        pytest.param("a b c. d e f.", 5, ("a b c.", "d e f."), id="at sentences"),
        pytest.param("a b c, d e f.", 5, ("a b c,", "d e f."), id="at clauses"),
        pytest.param("a b c d e f", 4, ("a b c", "d e f"), id="at words"),
        pytest.param("a b. c d. e f. g h. i j. k l.", 8, ("a b. c d. e f.", "g h. i j. k l."), id="of similar length"),
        pytest.param("x" * 200, 5, ("x" * 100, "x" * 100), id="without spaces"),
        pytest.param("a b c. d. e f g.", 4, ("a b c. d.", "e f g."), id="as few as fit"),
        pytest.param("a b c dd. ee. f g h ii.", 4, ("a b c dd.", "ee.", "f g h ii."), id="no better balance"),
    ],
)
def test_split(text, limit, expected):
    assert split_to_fit(text, seconds=words, limit_s=Fraction(limit)) == expected


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab .,!", min_size=1, max_size=300).filter(str.strip), st.integers(1, 12))
def test_parts_fit_and_are_the_whole(text, limit):
    parts = split_to_fit(text, seconds=words, limit_s=Fraction(limit))
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(words(part) <= limit for part in parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('A sign reads "NO ENTRY".', "NO ENTRY"),
        ("The letter: “Come home.” She folds it.", "Come home."),
        ('A poster says "A". A label marked "B".', "A B"),
        ("SUPER: Ten years later", "Ten years later"),
        ('TITLE: "The End"', "The End"),
        ('She says nothing. "Hello" is all he hears.', ""),
        ("A sign hangs there.", ""),
    ],
)
def test_readable_text(text, expected):
    assert readable_text(text) == expected


def test_a_title_card_is_read():
    assert readable_text("THE END", centred=True) == "THE END"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She takes a KEY and the ROLL OF DRAWINGS.", ("key", "roll of drawings")),
        ("MARA drops the KEY. The KEY falls.", ("key",)),
        ("BANG!", ()),
        ("SUPER: NEW YORK is cold", ()),
        ('A sign reads "NO ENTRY".', ()),
        ("On TV, a VCR, a CD.", ("vcr",)),
        ("An AAA, the BBB, his CCC, Ann's DDD, its EEE.", ("aaa", "bbb", "ccc", "ddd")),
        ("The rope SNAPS. A LOUD BANG. Ben FALLS. He is GONE.", ()),
        ("ANGLE ON the buoy. We PUSH IN. FREEZE FRAME.", ()),
        ("the old, worn LETTER and two GUNS", ("guns",)),
    ],
)
def test_props(text, expected):
    assert props(text, names=lambda words: ("mara",) if words == "MARA" else ()) == expected


@pytest.mark.parametrize(
    ("text", "count", "parts"),
    [
        ("One two. Three four. Five six.", 1, ("One two. Three four. Five six.",)),
        ("One two. Three four. Five six. Seven.", 2, ("One two. Three four.", "Five six. Seven.")),
        ("One two. Three four.", 5, ("One two.", "Three four.")),
        ("A very long sentence stands here. Yes. No.", 3, ("A very long sentence stands here.", "Yes.", "No.")),
        ("Yes. A very long sentence stands here. No.", 2, ("Yes. A very long sentence stands here.", "No.")),
    ],
    ids=["whole", "halves", "fewer sentences", "long first", "long second"],
)
def test_a_text_is_divided_at_sentence_ends(text, count, parts):
    assert divided(text, count) == parts


@given(st.lists(st.text("abc ", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=12), st.integers(1, 15))
@settings(max_examples=60)
def test_divided_parts_are_all_of_the_text(texts, count):
    text = " ".join(f"{' '.join(text.split())}." for text in texts)
    parts = divided(text, count)
    assert " ".join(parts) == text
    assert len(parts) == min(count, len(sentences(text)))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('SUPER: "THE THREAT"', "THE THREAT"),
        ('SUPER: "FIBER OPTIC DRONES"\nSUPER: "Silent. Precise."', "FIBER OPTIC DRONES\nSilent. Precise."),
        ('SUPERIMPOSE: "ONE MINUTE"', "ONE MINUTE"),
        ("ON SCREEN: One minute", "One minute"),
        ("SUPERMAN: flies.", ""),
    ],
)
def test_cards_over_the_picture(text, read):
    assert readable_text(text) == read
