from decimal import Decimal
from pathlib import Path

import pytest

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, MissingInputError, MissingSettingError
from vtx_dagster.studio.settings import KNOWN, Setting, Settings, is_secret, masked, parse_env


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "projects/film").mkdir(parents=True)
    return tmp_path


def load(root: Path, environ: dict[str, str] | None = None, **files: str) -> Settings:
    paths = {"project": "projects/film/project.env", "shared": "config/global.env", "models": "config/models.env"}
    for name, text in files.items():
        (root / paths[name]).write_text(text)
    return Settings.load(root, root / "projects/film", environ or {})


def test_layers_decide_in_order_and_remember_their_source(root: Path):
    files = {
        "project": "# mine\n\nA=project\n",
        "shared": "A=global\nB=global\nC=global\n",
        "models": "A=m\nB=m\nC=m\nD=models\n",
    }
    settings = load(root, {"A": "env", "B": "env"}, **files)
    found = {name: settings.lookup(name) for name in "ABCDE"}
    assert found == {
        "A": Setting(name="A", value="project", source="projects/film/project.env:3"),
        "B": Setting(name="B", value="env", source="environment"),
        "C": Setting(name="C", value="global", source="config/global.env:3"),
        "D": Setting(name="D", value="models", source="config/models.env:4"),
        "E": None,
    }
    assert Settings.load(root, None, {}).get("A") == "global"


def test_empty_value_hides_what_the_other_layers_say(root: Path):
    settings = load(root, {"A": "env"}, project="A=\n", shared="B=x\n")
    assert settings.get("A") is None
    assert settings.get("B") == "x"


def test_env_syntax():
    text = '\ufeffA=1\r\nexport B = two words # comment\n\n\n  C=\'single # kept\'\nD="a\\nb"\nE="over\ntwo"\nF=$A${B}\nA=again\n'
    found = parse_env(text, "x.env")
    assert {name: setting.value for name, setting in found.items()} == {
        "A": "again",
        "B": "two words",
        "C": "single # kept",
        "D": "a\nb",
        "E": "over\ntwo",
        "F": "$A${B}",
    }
    assert [setting.source for setting in found.values()] == ["x.env:10", "x.env:2", "x.env:5", "x.env:6", "x.env:7", "x.env:9"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("A=1\n\nnonsense\n", "config/global.env:3: not a setting: write NAME=value"),
        ("A=1\nB='open\nC=2\n", "config/global.env:2: not a setting"),
        ("# c\n1A=2\n", "config/global.env:2: '1A' is not a setting name"),
        ("A B=2\n", "config/global.env:1: not a setting"),
    ],
    ids=["no equals sign", "open quote", "bad name", "two words"],
)
def test_malformed_line_is_named(root: Path, text: str, problem: str):
    with pytest.raises(InvalidFileError) as caught:
        load(root, shared=text)
    assert caught.value.message.startswith(problem)


def test_non_utf8_env_names_the_line(root: Path):
    (root / "config/models.env").write_bytes(b"A=1\nB=\xff\n")
    with pytest.raises(InvalidFileError, match=r"^config/models\.env:2: byte 0xff"):
        load(root)


def test_missing_setting_names_the_files(root: Path):
    places = r"projects/film/project\.env, config/global\.env, config/models\.env, the environment"
    with pytest.raises(MissingSettingError, match=rf"^LORA_X is not set: put LORA_X=\.\.\. into one of {places}"):
        load(root).require("LORA_X")
    with pytest.raises(MissingSettingError, match=r"OPENAI_API_KEY is not set \(Key of the language model service"):
        load(root).require("OPENAI_API_KEY")
    assert load(root, shared="LORA_X=/m/x\n").require("LORA_X") == "/m/x"


@pytest.mark.parametrize(
    ("value", "wanted"), [("1", True), ("TRUE", True), ("yes", True), ("On", True), ("0", False), ("off", False)]
)
def test_flags(root: Path, value: str, wanted: bool):
    assert load(root, project=f"F={value}\n").flag("F", default=not wanted) is wanted


def test_flag_and_integer_defaults(root: Path):
    assert load(root).flag("F", default=True) is True
    assert load(root).integer("N", default=257, maximum=3) == 257


def test_bad_values_name_their_source(root: Path):
    in_file = load(root, project="A=1\nF=maybe\n", models="TOKEN_COUNT=secretish\n")
    with pytest.raises(InvalidFileError, match=r"^projects/film/project\.env:2: F: 'maybe' is not one of") as caught:
        in_file.flag("F", default=True)
    assert caught.value.details == {"file": "projects/film/project.env", "line": 2, "setting": "F"}
    with pytest.raises(InvalidRequestError, match=r"^environment: F: 'maybe' is not one of"):
        load(root, {"F": "maybe"}, project="").flag("F", default=True)
    with pytest.raises(InvalidFileError) as caught:
        in_file.integer("TOKEN_COUNT", default=1)
    assert "secretish" not in caught.value.message


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x", "not a whole number"),
        ("1.5", "not a whole number"),
        ("9" * 5000, "not a whole number"),
        ("0", "less than 1"),
        ("9", "more than 8"),
    ],
)
def test_integer_limits(root: Path, value: str, problem: str):
    settings = load(root, {"N": value})
    with pytest.raises(InvalidRequestError, match=problem):
        settings.integer("N", default=1, minimum=1, maximum=8)


def test_integer_reads_numbers(root: Path):
    assert load(root, {"N": " -12 "}).integer("N", default=1) == -12


@pytest.mark.parametrize(
    ("value", "number"),
    [("2.50", Decimal("2.50")), (" 0 ", Decimal(0)), ("-1", Decimal(-1)), ("0.1", Decimal("0.1")), ("", None)],
)
def test_decimal_is_exact(root: Path, value: str, number: Decimal | None):
    assert load(root, {"N": value}).decimal("N") == number


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x", "not a number such as 2.50"),
        ("1e3", "not a number"),
        ("2,50", "not a number"),
        ("NaN", "not a number"),
        ("-0.01", "less than 0"),
        ("2.01", "more than 2"),
    ],
)
def test_decimal_limits(root: Path, value: str, problem: str):
    with pytest.raises(InvalidRequestError, match=f"^environment: N: '{value}' is .*{problem}"):
        load(root, {"N": value}).decimal("N", minimum=0, maximum=2)


def test_choice(root: Path):
    assert load(root).choice("C", ("add", "propose")) == "add"
    assert load(root, {"C": " Propose"}).choice("C", ("add", "propose")) == "propose"
    with pytest.raises(InvalidFileError, match=r"project\.env:1: C: 'never' is not one of add, propose$"):
        load(root, project="C=never\n").choice("C", ("add", "propose"))


def test_paths_go_from_the_studio_or_home(root: Path):
    settings = load(root, {"HOME": "/home/x"}, project="A=fonts/a.ttf\nB=/usr/b.ttf\nC=~/c.ttf\n")
    assert [settings.path(name) for name in "ABCD"] == [root / "fonts/a.ttf", Path("/usr/b.ttf"), Path("/home/x/c.ttf"), None]


def test_all_known_says_what_holds(root: Path):
    known = {setting.name: setting for setting in load(root, {"VTX_ENGINE": "ltx"}).all_known()}
    assert set(known) == set(KNOWN)
    assert known["VTX_ENGINE"].source == "environment"
    assert known["LTX_MAX_FRAMES"] == Setting(name="LTX_MAX_FRAMES", value="257", source="default")
    assert known["VTX_FFMPEG"] == Setting(name="VTX_FFMPEG", value="", source="not set")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("OPENAI_API_KEY", True),
        ("HF_TOKEN", True),
        ("db_password", True),
        ("MY_SECRET_X", True),
        ("VTX_FONT", False),
        ("VTX_STORY_CONTEXT_TOKENS", False),
    ],
)
def test_secrets_are_masked(name: str, secret: bool):
    assert is_secret(name) is secret
    assert (masked(Setting(name=name, value="hunter2", source="environment")) == "********") is secret


WHOLE = "LTX_CHECKPOINT=m/dev.st\nLTX_DISTILLED_CHECKPOINT=m/distilled.st\nLTX_GEMMA_ROOT=m/gemma\n"
REST = "LTX_SPATIAL_UPSAMPLER=m/up.st\nLTX_DISTILLED_LORA=m/dl.st\n"
SPLIT = (
    "LTX_TRANSFORMER=m/t.st\nLTX_DISTILLED_TRANSFORMER=m/dt.st\nLTX_TEXT_ENCODER=m/te.st\n"
    "LTX_VIDEO_VAE=m/vv.st\nLTX_AUDIO_VAE=m/av.st\n"
)


@pytest.fixture
def models(root: Path) -> Path:
    (root / "m/gemma").mkdir(parents=True)
    for name in ("dev", "distilled", "up", "dl", "t", "dt", "te", "vv", "av", "dh"):
        (root / "m" / f"{name}.st").touch()
    return root


TWO_STAGE = {"--spatial-upsampler-path": "up.st"}
WHOLE_DISTILLED = {"--distilled-checkpoint-path": "distilled.st", "--gemma-root": "gemma"}
WHOLE_GUIDED = {"--checkpoint-path": "dev.st", "--gemma-root": "gemma"}
PARTS = {"--text-encoder-path": "te.st", "--video-vae-path": "vv.st", "--audio-vae-path": "av.st"}


@pytest.mark.parametrize(
    ("pipeline", "text", "paths"),
    [
        (Pipeline.TI2VID_ONE_STAGE, WHOLE, WHOLE_GUIDED),
        (Pipeline.TI2VID_ONE_STAGE, WHOLE + "LTX_VIDEO_VAE=m/vv.st\n", WHOLE_GUIDED | {"--video-vae-path": "vv.st"}),
        (Pipeline.TI2VID_TWO_STAGES, WHOLE + REST, WHOLE_GUIDED | TWO_STAGE | {"--distilled-lora": "dl.st"}),
        (Pipeline.DISTILLED, WHOLE + REST, WHOLE_DISTILLED | TWO_STAGE),
        (Pipeline.RETAKE, WHOLE, WHOLE_DISTILLED),
        (Pipeline.DISTILLED, SPLIT + REST, PARTS | TWO_STAGE | {"--transformer-path": "dt.st"}),
        (Pipeline.TI2VID_ONE_STAGE, SPLIT, PARTS | {"--transformer-path": "t.st"}),
        (
            Pipeline.TI2VID_ONE_STAGE,
            SPLIT + "LTX_DURATION_HEAD=m/dh.st\n",
            PARTS | {"--transformer-path": "t.st", "--duration-head-path": "dh.st"},
        ),
        (
            Pipeline.RETAKE,
            WHOLE + SPLIT.replace("LTX_DISTILLED_TRANSFORMER", "X").replace("LTX_VIDEO_VAE", "Y"),
            WHOLE_DISTILLED,
        ),
    ],
)
def test_model_paths_by_flag(models: Path, pipeline: Pipeline, text: str, paths: dict[str, str]):
    found = load(models, models=text).require_model_paths(pipeline)
    assert found == {flag: models / "m" / name for flag, name in paths.items()}


@pytest.mark.parametrize(
    ("pipeline", "text", "missing", "says"),
    [
        (Pipeline.TI2VID_ONE_STAGE, "", ["LTX_CHECKPOINT", "LTX_GEMMA_ROOT"], "config/models.env"),
        (Pipeline.DISTILLED, "LTX_DISTILLED_CHECKPOINT=x\n", ["LTX_GEMMA_ROOT", "LTX_SPATIAL_UPSAMPLER"], "distilled needs"),
        (Pipeline.TI2VID_TWO_STAGES, WHOLE, ["LTX_SPATIAL_UPSAMPLER", "LTX_DISTILLED_LORA"], "not set: put"),
        (Pipeline.RETAKE, "LTX_TEXT_ENCODER=x\n", ["LTX_DISTILLED_TRANSFORMER", "LTX_VIDEO_VAE", "LTX_AUDIO_VAE"], "retake"),
        (
            Pipeline.RETAKE,
            "LTX_DISTILLED_CHECKPOINT=x\nLTX_TEXT_ENCODER=y\n",
            ["LTX_GEMMA_ROOT"],
            "LTX_TEXT_ENCODER is for a model",
        ),
    ],
)
def test_every_missing_model_setting_is_named_at_once(root: Path, pipeline: Pipeline, text: str, missing: list[str], says: str):
    with pytest.raises(MissingSettingError, match=says) as caught:
        load(root, models=text).require_model_paths(pipeline)
    assert caught.value.details["settings"] == missing
    assert all(name in caught.value.message for name in missing)


def test_a_model_in_two_layouts_is_refused(models: Path):
    with pytest.raises(InvalidRequestError, match="LTX_CHECKPOINT and LTX_TRANSFORMER are both set"):
        load(models, models=WHOLE + SPLIT).require_model_paths(Pipeline.TI2VID_ONE_STAGE)


@pytest.mark.parametrize("other", ["LTX_TRANSFORMER", "LTX_TEXT_ENCODER", "LTX_AUDIO_VAE"])
def test_a_video_vae_of_a_split_model_does_not_go_into_a_whole_one(models: Path, other: str):
    mixed = WHOLE + f"LTX_VIDEO_VAE=m/vv.st\n{other}=m/t.st\n"
    with pytest.raises(InvalidRequestError, match=f"LTX_VIDEO_VAE .* LTX_DISTILLED_CHECKPOINT.*{other}") as caught:
        load(models, models=mixed).require_model_paths(Pipeline.RETAKE)
    assert caught.value.details["settings"] == ["LTX_VIDEO_VAE", other]


def test_secrets_are_found_in_every_layer(root: Path):
    below = "OPENAI_API_KEY=sk-below\nSHORT_TOKEN=12345\nLTX_CHECKPOINT=a/path\n"
    settings = load(root, {"HF_TOKEN": "hf_above", "OPENAI_API_KEY": "sk-above"}, models=below)
    assert settings.secrets() == ("hf_above", "sk-above", "sk-below")


def test_model_files_that_are_not_there_are_named_at_once(root: Path):
    with pytest.raises(MissingInputError, match=r"m/dev\.st \(LTX_CHECKPOINT\), .*m/gemma \(LTX_GEMMA_ROOT\)"):
        load(root, models=WHOLE).require_model_paths(Pipeline.TI2VID_ONE_STAGE)
