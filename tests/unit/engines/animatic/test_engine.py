import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.errors import MissingSettingError, RenderError, StorageError
from vtx_dagster.engines import animatic
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.engine import AnimaticEngine, AnimaticSession, paint_frame
from vtx_dagster.engines.animatic.lettering import Lettering

FONT = Path(animatic.__file__).parent / "fonts" / "DejaVuSansCondensed-Bold.ttf"

RENDER = """
import sys
from pathlib import Path
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.animatic.engine import AnimaticEngine
plan = RenderPlan.model_validate_json(sys.stdin.read())
with AnimaticEngine().session() as session:
    session.render(RenderRequest(plan=plan, output=Path(sys.argv[1]), log=Path(sys.argv[1] + ".txt")))
"""


def render(plan, output, **more):
    with AnimaticEngine().session() as session:
        return session.render(RenderRequest(plan=plan, output=output, log=output.with_suffix(".txt"), **more))


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_clip_has_what_the_plan_asked_for(plan, tmp_path):
    told = []
    shot = plan(dialogue=(("MARA", "Hello.", {}),))
    report = render(shot, tmp_path / "a.mp4", progress=lambda done, total: told.append((done, total)))
    with av.open(tmp_path / "a.mp4") as container:
        frames = list(container.decode(video=0))
    assert [(frame.width, frame.height) for frame in frames] == [(192, 108)] * 17
    assert told == [(index + 1, 17) for index in range(17)]
    assert report.facts == {"figures": 1, "captions": 1, "frames": 17, "bytes": (tmp_path / "a.mp4").stat().st_size}
    assert json.dumps(dict(report.facts))
    log = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert "A01_S01_SH001, 192x108 at 16 fps" in log
    assert "frames: 17" in log


def test_two_renders_are_byte_identical_even_in_another_process(plan, tmp_path):
    shot = plan(move="handheld", dialogue=(("MARA", "Hello.", {}),), text="SIGN", frames=9)
    render(shot, tmp_path / "a.mp4")
    render(shot, tmp_path / "b.mp4")
    subprocess.run(
        [sys.executable, "-c", RENDER, str(tmp_path / "c.mp4")],
        input=shot.model_dump_json().encode(),
        check=True,
        timeout=60,
        env={"PYTHONHASHSEED": "123"},
    )
    assert len({sha(tmp_path / f"{name}.mp4") for name in "abc"}) == 1


def test_other_plans_make_other_clips(plan, tmp_path):
    render(plan(frames=1), tmp_path / "a.mp4")
    render(plan(frames=1, time="night"), tmp_path / "b.mp4")
    assert sha(tmp_path / "a.mp4") != sha(tmp_path / "b.mp4")


@pytest.mark.parametrize("changes", [{"width": 191}, {"drawn": False}, {"width": 20_000}], ids=["odd", "no drawing", "huge"])
def test_what_cannot_be_rendered_leaves_no_file(plan, tmp_path, changes):
    with pytest.raises(RenderError) as told:
        render(plan(**changes), tmp_path / "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert str(told.value) in (tmp_path / "a.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "error",
    [ValueError("a width of 0"), av.error.ArgumentError(22, "Invalid argument"), OSError("raster overflow"), MemoryError()],
    ids=["pillow", "ffmpeg", "font", "memory"],
)
@pytest.mark.parametrize(("name", "part"), [("frame", "frame 0 of 17"), ("__init__", "the scene")], ids=["frame", "scene"])
def test_an_error_in_the_drawing_is_called_one_and_traced_in_the_log(plan, tmp_path, monkeypatch, error, name, part):
    def fail(*_args):
        raise error

    monkeypatch.setattr(Board, name, fail)
    with pytest.raises(RenderError) as told:
        render(plan(), tmp_path / "a.mp4")
    message = f"A01_S01_SH001: {part} cannot be drawn, for an error in vtx ({type(error).__name__}: {error})"
    assert told.value.message.startswith(message)
    assert "encoder" not in told.value.message
    assert told.value.__cause__ is error
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    log = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert "A01_S01_SH001, 192x108 at 16 fps" in log
    assert "Traceback" in log
    assert message in log


def test_a_log_that_cannot_be_written_is_a_storage_error(plan, tmp_path):
    with AnimaticEngine().session() as session, pytest.raises(StorageError, match=r"log\.txt"):
        session.render(RenderRequest(plan=plan(frames=1), output=tmp_path / "a.mp4", log=tmp_path / "none" / "log.txt"))


def test_the_font_is_part_of_the_version_by_its_content(tmp_path):
    shutil.copy(FONT, tmp_path / "mine.ttf")
    plain, mine, bundled = (
        AnimaticEngine().identity,
        AnimaticEngine(tmp_path / "mine.ttf").identity,
        AnimaticEngine(FONT).identity,
    )
    assert plain.name == "animatic"
    assert mine == bundled
    assert mine.version.startswith(f"{plain.version}+font.")
    assert AnimaticEngine().draws
    assert (AnimaticEngine(), AnimaticEngine(FONT)) == (AnimaticEngine(), AnimaticEngine(FONT)), (
        "so that projects share a session"
    )
    assert AnimaticEngine() != AnimaticEngine(FONT)


def test_a_font_of_the_users_letters_the_page(plan, tmp_path):
    with AnimaticEngine(FONT).session() as session:
        session.render(RenderRequest(plan=plan(frames=1), output=tmp_path / "a.mp4", log=tmp_path / "a.txt"))
    assert (tmp_path / "a.mp4").exists()
    assert paint_frame(plan(action="Waits."), 0).tobytes() != paint_frame(plan(action="Waits."), 0, font=FONT).tobytes()


def test_fonts_that_cannot_be_used_say_so(plan, tmp_path):
    with pytest.raises(MissingSettingError, match=r"none\.ttf"):
        AnimaticEngine(tmp_path / "none.ttf")
    broken = tmp_path / "broken.ttf"
    broken.write_text("no font", encoding="utf-8")
    with pytest.raises(RenderError, match=r"broken\.ttf: cannot be read as a font"):
        paint_frame(plan(), 0, font=broken)


def test_letters_that_no_font_has_are_told_of_once_and_in_every_log(plan, tmp_path, caplog):
    session = AnimaticSession(Lettering(folders=()))
    logs = []
    for name, words in (("a", "日本"), ("b", "日"), ("c", "Hello"), ("d", "駅")):
        output, log = tmp_path / f"{name}.mp4", tmp_path / f"{name}.txt"
        session.render(RenderRequest(plan=plan(frames=1, dialogue=(("MARA", words, {}),)), output=output, log=log))
        logs.append(log.read_text(encoding="utf-8"))
    boxes = [next((line.split(":")[0] for line in log.splitlines() if "empty boxes" in line), "") for log in logs]
    assert boxes == ["empty boxes for 日本", "empty boxes for 日", "", "empty boxes for 駅"]
    assert [record.getMessage().split(":")[1] for record in caplog.records] == [" empty boxes for 日本", " empty boxes for 駅"]
