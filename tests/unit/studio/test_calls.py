import json
from decimal import Decimal
from typing import Any

import pytest

from vtx_dagster.core.errors import InvalidFileError, StorageError
from vtx_dagster.core.planner import Stage
from vtx_dagster.studio.calls import CallStore, SentCall, StoredCall
from vtx_dagster.studio.project import Project

KEY = "0123456789abcdef" + "0" * 48
OTHER = "fedcba9876543210" + "0" * 48


@pytest.fixture
def store(project: Project) -> CallStore:
    return CallStore(project)


def sent(key: str = KEY, *, usd: str | None = "0.50") -> SentCall:
    return SentCall(key=key, stage="screenplay", part="A01_S01", model="m", usd=None if usd is None else Decimal(usd))


def stored(key: str = KEY, **changes: Any) -> StoredCall:
    fields: dict[str, Any] = {
        "stage": "screenplay",
        "part": "A01_S01",
        "attempt": 1,
        "model": "m",
        "response_id": "resp_1",
        "usd": Decimal("0.10"),
        "input_tokens": 10,
        "cached_tokens": 0,
        "output_tokens": 20,
        "seconds": 1.5,
        "ending": "complete",
        "text": '{"a": "é"}',
        "request": {"model": "m", "input": [{"role": "user", "content": "é"}]},
        "raw": {"id": "resp_1"},
    }
    return StoredCall(key=key, **{**fields, **changes})


def names(project: Project, folder: str = "") -> list[str]:
    return sorted(path.name for path in (project.story_dir / "calls" / folder).iterdir() if path.is_file())


def test_an_answer_is_found_by_its_whole_key(project: Project, store: CallStore):
    assert store.find(KEY) is None
    store.store(stored())

    assert store.find(KEY) == stored()
    assert CallStore(project).find(KEY) == stored()
    assert store.find(KEY[:-1] + "1") is None
    assert store.path(KEY) == project.story_dir / "calls/0123456789abcdef.json"


def test_a_person_can_read_an_answer(store: CallStore):
    store.store(stored())
    text = store.path(KEY).read_text(encoding="utf-8")

    assert json.loads(text)["usd"] == "0.10"
    assert '"content": "é"' in text
    assert text.count("\n") > 15


def test_a_question_that_was_sent_counts_until_it_is_answered(project: Project, store: CallStore):
    store.mark_sent(sent())
    assert store.spent() == Decimal("0.50")
    assert names(project) == ["0123456789abcdef.sent.json"]

    store.store(stored())
    assert store.spent() == Decimal("0.10")
    assert names(project) == ["0123456789abcdef.json"]


def test_sendings_that_were_never_answered_are_not_forgotten(store: CallStore):
    store.mark_sent(sent())
    store.mark_sent(sent())
    assert store.spent() == Decimal("1.00")

    answer = store.store(stored())
    assert answer.lost_usd == Decimal("0.50")
    assert store.spent() == Decimal("0.60")
    assert store.store(answer).lost_usd == Decimal("0.50")


def test_a_sending_that_cost_nothing_is_taken_back(project: Project, store: CallStore):
    store.mark_sent(sent())
    store.unmark(KEY)
    assert names(project) == []
    store.unmark(KEY)

    store.mark_sent(sent())
    store.mark_sent(sent(usd="0.70"))
    store.unmark(KEY)
    assert store.spent() == Decimal("0.50")
    store.mark_sent(sent(usd="0.70"))
    assert store.spent() == Decimal("1.20")


def test_an_answer_beside_its_note_counts_once(store: CallStore):
    store.mark_sent(sent())
    note = store._sent_path(KEY).read_bytes()
    store.store(stored())
    store._sent_path(KEY).write_bytes(note)  # as a crash between the two leaves it

    assert store.spent() == Decimal("0.10")


def test_costs_that_nobody_knows_count_as_nothing(store: CallStore):
    store.mark_sent(sent(usd=None))
    store.store(stored(OTHER, usd=None))
    assert store.spent() == Decimal(0)


def test_nothing_was_spent_where_nothing_was_asked(project: Project, store: CallStore):
    assert store.spent() == Decimal(0)
    assert store.forget(Stage.SCREENPLAY, {""}) == ()
    assert not (project.story_dir / "calls").exists()


def test_answers_that_are_set_aside_are_asked_again_and_still_cost(project: Project, store: CallStore):
    for _ in range(2):
        store.store(stored())
        [path] = store.set_aside([KEY, KEY, OTHER])
        assert store.find(KEY) is None
        assert path.is_file()

    assert names(project, "failed") == ["0123456789abcdef-1.json", "0123456789abcdef-2.json"]
    assert store.spent() == Decimal("0.20")


@pytest.mark.parametrize(
    ("stage", "parts", "left"),
    [
        pytest.param(Stage.SCREENPLAY, {"A01_S01"}, [OTHER], id="part"),
        pytest.param(Stage.SCREENPLAY, {""}, [], id="whole"),
        pytest.param(Stage.SCREENPLAY, set(), [KEY, OTHER], id="none"),
        pytest.param(Stage.SHOTLIST, {"A01_S01"}, [KEY, OTHER], id="another stage"),
    ],
)
def test_parts_that_are_wanted_anew(project: Project, store: CallStore, stage: Stage, parts: set[str], left: list[str]):
    store.store(stored())
    store.store(stored(OTHER, part="A01_S02"))
    moved = store.forget(stage, parts)

    assert [key for key in (KEY, OTHER) if store.find(key)] == left
    assert len(moved) == 2 - len(left)
    assert {path.parent for path in moved} <= {project.story_dir / "calls/replaced"}
    assert store.spent() == Decimal("0.20")


def test_what_another_process_writes_is_counted(project: Project, store: CallStore):
    store.store(stored())
    assert store.spent() == Decimal("0.10")

    CallStore(project).store(stored(usd=Decimal("0.3333")))
    CallStore(project).store(stored(OTHER))
    assert store.spent() == Decimal("0.4333")


def test_everything_can_be_listed(store: CallStore):
    assert (list(store.answers()), list(store.unanswered())) == ([], [])
    store.store(stored())
    store.set_aside([KEY])
    store.store(stored(part="A01_S02"))
    store.forget(Stage.SCREENPLAY, {"A01_S02"})
    store.store(stored(part="A01_S03"))
    store.mark_sent(sent(OTHER))

    assert [call.part for call in store.answers()] == ["A01_S03", "A01_S01", "A01_S02"]
    assert list(store.unanswered()) == [sent(OTHER)]


def test_no_answer_that_was_set_aside_is_written_over(project: Project, store: CallStore):
    for number in (1, 2, 3):
        store.store(stored(attempt=number))
        [path] = store.set_aside([KEY])
        if number == 1:
            first = path
    first.unlink()
    store.store(stored(attempt=4))
    assert store.set_aside([KEY]) == (first,)
    assert len(names(project, "failed")) == 3


@pytest.mark.parametrize("name", ["0123456789abcdef.json", "0123456789abcdef.sent.json"])
def test_a_damaged_file_is_never_taken_for_nothing(project: Project, store: CallStore, name: str):
    path = project.story_dir / "calls" / name
    path.parent.mkdir()
    path.write_text('{"key": "01', encoding="utf-8")

    with pytest.raises(InvalidFileError, match=f"^story/calls/{name}: .*remove it to ask the question again"):
        store.spent()


def test_a_file_that_vanishes_while_costs_are_added_is_nothing(store: CallStore, monkeypatch: pytest.MonkeyPatch):
    store.store(stored())
    gone = store.path(OTHER)
    monkeypatch.setattr(store, "_answers", lambda folder: iter([gone] if folder.name == "failed" else [store.path(KEY)]))
    assert store.spent() == Decimal("0.20")


def test_a_disk_that_refuses(project: Project, store: CallStore):
    (project.story_dir / "calls").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(StorageError):
        store.mark_sent(sent())
