import json
import time

import pytest

from vtx_dagster.core.errors import StorageError
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.engines.ltx.quarantine import forget_failures, note_failure, quarantine_of

GPU0 = Device(name="gpu0")


@pytest.mark.parametrize(
    ("clips", "is_left_out"),
    [
        pytest.param("", False, id="never"),
        pytest.param("AB", False, id="two"),
        pytest.param("AAB", True, id="three of two clips"),
        pytest.param("AAAAAA", False, id="of one clip alone"),
        pytest.param("AAAAAAAAAAAAAAAB", True, id="and then another"),
    ],
)
def test_three_failures_in_a_row_of_two_clips(tmp_path, clips, is_left_out):
    before = time.time()
    for clip in clips:
        note_failure(tmp_path, GPU0, clip=clip, reason=f"{clip} was lost")
    found = quarantine_of(tmp_path, GPU0)
    assert (found is not None) == is_left_out
    assert quarantine_of(tmp_path, Device(name="gpu1")) is None
    if found is not None:
        assert found.reason == "B was lost"
        assert found.num_failures == min(len(clips), 12)
        assert found.until_s - found.since_s == 3600
        assert before <= found.since_s <= time.time()


def test_a_success_or_an_hour_ends_it(tmp_path):
    for clip in "AAB":
        note_failure(tmp_path, GPU0, clip=clip, reason="lost")
    path = tmp_path / "gpu0.failures.json"
    failures = json.loads(path.read_text())
    path.write_text(json.dumps([{**failure, "at_s": failure["at_s"] - 3601} for failure in failures]))
    assert quarantine_of(tmp_path, GPU0) is None
    path.write_text(json.dumps(failures))
    assert quarantine_of(tmp_path, GPU0) is not None
    assert forget_failures(tmp_path, GPU0)
    assert quarantine_of(tmp_path, GPU0) is None
    assert not forget_failures(tmp_path, GPU0)


def test_a_disk_that_refuses(tmp_path):
    (tmp_path / "gpu0.failures.json").mkdir()
    with pytest.raises(StorageError, match=r"gpu0\.failures\.json"):
        quarantine_of(tmp_path, GPU0)
    with pytest.raises(StorageError, match=r"gpu0\.failures\.json"):
        forget_failures(tmp_path, GPU0)
