import pytest

from vtx_dagster.cli import doctor
from vtx_dagster.cli.doctor import Finding, Level, examine
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.takes import FailureRecord, TakeStore


def found(studio: Studio, slug: str | None = None, *, only_set: bool = True) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(studio, slug, only_set=only_set)}


def test_settings_say_where_they_come_from(studio):
    studio.project("film").env_path.write_text("\nVTX_PRODUCE_IN_ACTS=yes\n", encoding="utf-8")
    findings = found(Studio.open(studio.root, {"LTX_MAX_FRAMES": "97"}), "film", only_set=False)
    assert findings["setting VTX_PRODUCE_IN_ACTS"].found == "yes (projects/film/project.env:2)"
    assert findings["setting LTX_MAX_FRAMES"].found == "97 (environment)"
    assert findings["setting VTX_ENGINE"].found == "animatic (default)"
    assert findings["setting VTX_FONT"].found == "not set"
    assert findings["limits"].found == "97 frames a clip, 2000 characters a prompt, in acts"
    first_setting = next(index for index, what in enumerate(findings) if what.startswith("setting "))
    assert all(what.startswith("setting ") for what in list(findings)[first_setting:])
    assert "project film" in list(findings)[:first_setting]


def test_settings_that_have_their_default_are_left_out(studio):
    findings = found(Studio.open(studio.root, {"LTX_MAX_FRAMES": "97"}))
    assert [what for what in findings if what.startswith("setting ")] == ["setting LTX_MAX_FRAMES"]


@pytest.mark.parametrize(
    ("setting", "what", "message", "remedy"),
    [
        ("VTX_FFMPEG=/nowhere", "ffmpeg", "remove it", "VTX_FFMPEG is set here: config/global.env:1"),
        ("VTX_FONT=config/global.env", "font", "cannot be read as a font", "VTX_FONT is set here: config/global.env:1"),
        ("VTX_ENGINE=animatik", "engine", "did you mean 'animatic'?", "VTX_ENGINE is set here: config/global.env:1"),
        ("VTX_STORY_WRITER=x", "writer", "known: breakdown", "VTX_STORY_WRITER is set here: config/global.env:1"),
        ("LTX_MAX_FRAMES=1", "limits", "config/global.env:1", ""),
        ("no setting", "settings", "config/global.env:1", ""),
    ],
    ids=["ffmpeg", "font", "engine", "writer", "limits", "syntax"],
)
def test_bad_settings_fail_once_and_say_where_they_are_set(studio, setting, what, message, remedy):
    (studio.root / "config/global.env").write_text(f"{setting}\n", encoding="utf-8")
    findings = found(studio)
    assert (findings[what].level, findings[what].remedy) == (Level.FAIL, remedy)
    assert message in findings[what].found
    assert remedy == "" or f"setting {remedy.split()[0]}" not in findings
    assert "project film" in findings


def test_a_project_that_cannot_be_read_is_a_finding(studio):
    studio.project("film").metadata_path.write_text("titel: B\n", encoding="utf-8")
    finding = found(studio, "film")["project film"]
    assert (finding.level, finding.found.startswith("metadata.yaml:1")) == (Level.FAIL, True)


def test_scripts_that_no_font_has_are_named(studio, monkeypatch):
    monkeypatch.setattr(doctor, "_SCRIPTS", {"Greek": "Ω", "Martian": "\U0010fffd"})
    assert found(studio)["font"].found == "DejaVu Sans Condensed (built in); none here for Martian"
    monkeypatch.setattr(doctor, "_SCRIPTS", {"Greek": "Ω"})
    assert found(studio)["font"].found == "DejaVu Sans Condensed (built in)"


def test_a_full_disk_and_a_read_only_studio(studio, monkeypatch):
    monkeypatch.setattr(doctor, "LOW_BYTES", 2**80)
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    findings = found(studio)
    assert (findings["disk"].level, findings["studio"].level) == (Level.WARN, Level.FAIL)
    assert findings["studio"].found.endswith("is read-only")


def test_dagster_and_its_webserver_must_be_one_release(studio, monkeypatch):
    monkeypatch.setattr(doctor, "version", {"dagster": "1.2.3", "dagster-webserver": "1.2.4"}.__getitem__)
    finding = found(studio)["dagster"]
    assert (finding.level, finding.remedy) == (Level.FAIL, "pip install dagster-webserver==1.2.3")


def test_projects_with_their_problems(film, edit):
    studio = film.studio
    studio.create_project("broken", title="B").metadata_path.write_text("titel: B\n", encoding="utf-8")
    film.clip_spec_path("A01_S01_SH020").write_text("sede: 7\n", encoding="utf-8")
    edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "profile: large\ncamera:")
    findings = found(studio)
    assert findings["project broken"].level == Level.FAIL
    assert "metadata.yaml:1" in findings["project broken"].found
    assert findings["clip film/A01_S01_SH020"].level == Level.WARN
    assert findings["clip film/A01_S01_SH020"].found.startswith("blocked: prompts/clips/A01_S01_SH020.yaml:1")
    assert findings["project film"].level == Level.FAIL
    assert "one size and frame rate" in findings["project film"].found


def test_failed_clips(film):
    clip = "A01_S01_SH010"
    take = TakeStore(film).takes(clip)[0]
    take.path.unlink()
    failure = FailureRecord(clip=clip, clip_hash=take.clip_hash, code="render", message="no paint", failed_at="2026-01-01")
    TakeStore(film).record_failure(failure)
    assert found(film.studio)["clip film/A01_S01_SH010"].found == "failed: no paint"


def model_settings(studio: Studio, *lines: str) -> None:
    (studio.root / "config/models.env").write_text("\n".join(("VTX_STORY_WRITER=openai", *lines, "")), encoding="utf-8")


def test_a_language_model_is_looked_at_and_not_asked(studio, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model_settings(studio, "OPENAI_API_KEY=sk-very-secret")
    findings = found(studio, "film")
    told = {what: findings[what].found for what in ("writer", "model", "key", "price", "budget", "templates")}
    assert told == {
        "writer": "openai 1",
        "model": "gpt-5-mini at https://api.openai.com/v1 (responses)",
        "key": "set (config/models.env:2)",
        "price": "$0.25 in, $2.00 out for a million tokens",
        "budget": "no limit, $0.0000 spent",
        "templates": "those of the package",
    }
    assert found(studio)["budget"].found == "no limit"
    model_settings(studio, "VTX_STORY_MODEL=gpt-5-nano", "OPENAI_API_KEY=sk-very-secret")
    (studio.root / "config/prices.yaml").write_text("models: {gpt-5-nano: {input: 0.005, output: 0}}\n", encoding="utf-8")
    assert found(studio)["price"].found == "$0.005 in, $0.00 out for a million tokens"
    assert "sk-very-secret" not in str(list(findings.values()))


def test_without_a_key_nothing_can_be_asked(studio):
    model_settings(studio, "VTX_STORY_BUDGET_USD=2")
    findings = found(Studio.open(studio.root, {}), "film")
    assert (findings["key"].level, "config/models.env" in findings["key"].remedy) == (Level.FAIL, True)
    assert findings["budget"].found == "$2.00 for each project, $0.0000 spent"


def test_a_server_of_one_s_own_shows_no_credentials(studio):
    model_settings(
        studio, "OPENAI_BASE_URL=http://ann:pass-word@gpu:8000/v1?token=t0ken", "VTX_STORY_MODEL=qwen3:14b", "VTX_STORY_API=chat"
    )
    findings = found(Studio.open(studio.root, {}))
    assert findings["writer"].found == "openai"
    assert findings["model"].found == "qwen3:14b at http://gpu:8000/v1 (chat)"
    assert findings["key"].found == "not set; a server of your own may want none"
    assert findings["setting OPENAI_BASE_URL"].found == "http://gpu:8000/v1 (config/models.env:2)"
    assert "pass-word" not in str(list(findings.values()))
    assert "t0ken" not in str(list(findings.values()))
    assert findings["price"].level == Level.WARN
    assert findings["price"].found == "nobody knows what qwen3:14b costs"
    assert "config/prices.yaml" in findings["price"].remedy
    model_settings(studio, "VTX_STORY_MODEL=qwen3:14b", "VTX_STORY_BUDGET_USD=1")
    assert found(studio)["price"].level == Level.FAIL
    (studio.root / "config/prices.yaml").write_text("models: [\n", encoding="utf-8")
    assert found(studio)["price"].found.startswith("config/prices.yaml:")


def test_own_templates_are_named_and_unknown_ones_too(studio):
    model_settings(studio, "OPENAI_API_KEY=x")
    for folder in (studio.root / "config/templates", studio.project("film").story_dir / "templates"):
        folder.mkdir(parents=True)
        (folder / "screenplay.md").write_text("", encoding="utf-8")
    (folder / "screenply.md").write_text("", encoding="utf-8")
    findings = found(studio, "film")
    assert findings["templates"].found == "screenplay.md (project), screenplay.md (studio)"
    assert findings["template screenply.md"].level == Level.WARN
    assert "treatment.md" in findings["template screenply.md"].remedy
    assert found(studio)["templates"].found == "screenplay.md (studio)"
