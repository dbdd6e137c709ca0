import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.continuity import derived_seed
from vtx_dagster.core.errors import (
    InvalidFileError,
    InvalidRequestError,
    MissingInputError,
    MissingSettingError,
    NotFoundError,
    VtxError,
)
from vtx_dagster.core.plan import EngineIdentity, PlanModel, RenderPlan
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.studio.files import file_identity
from vtx_dagster.studio.project import Project

CLIP = "A01_S01_SH010"


class StandIn:
    """A ``RenderEngine`` that only plans."""

    key = "stand-in"
    concurrency = 1

    def __init__(self, *, name: str = "fake", draws: bool = False) -> None:
        self.identity = EngineIdentity(name=name, version="1")
        self.draws = draws

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        return plan

    def session(self) -> NoReturn:
        raise AssertionError("planning starts no engine")


def resolver(project: Project, *, draws: bool = False) -> Resolver:
    return Resolver.of(project, engine_for=lambda *_: StandIn(draws=draws))


def put(project: Project, name: str, content: str) -> str:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return hashlib.sha256(content.encode()).hexdigest()


def test_a_bare_clip_gets_what_its_project_says(make_project) -> None:
    project = make_project(clips=(CLIP,))
    resolved = resolver(project).resolve(project.clip_spec(CLIP))
    plan = resolved.plan
    assert (plan.clip, plan.engine.name, plan.pipeline, plan.mode) == (CLIP, "fake", Pipeline.TI2VID_TWO_STAGES, InputMode.T2V)
    assert (plan.width, plan.height, plan.fps, plan.content_frames, plan.render_frames) == (128, 72, 8, 8, 9)
    assert plan.seed == derived_seed("film", CLIP)
    assert (plan.inputs, plan.loras, plan.drawing, dict(resolved.files)) == ((), (), None, {})
    assert resolved.clip_hash == plan.clip_hash()
    assert resolved.warnings == ()


def test_a_clip_decides_over_its_project(make_project, write_clip) -> None:
    project = make_project(clips=())
    write_clip(project, CLIP, pipeline="distilled", profile="small", seed=7, characters=["ghost"], duration={"seconds": 60})
    resolved = resolver(project, draws=True).resolve(project.clip_spec(CLIP))
    plan = resolved.plan
    assert (plan.pipeline, plan.seed, plan.width, plan.height) == (Pipeline.DISTILLED, 7, 64, 64)
    assert plan.drawing is not None
    assert plan.content_frames == 120
    assert any("ghost" in warning for warning in resolved.warnings)
    assert any("15" in warning for warning in resolved.warnings), "the clamp to 15 s is reported"
    other = resolver(project).resolve(project.clip_spec(CLIP), profile="tiny")
    assert (other.plan.width, other.plan.height) == (128, 72)


def test_inputs_and_loras_are_in_the_plan_by_content(make_project, write_clip, write_bible, studio) -> None:
    project = make_project(clips=(), render={"lora_bundle": "core"})
    first, last = put(project, "inputs/first.png", "first"), put(project, "inputs/last.png", "last")
    look, far, mine = (
        put(project, "inputs/look.safetensors", "look"),
        put(project, "../../models/far.safetensors", "far"),
        put(project, "inputs/mine.safetensors", "mine"),
    )
    put(project, "project.env", "LORA_FAR=models/far.safetensors\n")
    absolute = str(project.root / "inputs/mine.safetensors")
    loras = [{"path": "inputs/look.safetensors", "strength": 0.5}, {"env_path": "LORA_FAR"}, {"path": absolute}]
    write_bible(project, "loras", bundles={"core": {"loras": loras}})
    images = [{"file": "inputs/last.png", "at_s": 1.0}, {"file": "inputs/first.png", "strength": 0.25}]
    write_clip(project, CLIP, inputs={"mode": "keyframe_interpolation", "images": images})
    write_clip(project, "A01_S01_SH020", inputs={"mode": "v2v", "video": {"file": "inputs/last.png", "strength": 0.5}})

    resolved = resolver(project).resolve(project.clip_spec(CLIP))
    assert [(i.role, i.sha256, i.frame_index, i.strength) for i in resolved.plan.inputs] == [
        ("image", first, 0, 0.25),
        ("image", last, 7, 1.0),
    ]
    assert [(lora.sha256, lora.strength) for lora in resolved.plan.loras] == [(look, 0.5), (far, 1.0), (mine, 1.0)]
    assert {sha: path.name for sha, path in resolved.files.items()} == {
        first: "first.png",
        last: "last.png",
        look: "look.safetensors",
        far: "far.safetensors",
        mine: "mine.safetensors",
    }
    assert resolved.files[far].resolve() == (studio.root / "models/far.safetensors").resolve()

    (video,) = resolver(project).resolve(project.clip_spec("A01_S01_SH020")).plan.inputs
    assert (video.role, video.sha256, video.strength) == ("video", last, 0.5)


def test_of_two_files_with_equal_content_both_are_looked_at(make_project, write_clip) -> None:
    project = make_project(clips=())
    same = {put(project, "inputs/first.png", "same"), put(project, "inputs/last.png", "same")}
    images = [{"file": "inputs/first.png"}, {"file": "inputs/last.png", "at_s": 1.0}]
    write_clip(project, CLIP, inputs={"mode": "keyframe_interpolation", "images": images})
    resolved = resolver(project).resolve(project.clip_spec(CLIP))
    assert set(resolved.files) == same
    paths = [project.root / "inputs/first.png", project.root / "inputs/last.png"]
    assert resolved.looked_at == {str(path): file_identity(path) for path in paths}


def test_what_a_plan_would_depend_on_is_known_before_it_is_there(make_project, write_clip, write_bible) -> None:
    project = make_project(clips=())
    put(project, "project.env", "LORA_SET=models/no.bin\n")
    loras = [{"path": "inputs/no.bin"}, {"env_path": "LORA_SET"}, {"env_path": "LORA_NOT_SET"}]
    write_bible(project, "loras", bundles={"core": {"loras": loras}})
    put(project, "inputs/there.png", "there")
    images = [{"file": "inputs/there.png"}, {"file": "inputs/no.png", "at_s": 1.0}, {"file": "inputs/\0.png", "at_s": 0.5}]
    write_clip(project, CLIP, lora_bundle="core", inputs={"mode": "keyframe_interpolation", "images": images})
    write_clip(project, "A01_S01_SH020", inputs={"mode": "v2v", "video": {"file": "inputs/no.mp4"}})
    assert resolver(project).looked_at(project.clip_spec(CLIP)) == {
        str(project.root / "inputs/there.png"): file_identity(project.root / "inputs/there.png"),
        str(project.root / "inputs/no.png"): None,
        str(project.root / "inputs/no.bin"): None,
        str(project.studio.root / "models/no.bin"): None,
    }
    assert resolver(project).looked_at(project.clip_spec("A01_S01_SH020")) == {str(project.root / "inputs/no.mp4"): None}


def test_a_file_that_was_written_in_place_is_hashed_again_whatever_its_times_say(make_project, write_clip) -> None:
    project = make_project(clips=())
    path = project.root / "inputs/a.png"
    first = put(project, "inputs/a.png", "one")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/a.png"}]})
    assert set(resolver(project).resolve(project.clip_spec(CLIP)).files) == {first}
    before, second = path.stat(), ""
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        second = put(project, "inputs/a.png", "two")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert set(resolver(project).resolve(project.clip_spec(CLIP)).files) == {second}


def test_a_file_that_goes_away_while_it_is_looked_at_is_missing(make_project, write_clip, monkeypatch) -> None:
    project = make_project(clips=())
    put(project, "inputs/a.png", "one")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/a.png"}]})
    monkeypatch.setattr("vtx_dagster.production.resolve.file_identity", lambda path: None)
    with pytest.raises(MissingInputError, match=r"inputs/a\.png went away"):
        resolver(project).resolve(project.clip_spec(CLIP))


def test_an_input_that_changed_is_another_plan(make_project, write_clip) -> None:
    project = make_project(clips=())
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/a.png"}]})
    put(project, "inputs/a.png", "one")
    before = resolver(project).resolve(project.clip_spec(CLIP)).clip_hash
    (project.root / "inputs/a.png").unlink()
    put(project, "inputs/a.png", "two")
    assert resolver(project).resolve(project.clip_spec(CLIP)).clip_hash != before


@pytest.mark.parametrize(
    ("fields", "error", "problem"),
    [
        ({"profile": "tinny"}, InvalidRequestError, r"A01_S01_SH010: render profile 'tinny' .*did you mean 'tiny'"),
        ({"lora_bundle": "cora"}, InvalidRequestError, r"cora.*did you mean 'core'"),
        ({"lora_bundle": "core"}, MissingInputError, r"A01_S01_SH010: LoRA file .*gone.safetensors \(prompts/loras.yaml\)"),
        ({"lora_bundle": "env"}, MissingSettingError, "LORA_FILE is not set"),
        ({"lora_bundle": "bad_env"}, MissingInputError, r"nowhere.bin \(setting LORA_NOWHERE\)"),
        ({"inputs": {"mode": "i2v", "images": [{"file": "inputs/no.png"}]}}, MissingInputError, "inputs/no.png is missing"),
        ({"inputs": {"mode": "i2v", "images": [{"file": "metadata.yaml", "at_s": 5}]}}, InvalidRequestError, "outside a clip"),
    ],
    ids=["profile", "bundle", "lora", "setting", "setting of nothing", "input", "time"],
)
def test_what_stops_a_plan_says_where(
    make_project, write_clip, write_bible, fields: dict[str, object], error: type[VtxError], problem: str
) -> None:
    project = make_project(clips=())
    put(project, "project.env", "LORA_NOWHERE=nowhere.bin\n")
    bundles = {
        "core": {"loras": [{"path": "inputs/gone.safetensors"}]},
        "env": {"loras": [{"env_path": "LORA_FILE"}]},
        "bad_env": {"loras": [{"env_path": "LORA_NOWHERE"}]},
    }
    write_bible(project, "loras", bundles=bundles)
    write_clip(project, CLIP, **fields)
    with pytest.raises(error, match=problem):
        resolver(project).resolve(project.clip_spec(CLIP))


@pytest.mark.parametrize("setting", ["LTX_MAX_FRAMES=few", "VTX_PROMPT_MAX_CHARS=0"])
def test_a_setting_that_is_no_number_names_file_and_line(make_project, setting: str) -> None:
    project = make_project(clips=())
    put(project, "project.env", f"# mine\n{setting}\n")
    with pytest.raises(InvalidFileError, match=r"project\.env:2: "):
        resolver(project)


def test_settings_limit_frames_and_prompt(make_project, write_clip) -> None:
    project = make_project(clips=())
    put(project, "project.env", "LTX_MAX_FRAMES=9\nVTX_PROMPT_MAX_CHARS=5\n")
    write_clip(project, CLIP, duration={"seconds": 4}, prompt="A very long prompt.")
    resolved = resolver(project).resolve(project.clip_spec(CLIP))
    assert resolved.plan.render_frames == 9
    assert any("budget is 5" in warning for warning in resolved.warnings)


def test_the_same_files_are_hashed_once(make_project, write_clip, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(clips=())
    put(project, "inputs/big.png", "big")
    for clip in (CLIP, "A01_S01_SH020"):
        write_clip(project, clip, inputs={"mode": "i2v", "images": [{"file": "inputs/big.png"}]})
    hashed: list[Path] = []
    monkeypatch.setattr(
        "vtx_dagster.production.resolve.hash_file", lambda path: hashed.append(path) or hashlib.sha256(b"big").hexdigest()
    )
    found = resolver(project)
    for clip in (CLIP, "A01_S01_SH020"):
        found.resolve(project.clip_spec(clip))
    assert hashed == [project.root / "inputs/big.png"]


LOOKED_AT = {"time_of_day": "night", "action": "Ida coils a rope.", "prompt": "Rope in the last light."}
FROM_BEFORE = "ead2488d9fbc5c17b798dd722fd3313384ca1ac9dc956710079f8d48476ad4ee"
"""Hash of the plan of that clip without style capsules."""


def capsule(project: Project, kind: str, key: str, **fields: object) -> None:
    content = {"version": 1, "title": key, **fields}
    put(project, f"../../library/{kind}/{key}.yaml", json.dumps(content))


def choose(write_metadata, project: Project, **chosen: list[str]) -> None:
    write_metadata(project, story=chosen)


def test_a_project_without_capsules_keeps_its_plans(make_project, write_clip, write_bible, write_metadata) -> None:
    project = make_project(clips=())
    write_bible(project, "style_bible", prefix="Slow cinema,", negative="text", times={"night": {"sky": "#000011"}})
    write_clip(project, CLIP, **LOOKED_AT)
    found = resolver(project, draws=True)
    assert found.bible == project.bible()
    assert found.resolve(project.clip_spec(CLIP)).clip_hash == FROM_BEFORE
    capsule(project, "visual", "grain", descriptors=["coarse grain"])
    choose(write_metadata, project, writing=["terse"])
    words = resolver(project, draws=True).resolve(project.clip_spec(CLIP))
    assert words.clip_hash == FROM_BEFORE, "a way of writing is no look, and a look that nobody chose is none"


def test_a_chosen_look_is_in_prompt_and_drawing(make_project, write_clip, write_bible, write_metadata) -> None:
    project = make_project(clips=())
    write_bible(project, "style_bible", prefix="Slow cinema,", negative="text", times={"night": {"sky": "#000011"}})
    write_clip(project, CLIP, **LOOKED_AT)
    night = {"sky": "#222222", "accent": "#ff0000"}
    capsule(project, "visual", "grain", descriptors=["coarse grain"], negative=["gloss"], times={"night": night})
    choose(write_metadata, project, visual=["grain"])
    plan = resolver(project, draws=True).resolve(project.clip_spec(CLIP)).plan
    assert plan.prompt.startswith("Slow cinema. Coarse grain. At night.")
    assert plan.negative_prompt == "text, gloss"
    assert plan.drawing is not None
    assert (plan.drawing.palette.sky, plan.drawing.palette.accent) == ("#000011", "#ff0000")


def test_a_survey_sees_that_a_look_changed(make_project, write_metadata, look, render_all) -> None:
    project = make_project(clips=(CLIP,))
    capsule(project, "visual", "grain", descriptors=["coarse grain"])
    choose(write_metadata, project, visual=["grain"])
    render_all(project)
    before = look(project).clips[0]
    assert before.has_take
    assert look(project).clips[0] == before
    capsule(project, "visual", "grain", descriptors=["fine grain"])
    after = look(project).clips[0]
    assert (after.clip_hash != before.clip_hash, after.has_take) == (True, False)
    capsule(project, "visual", "grain", descriptors=["coarse grain"])
    assert look(project).clips[0] == before, "the take of the look before is still there"


def test_what_is_wrong_with_the_words_stops_no_render(make_project, write_metadata) -> None:
    project = make_project(clips=(CLIP,))
    before = resolver(project).resolve(project.clip_spec(CLIP)).clip_hash
    capsule(project, "writing", "odd", samples=7)
    choose(write_metadata, project, writing=["odd", "gone"])
    assert resolver(project).resolve(project.clip_spec(CLIP)).clip_hash == before


def test_a_look_that_is_not_there_stops_the_plans(make_project, write_metadata) -> None:
    project = make_project(clips=(CLIP,))
    choose(write_metadata, project, visual=["super9"])
    with pytest.raises(NotFoundError, match="did you mean 'super8'"):
        resolver(project)


def test_moments_sounds_masks_and_ranges_are_in_the_plan(make_project, write_clip) -> None:
    project = make_project(clips=())
    still = put(project, "inputs/a.png", "still")
    video, mask = put(project, "inputs/a.mp4", "video"), put(project, "inputs/mask.mp4", "mask")
    sound = put(project, "inputs/a.wav", "sound")
    images = [{"file": "inputs/a.png", "frame": 7}, {"file": "inputs/a.png", "at_s": 0.5}]
    write_clip(
        project,
        CLIP,
        pipeline="a2vid_two_stage",
        inputs={"mode": "i2v", "images": images, "audio": {"file": "inputs/a.wav", "start_s": 1.5}},
    )
    write_clip(
        project,
        "A01_S01_SH020",
        pipeline="retake",
        inputs={
            "mode": "v2v",
            "video": {"file": "inputs/a.mp4"},
            "mask": {"file": "inputs/mask.mp4", "strength": 0.5},
            "retake": {"start_s": 0.25, "end_s": 0.5},
        },
    )
    plan = resolver(project).resolve(project.clip_spec(CLIP)).plan
    assert [(one.role, one.sha256, one.frame_index, one.start_s) for one in plan.inputs] == [
        ("image", still, 4, None),
        ("image", still, 7, None),
        ("audio", sound, 0, 1.5),
    ]
    retake = resolver(project).resolve(project.clip_spec("A01_S01_SH020"))
    assert [(one.role, one.sha256, one.strength) for one in retake.plan.inputs] == [("video", video, 1.0), ("mask", mask, 0.5)]
    assert retake.plan.retake is not None
    assert (retake.plan.retake.start_s, retake.plan.retake.end_s) == (0.25, 0.5)
    looked_at = resolver(project).looked_at(project.clip_spec(CLIP)) | resolver(project).looked_at(
        project.clip_spec("A01_S01_SH020")
    )
    assert {Path(path).name for path in looked_at} == {"a.png", "a.wav", "a.mp4", "mask.mp4"}


def test_a_frame_outside_the_clip_is_refused(make_project, write_clip) -> None:
    project = make_project(clips=())
    put(project, "inputs/a.png", "still")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/a.png", "frame": 8}]})
    with pytest.raises(InvalidRequestError, match=r"inputs/a\.png is for frame 8, and the clip has frames 0 to 7"):
        resolver(project).resolve(project.clip_spec(CLIP))


def test_the_library_of_the_studio_is_shared(make_project, write_clip) -> None:
    project = make_project(clips=())
    shared = put(project, "../../library/stills/door.png", "door")
    put(project, "library/stills/door.png", "another door")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "library/stills/door.png"}]})
    resolved = resolver(project).resolve(project.clip_spec(CLIP))
    assert [one.sha256 for one in resolved.plan.inputs] == [shared]
    path = project.studio.root / "library/stills/door.png"
    assert resolver(project).looked_at(project.clip_spec(CLIP)) == {str(path): file_identity(path)}


class Adding(StandIn):
    """An engine that adds its model to plans, and refuses one clip."""

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        if plan.clip == "A01_S01_SH020":
            raise InvalidRequestError("fake takes no such clip")
        model = PlanModel(role="checkpoint", fingerprint="f" * 64)
        return plan.model_copy(update={"models": (model,), "quantization": ",".join(path.name for path in files.values())})


def test_an_engine_completes_a_plan_before_it_is_hashed_or_refuses_it(make_project, write_clip) -> None:
    project = make_project(clips=(CLIP, "A01_S01_SH020"))
    put(project, "inputs/a.png", "still")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/a.png"}]})
    engine = Adding()
    found = Resolver.of(project, engine_for=lambda *_: engine)
    resolved = found.resolve_clip(CLIP)
    assert (resolved.plan.models[0].role, resolved.plan.quantization) == ("checkpoint", "a.png")
    assert resolved.clip_hash == resolved.plan.clip_hash() != resolver(project).resolve_clip(CLIP).clip_hash
    assert (resolved.engine, resolved.profile) == (engine, "")
    with pytest.raises(InvalidRequestError, match="fake takes no such clip"):
        found.resolve_clip("A01_S01_SH020")


ENGINES = {
    "the setting's": ({}, "tiny", [""], ""),
    "the project's": ({"engine": "mine"}, "tiny", ["mine"], "mine"),
    "the profile's": ({"engine": "mine"}, "other", ["mine", "theirs"], "theirs"),
    "the profile's alone": ({}, "other", ["", "theirs"], "theirs"),
}


@pytest.mark.parametrize(("render", "profile", "asked", "name"), ENGINES.values(), ids=ENGINES.keys())
def test_engines_are_made_when_they_are_needed(make_project, render, profile, asked, name) -> None:
    profiles = {
        "tiny": {"width": 128, "height": 72, "fps": 8},
        "other": {"width": 64, "height": 64, "fps": 8, "engine": "theirs"},
    }
    project = make_project(clips=(CLIP,), render={"profile": profile, "profiles": profiles, **render})
    made: list[str] = []

    def engine_for(given: Project, name: str) -> StandIn:
        assert given is project
        made.append(name)
        return StandIn(name=name or "setting")

    found = Resolver.of(project, engine_for=engine_for)
    assert made == asked[:1], "the project's own at once"
    for _ in range(2):
        assert found.resolve_clip(CLIP).plan.engine.name == (name or "setting")
    assert made == asked


def test_an_engine_that_cannot_be_had_is_the_projects_problem_or_that_of_the_profiles_clips(make_project, write_clip) -> None:
    profiles = {
        "tiny": {"width": 128, "height": 72, "fps": 8},
        "other": {"width": 128, "height": 72, "fps": 8, "engine": "theirs"},
    }
    project = make_project(clips=(CLIP,), render={"profile": "tiny", "profiles": profiles})

    def engine_for(_project: Project, name: str) -> StandIn:
        if name:
            raise MissingSettingError(f"{name} is not installed")
        return StandIn()

    found = Resolver.of(project, engine_for=engine_for)
    found.resolve_clip(CLIP)
    with pytest.raises(MissingSettingError, match="theirs is not installed"):
        found.resolve_clip(CLIP, profile="other")
    with pytest.raises(MissingSettingError, match="mine is not installed"):
        Resolver.of(make_project("second", render={"engine": "mine"}), engine_for=engine_for)
