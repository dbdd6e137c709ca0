import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vtx_dagster.core.errors import CancelledError, ProcessError, StorageError
from vtx_dagster.engines import process as process_module
from vtx_dagster.engines.process import MAX_LINE_CHARACTERS, TAIL_CHARACTERS, run_process


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-S", "-E", "-c", code, *args]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition, *, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_result_log_and_lines(tmp_path):
    log, lines = tmp_path / "log.txt", []
    log.write_text("before\n")
    code = "import sys; print('out', sys.argv[1]); print('err', file=sys.stderr); print(repr(sys.stdin.read()), end='')"
    result = run_process(python(code, "a b; $HOME"), timeout_s=20, log=log, on_line=lines.append)
    assert result.returncode == 0
    assert sorted(result.tail.splitlines()) == ["''", "err", "out a b; $HOME"]
    assert sorted(lines) == ["''", "err", "out a b; $HOME"]
    assert 0 < result.elapsed_s < 20
    text = log.read_text()
    assert text.startswith(f"before\n$ {sys.executable}")
    assert text.endswith(result.tail)


def test_cwd_and_environment(tmp_path):
    code = "import os; print(os.getcwd(), os.environ.get('A'), os.environ.get('HOME'))"
    result = run_process(python(code), timeout_s=20, cwd=tmp_path, env={"A": "1"})
    assert result.tail == f"{tmp_path} 1 None\n"


def test_carriage_returns_are_lines():
    lines = []
    result = run_process(python(r"print('10 %\r20 %\r\n30 %')"), timeout_s=20, on_line=lines.append)
    assert lines == ["10 %", "20 %", "30 %"]
    assert "\r" not in result.tail


def test_flood_without_newline_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(process_module, "MAX_LOG_BYTES", 200_000)
    log, lines = tmp_path / "log", []
    code = "import sys\nfor _ in range(300): sys.stdout.write('x' * 10_000)\nprint('END')"
    result = run_process(python(code), timeout_s=30, log=log, on_line=lines.append)
    assert len(result.tail) == TAIL_CHARACTERS
    assert result.tail.endswith("xEND\n")
    assert lines == ["x" * MAX_LINE_CHARACTERS]
    assert log.stat().st_size < 300_000
    assert log.read_text().endswith("[the rest of the output is left out]\n")


def test_binary_junk_becomes_text(tmp_path):
    code = r"import sys; out = sys.stdout.buffer; out.write(bytes(range(256)) + b'\xc3'); out.flush(); out.write(b'\xa9 ok')"
    result = run_process(python(code), timeout_s=20, log=tmp_path / "log")
    assert result.tail.endswith("é ok")
    assert "\x00" not in result.tail
    assert (tmp_path / "log").read_text().endswith("é ok")


@pytest.mark.parametrize("secrets", [["s3cr3t-key"], ["s3cr3t", "s3cr3t-key", ""]], ids=["one", "nested and empty"])
def test_secrets_never_appear(tmp_path, secrets):
    log, lines = tmp_path / "log", []
    code = (
        "import sys, time\nprint('key', sys.argv[1])\nsys.stdout.write('half s3cr'); sys.stdout.flush(); time.sleep(0.2)\n"
        "print('3t-key.'); print('s3c', end='', flush=True); sys.exit(3)"
    )
    with pytest.raises(ProcessError) as caught:
        run_process(python(code, "--key=s3cr3t-key"), timeout_s=20, log=log, secrets=secrets, on_line=lines.append)
    everything = log.read_text() + str(caught.value) + str(caught.value.details) + "".join(lines)
    assert "s3cr3t" not in everything
    assert lines == ["key --key=***", "half ***.", "s3c"]


def test_non_zero_exit_says_code_and_last_words():
    with pytest.raises(ProcessError, match="exit code 7") as caught:
        run_process(python("print('disk is on fire'); raise SystemExit(7)"), timeout_s=20)
    assert "disk is on fire" in caught.value.message
    assert caught.value.details["program"] == sys.executable
    assert caught.value.details["end"] == "exit code 7"
    assert caught.value.details["tail"] == "disk is on fire\n"


def test_death_by_signal_is_named():
    with pytest.raises(ProcessError, match="killed by SIGABRT") as caught:
        run_process(python("import os; os.abort()"), timeout_s=20)
    assert "printed nothing" in caught.value.message


def test_missing_program():
    with pytest.raises(ProcessError, match=r"no-such-program: the program is not there; install it"):
        run_process(["no-such-program"], timeout_s=1)


def test_program_without_permission(tmp_path):
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o644)
    with pytest.raises(ProcessError, match="not executable; check its permissions"):
        run_process([str(program)], timeout_s=1)


def test_program_that_the_system_cannot_start(tmp_path, monkeypatch):
    monkeypatch.setattr(process_module, "_dies_with_parent", list)
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELFjunk")
    program.chmod(0o755)
    with pytest.raises(ProcessError, match="cannot be started"):
        run_process([str(program)], timeout_s=1)


def test_working_folder_that_is_not_there(tmp_path):
    with pytest.raises(ProcessError, match="cannot be started"):
        run_process(python(""), timeout_s=1, cwd=tmp_path / "gone")


def test_log_that_cannot_be_opened(tmp_path):
    with pytest.raises(StorageError, match=r"gone/log: the log cannot be written"):
        run_process(python(""), timeout_s=1, log=tmp_path / "gone" / "log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_a_storage_error():
    with pytest.raises(StorageError, match="No space left"):
        run_process(python("print('x')"), timeout_s=20, log=Path("/dev/full"))


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-S", "-E", "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"])
print("pids", os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


class Pids:
    def __init__(self, then=None):
        self.pids, self.ready, self._then = [], False, then

    def __call__(self, line):
        if line.startswith("pids"):
            self.pids = [int(word) for word in line.split()[1:]]
        self.ready = self.ready or line == "ready"
        if self.pids and self.ready and self._then:
            self._then()


def test_timeout_kills_the_whole_group_though_it_ignores_sigterm():
    pids = Pids()
    with pytest.raises(ProcessError, match=r"still running after 1\.5 s and was killed") as caught:
        run_process(python(STUBBORN), timeout_s=1.5, grace_s=0.1, on_line=pids)
    assert caught.value.details["timeout_s"] == 1.5
    assert len(pids.pids) == 2
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids.pids))


def test_polite_program_ends_on_sigterm(tmp_path):
    code = (
        "import pathlib, signal, sys, time\n"
        "def bye(*_): print('cleaned up', flush=True); pathlib.Path(sys.argv[1]).touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, bye); time.sleep(60)"
    )
    started = time.monotonic()
    with pytest.raises(ProcessError, match="still running"):
        run_process(python(code, str(tmp_path / "mark")), timeout_s=0.5, grace_s=30)
    assert (tmp_path / "mark").exists()
    assert time.monotonic() - started < 10


def test_flood_does_not_outlive_its_timeout():
    started = time.monotonic()
    with pytest.raises(ProcessError, match="still running"):
        run_process(python("while True: print('x' * 1000)"), timeout_s=0.5, grace_s=1)
    assert time.monotonic() - started < 5


def test_program_that_closes_its_output_is_still_waited_for():
    result = run_process(python("import os, time; os.close(1); os.close(2); time.sleep(0.2)"), timeout_s=20)
    assert result.elapsed_s >= 0.2


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_error_in_the_caller_leaves_no_orphan(error):
    def fail():
        raise error

    pids = Pids(then=fail)
    with pytest.raises(error):
        run_process(python(STUBBORN), timeout_s=30, grace_s=0.1, on_line=pids)
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids.pids))


def test_keyboard_interrupt_from_outside():
    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)

    pids = Pids(then=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_process(python(STUBBORN), timeout_s=30, grace_s=0.1, on_line=pids)
    assert wait_until(lambda: not any(is_alive(pid) for pid in pids.pids))


def test_children_left_behind_are_killed_and_not_waited_for():
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-S', '-E', '-c', 'import time; time.sleep(60)'])\nprint(child.pid)"
    )
    result = run_process(python(code), timeout_s=30)
    assert result.elapsed_s < 10
    assert wait_until(lambda: not is_alive(int(result.tail)))


@pytest.mark.skipif(not process_module._dies_with_parent(), reason="needs Linux with setpriv")
def test_program_dies_with_a_killed_parent():
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom vtx_dagster.engines.process import run_process\n"
            "child = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
            "run_process([sys.executable, '-c', child], timeout_s=60, on_line=lambda line: print(line, flush=True))",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    assert wait_until(lambda: not is_alive(pid))


@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "while True: print('x' * 4000)"], ids=["silent", "flood"])
def test_called_off(code, tmp_path):
    asked = []

    def cancelled() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 3

    started = time.monotonic()
    with pytest.raises(CancelledError):
        run_process(python(code), timeout_s=30, cancelled=cancelled)
    assert time.monotonic() - started < 3


def test_called_off_while_it_ignores_the_polite_signal(tmp_path):
    pid = tmp_path / "pid"
    code = "import os, signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w').write(str(os.getpid()))"
    started = time.monotonic()
    with pytest.raises(CancelledError):
        run_process(
            python(f"{code}; time.sleep(60)", str(pid)), timeout_s=30, cancelled=lambda: pid.exists() and pid.read_text() != ""
        )
    assert time.monotonic() - started < 3
    assert not is_alive(int(pid.read_text()))
