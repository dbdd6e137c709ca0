import time

import pytest

from vtx_dagster.engines.ltx.worker.printed import PrintedLines


def append(path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text.encode() if isinstance(text, str) else text)


def until(condition, limit_s: float = 5.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_lines_are_told_as_they_come(tmp_path):
    path = tmp_path / "log"
    append(path, "of an earlier job\n")
    lines: list[str] = []
    with PrintedLines(str(path), lines.append) as printed:
        append(path, b"10%\r20%\r\n\nna\xc3")
        until(lambda: len(lines) == 2)
        append(path, b"\xafve\nlast\xff")
        until(lambda: len(lines) == 3)
    assert lines == ["10%", "20%", "naïve", "last\N{REPLACEMENT CHARACTER}"]
    assert printed.tail == "10%\n20%\nnaïve\nlast\N{REPLACEMENT CHARACTER}\n"


def test_long_lines_and_much_output_are_bounded(tmp_path):
    lines: list[str] = []
    with PrintedLines(str(tmp_path / "log"), lines.append) as printed:
        append(tmp_path / "log", "x" * 10_000 + "\n" + "y" * 5000)
    assert [len(line) for line in lines] == [4096, 4096]
    assert len(printed.tail) == 8192


@pytest.mark.parametrize("before", [pytest.param("x" * 200, id="too long before"), pytest.param("", id="too long meanwhile")])
def test_the_file_begins_anew_where_it_is_too_long(tmp_path, before):
    path = tmp_path / "log"
    append(path, before)
    lines: list[str] = []
    with PrintedLines(str(path), lines.append, max_bytes=100):
        for number in range(3):
            append(path, f"{number}" * 99 + "\n")
            until(lambda number=number: len(lines) == number + 1)
            until(lambda: path.stat().st_size <= 100)
    assert lines == ["0" * 99, "1" * 99, "2" * 99]
