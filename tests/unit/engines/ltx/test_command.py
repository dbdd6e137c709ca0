"""Arguments as they are sent, and as the real parsers take them where an interpreter with LTX is at hand."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ltx_interpreter import make_interpreter

from vtx_dagster.core.clip import InputMode, Pipeline, RetakeRange
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanLora, PlanPrevious, RenderPlan
from vtx_dagster.engines.ltx.capabilities import Capabilities, Flag, clean_environment, find_capabilities
from vtx_dagster.engines.ltx.capabilities import _tables as tables
from vtx_dagster.engines.ltx.command import Command, Materials, ltx_command
from vtx_dagster.engines.ltx.log_progress import step_of
from vtx_dagster.engines.ltx.memory_ladder import host_kills, memory_ladder
from vtx_dagster.engines.ltx.session import Step

CAPABLE = Capabilities(version="1.2.0", source="table", modules=tables()["1.2.0"])
WHOLE = {"--checkpoint-path": Path("/m/dev"), "--gemma-root": Path("/m/gemma")}
DISTILLED = {"--distilled-checkpoint-path": Path("/m/distilled"), "--gemma-root": Path("/m/gemma")}
UPSAMPLER = {"--spatial-upsampler-path": Path("/m/up")}
LORA = {"--distilled-lora": Path("/m/dl")}
IMAGES = (
    PlanInput(role="image", sha256="still", frame_index=0, strength=0.8),
    PlanInput(role="image", sha256="still", frame_index=16),
)
FILES = {name: Path("/in", name) for name in ("still", "video", "mask", "voice", "lora")}
COMMON = "--seed 7 --width 128 --height 64 --num-frames 17 --frame-rate 16"


def plan(pipeline: Pipeline, **fields: Any) -> RenderPlan:
    return RenderPlan(
        **{
            "clip": "A01_S01_SH001",
            "engine": EngineIdentity(name="ltx", version="1.2"),
            "pipeline": pipeline,
            "mode": InputMode.T2V,
            "prompt": "-x",
            "negative_prompt": "",
            "seed": 7,
            "width": 128,
            "height": 64,
            "fps": 16,
            "content_frames": 17,
            "render_frames": 17,
            **fields,
        }
    )


def command(asked: RenderPlan, models: dict[str, Path], capabilities: Capabilities = CAPABLE, **materials: Any) -> Command:
    given = Materials(inputs=FILES, models=models, **materials)
    return ltx_command(asked, given, capabilities, width=128, height=64, output=Path("/out/clip.mp4"))


GUIDED = {"negative_prompt": "--bad", "num_inference_steps": 30, "guidance_scale": 3.5}
SAID_GUIDED = "--negative-prompt=--bad --num-inference-steps 30 --video-cfg-guidance-scale 3.5"
TWO = "--checkpoint-path /m/dev --gemma-root /m/gemma --spatial-upsampler-path /m/up --distilled-lora /m/dl"
ONE_OF_EACH: dict[Pipeline, tuple[dict[str, Any], dict[str, Path], str]] = {
    Pipeline.TI2VID_TWO_STAGES: (GUIDED, WHOLE | UPSAMPLER | LORA, f"{TWO} --prompt=-x {SAID_GUIDED} {COMMON}"),
    Pipeline.TI2VID_TWO_STAGES_HQ: (
        {"inputs": IMAGES},
        WHOLE | UPSAMPLER | LORA,
        f"{TWO} --prompt=-x {COMMON} --image /in/still 0 0.8 --image /in/still 16 1",
    ),
    Pipeline.TI2VID_ONE_STAGE: (
        {"loras": (PlanLora(sha256="lora", strength=0.7), PlanLora(sha256="lora", strength=1.0))},
        WHOLE,
        f"--checkpoint-path /m/dev --gemma-root /m/gemma --prompt=-x {COMMON} --lora /in/lora 0.7 --lora /in/lora 1",
    ),
    Pipeline.DISTILLED: (
        {"quantization": "fp8-cast"},
        DISTILLED | UPSAMPLER,
        "--distilled-checkpoint-path /m/distilled --gemma-root /m/gemma --spatial-upsampler-path /m/up "
        f"--prompt=-x {COMMON} --quantization fp8-cast",
    ),
    Pipeline.IC_LORA: (
        {
            "inputs": (PlanInput(role="video", sha256="video", strength=0.6), PlanInput(role="mask", sha256="mask")),
            "loras": (PlanLora(sha256="lora", strength=1.0),),
        },
        DISTILLED | UPSAMPLER,
        "--distilled-checkpoint-path /m/distilled --gemma-root /m/gemma --spatial-upsampler-path /m/up "
        f"--prompt=-x {COMMON} --video-conditioning /in/video 0.6 --conditioning-attention-mask /in/mask 1 --lora /in/lora 1",
    ),
    Pipeline.KEYFRAME_INTERPOLATION: (
        {"inputs": IMAGES},
        WHOLE | UPSAMPLER | LORA,
        f"{TWO} --prompt=-x {COMMON} --image /in/still 0 0.8 --image /in/still 16 1",
    ),
    Pipeline.A2VID_TWO_STAGE: (
        {"inputs": (PlanInput(role="audio", sha256="voice", start_s=1.25),)},
        WHOLE | UPSAMPLER | LORA,
        f"{TWO} --prompt=-x {COMMON} --audio-path /in/voice --audio-start-time 1.25",
    ),
    Pipeline.RETAKE: (
        {"inputs": (PlanInput(role="video", sha256="video"),), "retake": RetakeRange(start_s=0.5, end_s=1.0)},
        {"--transformer-path": Path("/m/t"), "--text-encoder-path": Path("/m/te")},
        "--transformer-path /m/t --text-encoder-path /m/te --prompt=-x --seed 7 "
        "--video-path /in/video --start-time 0.5 --end-time 1",
    ),
}


@pytest.mark.parametrize("pipeline", Pipeline)
def test_arguments_of_every_pipeline(pipeline: Pipeline) -> None:
    fields, models, said = ONE_OF_EACH[pipeline]
    built = command(plan(pipeline, **fields), models)
    assert " ".join(built.argv) == f"{said} --output-path /out/clip.mp4"
    assert (built.module, built.left_out) == (f"ltx_pipelines.{pipeline.value}", ())


def test_a_previous_clip_and_sound_that_was_made() -> None:
    asked = plan(
        Pipeline.A2VID_TWO_STAGE,
        inputs=(PlanInput(role="audio", sha256="voice", start_s=1.25),),
        previous=PlanPrevious(clip="A", clip_hash="b", end_frame=9, frames=9, strength=0.9),
    )
    window = ((0, Path("/p/0.png")), (8, Path("/p/8.png")))
    built = command(
        asked,
        WHOLE | UPSAMPLER | LORA,
        window=window,
        sound=Path("/p/sound.wav"),
        distilled_lora_strength=0.5,
    )
    said = " ".join(built.argv)
    assert "--image /p/0.png 0 0.9 --image /p/8.png 8 0.9 --audio-path /p/sound.wav --audio-start-time 0 " in said
    assert "--distilled-lora /m/dl 0.5 " in said


def changed(pipeline: Pipeline, **flags: Flag | None) -> Capabilities:
    """Return LTX 1.2.0 with other flags; None takes one away."""
    renamed = {f"--{name.replace('_', '-')}": flag for name, flag in flags.items()}
    own = {name: flag for name, flag in CAPABLE.flags(pipeline).items() if name not in renamed}
    own |= {name: flag for name, flag in renamed.items() if flag is not None}
    return Capabilities(version="9.0", source="parser", modules={pipeline.value: own})


@pytest.mark.parametrize(
    ("flags", "fields", "says"),
    [
        ({"seed": None}, {}, "distilled has no --seed"),
        ({"needed": Flag(required=True)}, {}, "distilled needs --needed, which vtx does not know"),
        ({"image": Flag()}, {"inputs": IMAGES}, "--image is taken once only"),
        ({"quantization": Flag(choices=("int4",))}, {"quantization": "fp8-cast"}, "--quantization takes int4 and not fp8-cast"),
    ],
)
def test_what_decides_the_picture_must_be_said(flags: dict[str, Any], fields: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequestError, match=rf"ltx-pipelines 9\.0 cannot render it: {says}") as caught:
        command(plan(Pipeline.DISTILLED, **fields), DISTILLED | UPSAMPLER, changed(Pipeline.DISTILLED, **flags))
    assert caught.value.details["version"] == "9.0"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"prompt": "x" * 131_063}, "--prompt has 131072 bytes, and a process takes 131071: shorten it"),
        ({"prompt": "\u0436" * 65_532}, "--prompt has 131073 bytes"),
        ({"prompt": "a\0b"}, "--prompt has a NUL character: take it out"),
        ({"negative_prompt": "\0"}, "--negative-prompt has a NUL character"),
        ({"prompt": "\1" * 90_000}, r"its arguments have 5\d{5} bytes as JSON, and 524288 are taken: shorten the prompts"),
    ],
    ids=["long", "long in bytes", "NUL", "NUL in the negative prompt", "long as JSON"],
)
def test_what_no_process_can_be_given(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        command(plan(Pipeline.TI2VID_TWO_STAGES, **fields), WHOLE | UPSAMPLER | LORA)


def test_the_longest_prompt_reaches_a_process(tmp_path: Path) -> None:
    built = command(plan(Pipeline.DISTILLED, prompt="x" * 131_062), DISTILLED | UPSAMPLER)
    count = "import sys; print(max(map(len, sys.argv)))"
    ended = subprocess.run([sys.executable, "-c", count, *built.argv], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == "131071\n"


def test_what_does_not_is_left_out() -> None:
    models = DISTILLED | UPSAMPLER | {"--duration-head-path": Path("/m/dh")}
    assert "--duration-head-path" in command(plan(Pipeline.DISTILLED), models).argv
    built = command(plan(Pipeline.DISTILLED), models, changed(Pipeline.DISTILLED, duration_head_path=None))
    assert built.left_out == ("distilled has no --duration-head-path",)
    assert "--duration-head-path" not in built.argv


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(InvalidRequestError, match="it has no retake"):
        command(plan(Pipeline.RETAKE), {}, Capabilities(version="0.9", source="parser"))


PARSE = """
import argparse, importlib, json, sys
whole = argparse.ArgumentParser.parse_args
class Parsed(BaseException): pass
def parse_args(self, args=None, namespace=None):
    found = whole(self, args, namespace)
    raise Parsed(json.dumps({name: str(value) for name, value in vars(found).items()}))
argparse.ArgumentParser.parse_args = parse_args
module, argv = sys.argv[1], json.loads(sys.argv[2])
sys.argv = [module, *argv]
try:
    importlib.import_module(module).main()
except Parsed as parsed:
    print("parsed " + str(parsed))
"""

REAL = os.environ.get("VTX_TEST_LTX_PYTHON")


@pytest.fixture(params=["stand-in", *(["real"] if REAL else [])])
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Path(REAL) if REAL and request.param == "real" else make_interpreter(tmp_path)


@pytest.mark.parametrize("pipeline", Pipeline)
def test_parsers_take_the_arguments(tmp_path: Path, python: Path, pipeline: Pipeline) -> None:
    fields, models, _ = ONE_OF_EACH[pipeline]
    header = b'{"__metadata__":{"model_version":"2.3"}}'
    files = {name: tmp_path / name for name in FILES}
    paths = {flag: tmp_path / path.name for flag, path in models.items()}
    for path in (*files.values(), *paths.values()):
        path.write_bytes(len(header).to_bytes(8, "little") + header)
    capabilities = find_capabilities(python, cache=tmp_path / "cache", environ=os.environ)
    given = Materials(inputs=files, models=paths)
    asked = plan(pipeline, **fields | {"prompt": "--no space, 100 %"})
    built = ltx_command(asked, given, capabilities, width=128, height=64, output=tmp_path / "clip.mp4")
    words = [str(python), "-c", PARSE, built.module, json.dumps(built.argv)]
    ended = subprocess.run(words, capture_output=True, text=True, env=clean_environment(os.environ), check=False, timeout=100)
    assert "parsed " in ended.stdout, ended.stderr
    parsed = json.loads(ended.stdout.partition("parsed ")[2])
    assert (parsed["prompt"], parsed["seed"]) == ("--no space, 100 %", "7")
    if pipeline != Pipeline.RETAKE:
        assert (parsed["num_frames"], float(parsed["frame_rate"])) == ("17", 16.0)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("INFO:ltx_pipelines.utils.blocks:Building text encoder from /m", Step(stage="reading the prompt")),
        ("INFO:ltx_pipelines.utils.blocks:Prompt encoding complete", Step(stage="prompt read")),
        ("Building transformer (standard) from /m", Step(stage="loading the transformer")),
        ("Running denoising loop (8 steps, 64x64 9 frames @ 16.0 fps)", Step(stage="rendering", total=8)),
        (" 38%|###       | 3/8 [00:12<00:20,  4.10s/it]", Step(stage="", done=3, total=8)),
        ("Building video encoder + spatial upsampler from /m", Step(stage="scaling up")),
        ("Building video decoder from /m", Step(stage="decoding")),
        ("Building audio decoder + vocoder from /m", Step(stage="decoding")),
        ("INFO: Video saved to /out/clip.mp4", Step(stage="written")),
        ("UserWarning: 3/8 of something", None),
        ("", None),
    ],
)
def test_progress_is_read_from_lines(line: str, step: Step | None) -> None:
    assert step_of(line) == step


@pytest.mark.parametrize(
    ("offload", "quantization", "has_offload", "is_resident", "options"),
    [
        ("none", None, True, False, [{}, {}, {"--offload": "cpu"}, {"--offload": "disk"}]),
        ("none", None, True, True, [{}, {}, {"weights": "anew"}, {"--offload": "cpu"}, {"--offload": "disk"}]),
        ("none", "fp8-cast", True, False, [{}, {}, {"--offload": "cpu"}, {"--offload": "disk"}]),
        ("cpu", None, True, False, [{"--offload": "cpu"}, {"--offload": "cpu"}, {"--offload": "disk"}]),
        ("cpu", None, True, True, [{"--offload": "cpu"}, {"--offload": "cpu"}, {"--offload": "disk"}]),
        ("disk", None, True, False, [{"--offload": "disk"}, {"--offload": "disk"}]),
        ("none", "fp8-scaled-mm", True, False, [{}, {}]),
        ("none", "fp8-scaled-mm", True, True, [{}, {}, {"weights": "anew"}]),
        ("cpu", None, False, False, [{}, {}]),
        ("cpu", None, False, True, [{}, {}, {"weights": "anew"}]),
    ],
)
def test_the_ladder(
    offload: str,
    quantization: str | None,
    has_offload: bool,
    is_resident: bool,
    options: list[dict[str, str]],
) -> None:
    rungs = memory_ladder(offload, quantization=quantization, has_offload=has_offload, is_resident=is_resident)
    assert [dict(rung.options) for rung in rungs] == options
    assert [bool(rung.env) for rung in rungs] == [False] + [True] * (len(rungs) - 1)


def test_kills_of_the_kernel_are_counted(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("pgfault 5\noom_kill 2\n")
    (tmp_path / "events").write_text("oom 9\noom_kill 1\noom_group_kill 0\n")
    assert host_kills((tmp_path / "vmstat", tmp_path / "events", tmp_path / "none")) == 3
    assert host_kills() >= 0
