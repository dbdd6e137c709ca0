import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vtx_dagster.core.errors import InvalidFileError, StorageError
from vtx_dagster.core.gpu_forecast import GpuKind, GpuWork
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.usage import Attempt, Outcome, Usage, UsageLedger

AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
ATTEMPT = Attempt(
    id="a1",
    clip="A01_S01_SH010",
    clip_hash="c" * 64,
    engine="ltx",
    pipeline="distilled",
    width=1024,
    height=576,
    fps=24,
    render_frames=121,
    at=AT,
)


def ended(attempt: Attempt = ATTEMPT, *, outcome: str = Outcome.RENDERED, gpu_s: float = 12.5, **fields) -> Usage:
    facts = {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}
    return Usage(**{**facts, "outcome": outcome, "gpu_s": gpu_s, **fields})


@pytest.fixture
def project(make_project) -> Project:
    return make_project(clips=())


@pytest.fixture
def ledger(project: Project) -> UsageLedger:
    return UsageLedger(project)


def test_what_was_appended_is_read(ledger: UsageLedger) -> None:
    assert ledger.read().ended == ledger.read().open == ()
    other = replace(ATTEMPT, id="b2", steps=30, limit_s=60.0)
    ledger.append(ATTEMPT)
    ledger.append(other)
    assert ledger.read().open == (ATTEMPT, other)
    usage = ended(device="gpu0", is_at_most=True)
    ledger.append(usage)
    used = ledger.read()
    assert (used.ended, used.open, used.spent_s) == ((usage,), (other,), 12.5)
    assert UsageLedger(ledger._project).read() == used
    assert usage.work == GpuWork(GpuKind("ltx", "distilled"), 1024, 576, 121)
    assert other.work.kind.steps == 30


def test_a_line_is_json_for_other_programs(ledger: UsageLedger) -> None:
    ledger.append(ended())
    (line,) = ledger.path.read_text(encoding="utf-8").splitlines()
    facts = json.loads(line)
    assert (facts["outcome"], facts["gpu_s"], facts["at"]) == ("rendered", 12.5, "2026-02-03T04:05:06Z")


def test_what_another_version_writes_besides_is_ignored(ledger: UsageLedger) -> None:
    ledger.append(ended())
    facts = json.loads(ledger.path.read_text(encoding="utf-8")) | {"watts": 700, "outcome": "dreamt"}
    ledger.path.write_text(json.dumps(facts) + "\n", encoding="utf-8")
    assert ledger.read().ended == (ended(outcome="dreamt"),)


@pytest.mark.parametrize("tail", [b'{"id":"x', b"z" * 10_000], ids=["short", "long"])
@pytest.mark.parametrize("before", [0, 1], ids=["only", "after another"])
def test_a_line_that_a_crash_cut_short_does_not_count_and_is_mended(ledger: UsageLedger, before: int, tail: bytes) -> None:
    ledger.path.parent.mkdir(parents=True, exist_ok=True)
    ledger.path.write_bytes(b"")
    for _ in range(before):
        ledger.append(ended())
    with ledger.path.open("ab") as file:
        file.write(tail)
    assert len(ledger.read().ended) == before
    ledger.append(ended(gpu_s=1.0))
    assert [usage.gpu_s for usage in ledger.read().ended] == [12.5, 1.0][1 - before :]
    assert b"z" not in ledger.path.read_bytes()
    assert UsageLedger(ledger._project).read() == ledger.read()


@pytest.mark.parametrize("line", ["{}", "no json", '{"outcome":"failed"}', "null"], ids=["empty", "text", "usage", "null"])
def test_a_damaged_line_is_named_each_time(ledger: UsageLedger, line: str) -> None:
    ledger.append(ended(), ended())
    whole = ledger.path.read_text(encoding="utf-8")
    ledger.path.write_text(f"{whole}{line}\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(InvalidFileError, match=r"^renders/usage\.jsonl:3: the line is damaged"):
            ledger.read()
    ledger.path.write_text(whole, encoding="utf-8")
    assert len(ledger.read().ended) == 2


@pytest.mark.parametrize("gpu_s", [-1.0, float("nan")], ids=["negative", "no number"])
def test_impossible_seconds_are_damage(ledger: UsageLedger, gpu_s: float) -> None:
    ledger.append(ended(gpu_s=gpu_s))
    with pytest.raises(InvalidFileError, match="damaged"):
        ledger.read()


def test_only_what_was_added_is_read_again(ledger: UsageLedger) -> None:
    ledger.append(ended(), ended())
    ledger.read()
    with ledger.path.open("r+b") as file:
        file.write(b"#")
    ledger.append(ended())
    assert len(ledger.read().ended) == 3, "the first line was not looked at again"
    ledger.path.write_bytes(b"")
    assert ledger.read().ended == ()


def test_another_file_of_the_name_is_read_from_its_start(ledger: UsageLedger) -> None:
    ledger.append(ended(), ended())
    ledger.read()
    content = ledger.path.read_bytes()
    ledger.path.rename(ledger.path.with_name("old.jsonl"))
    ledger.path.write_bytes(content.replace(b"12.5", b"99.5") * 2)
    assert ledger.read().spent_s == 4 * 99.5
    ledger.path.unlink()
    assert ledger.read().spent_s == 0


def test_several_writers_lose_nothing(project: Project) -> None:
    def write(writer: int) -> None:
        ledger = UsageLedger(project)
        for number in range(10):
            with ledger.locked():
                ledger.read()
                ledger.append(ended(replace(ATTEMPT, id=f"{writer}-{number}")))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len({usage.id for usage in UsageLedger(project).read().ended}) == 40


def test_a_refusal_of_the_disk_is_said(ledger: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.path.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"cannot write .*usage\.jsonl"):
        ledger.append(ended())
    with pytest.raises(StorageError, match=r"cannot read .*usage\.jsonl"):
        ledger.read()


def test_a_short_write_goes_on(ledger: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:100]))
    ledger.append(ended())
    assert ledger.read().ended == (ended(),)


def test_a_file_that_shrinks_while_it_is_read_ends_there(ledger: UsageLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.append(ended())
    monkeypatch.setattr(os, "pread", lambda descriptor, size, start: b"")
    assert ledger.read().ended == ()
    ledger.append(ended())
    monkeypatch.undo()
    assert len(ledger.read().ended) == 2
