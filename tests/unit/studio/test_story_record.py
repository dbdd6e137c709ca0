import pytest

from vtx_dagster.core.story import Provenance
from vtx_dagster.studio.story_record import StoryLog


@pytest.fixture
def log(make_project) -> StoryLog:
    return StoryLog(make_project())


def provenance(name: str) -> Provenance:
    return Provenance(basis={"beats": name}, writer="m")


def test_parts_are_noted_beside_others(log: StoryLog) -> None:
    assert log.parts("screenplay") == {}
    log.note("screenplay", {"A01_S01": provenance("a")})
    log.note("screenplay", {"A01_S02": provenance("b")})
    log.note("outline", {"": provenance("c")})
    assert log.parts("screenplay") == {"A01_S01": provenance("a"), "A01_S02": provenance("b")}
    assert log.parts("outline") == {"": provenance("c")}
    log.note("screenplay", {"A01_S02": provenance("d")}, present={"A01_S02": 1})
    assert log.parts("screenplay") == {"A01_S02": provenance("d")}


def test_the_same_again_writes_nothing(log: StoryLog) -> None:
    log.note("outline", {"": provenance("a")})
    before = log.path.stat().st_mtime_ns
    log.note("outline", {"": provenance("a")})
    assert log.path.stat().st_mtime_ns == before


def test_what_is_owed_is_settled_by_writing_it(log: StoryLog) -> None:
    log.note("screenplay", {"A01_S01": provenance("a"), "A01_S02": provenance("b")})
    log.owe("screenplay", ["A01_S01", "A01_S02"])
    log.owe("shotlist", ["A01_S01"])
    log.note("screenplay", {"A01_S01": provenance("c")})
    assert (log.owed("screenplay"), log.owed("shotlist"), log.owed("outline")) == (("A01_S02",), ("A01_S01",), ())
    assert set(log.parts("screenplay")) == {"A01_S01", "A01_S02"}
    log.owe("screenplay", [])
    assert log.owed("screenplay") == ()


def test_beats_are_remembered_for_good(log: StoryLog) -> None:
    log.note_beats({"A01_S01_B01": "Tea."})
    log.note_beats({"A01_S01_B02": "Rain."})
    assert log.beats() == {"A01_S01_B01": "Tea.", "A01_S01_B02": "Rain."}


@pytest.mark.parametrize("text", ["{", "[]", '{"outline": "hash"}', "\xff"])
def test_a_damaged_file_knows_nothing_and_says_so(log: StoryLog, text: str, caplog: pytest.LogCaptureFixture) -> None:
    log.path.parent.mkdir(exist_ok=True, parents=True)
    log.path.write_bytes(text.encode("latin-1"))
    assert log.parts("outline") == {}
    assert "nothing is known of how the story came to be" in caplog.text
    log.note("outline", {"": provenance("a")})
    assert log.parts("outline") == {"": provenance("a")}
