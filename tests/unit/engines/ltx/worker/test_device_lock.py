import json
import os
from pathlib import Path

import pytest

from vtx_dagster.engines.ltx.worker import device_lock
from vtx_dagster.engines.ltx.worker.device_lock import is_locked, sign, try_lock


def test_one_holder_at_a_time_until_every_copy_is_closed(tmp_path):
    path = str(tmp_path / "gpu0.lock")
    assert not is_locked(path)
    held = try_lock(path)
    assert held is not None
    assert not os.get_inheritable(held)
    assert is_locked(path)
    assert try_lock(path) is None
    copy = os.dup(held)
    os.close(held)
    assert is_locked(path)
    os.close(copy)
    assert not is_locked(path)
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_the_holder_signs(tmp_path):
    path = tmp_path / "gpu0.lock"
    held = try_lock(str(path))
    assert held is not None
    sign(held, what="a much longer text than the next")
    sign(held, what="ltx_cli")
    assert json.loads(path.read_text()) | {"since": 0} == {"pid": os.getpid(), "what": "ltx_cli", "since": 0}
    os.close(held)


@pytest.mark.parametrize("is_made_again", [pytest.param(True, id="another file"), pytest.param(False, id="no file")])
def test_a_file_that_was_cleaned_away_is_not_taken_for_the_lock(tmp_path, monkeypatch, is_made_again):
    path = tmp_path / "gpu0.lock"
    lock = device_lock.fcntl.flock
    tries = []

    def clean_away(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        tries.append(descriptor)
        if len(tries) == 1:
            path.unlink()
            if is_made_again:
                path.touch()

    monkeypatch.setattr(device_lock.fcntl, "flock", clean_away)
    held = try_lock(str(path))
    assert held is not None
    assert len(tries) == 2
    assert os.fstat(held).st_ino == Path(path).stat().st_ino
    os.close(held)
