import json

import pytest

from vtx_dagster.cli import treatments
from vtx_dagster.core.planner import Stage
from vtx_dagster.production.story import StoryDesk


@pytest.fixture
def told(studio, asking):
    """A project with two treatments of two acts, of which none was chosen."""
    project = studio.project("film")
    desk = StoryDesk(project, asking)
    desk.run(Stage.OUTLINE)
    desk.choose_treatment(variants=2)
    desk.run(Stage.TREATMENT)
    return project


def test_treatments_stand_side_by_side(vtx, told):
    (told.treatments_dir / "2.md").write_text("# Other\n\n## A02: Two\n\nShort.\n\n## Epilogue\n\nRain.\n", encoding="utf-8")
    result = vtx("story", "treatments", "film", "--studio", told.studio.root)
    lines = [line.rstrip() for line in result.stdout.strip().splitlines()]
    assert lines[0].split("  ")[0].strip() == "treatment 1 (stands)"
    assert lines[0].endswith("treatment 2")
    (row,) = [line for line in lines if "A02: Two" in line]
    assert row.split()[-2:] == ["A02:", "Two"], "the same act is in the same row"
    assert any(line.strip() == "Rain." for line in lines)
    assert lines[-1] == "treatment 1 stands (none was chosen: vtx story treatments film --choose N)"


def test_where_it_is_narrow_they_are_one_under_the_other(vtx, told, monkeypatch):
    monkeypatch.setattr(treatments, "MIN_COLUMN_CHARS", 1000)
    stdout = vtx("story", "treatments", "film", "--studio", told.studio.root).stdout
    assert stdout.startswith("=== treatment 1 (stands) ===\n\n# Version 1\n\n## A01: Act One\n")
    assert "\n=== treatment 2 ===\n\n# Version 2\n" in stdout


def test_one_is_chosen_and_told(vtx, told, asking):
    at = ("--studio", told.studio.root)
    asking.asked.clear()
    result = vtx("story", "treatments", "film", "--choose", "2", *at)
    assert result.stdout == f"film treatment: wrote 1 file\n{told.treatment_path}\n"
    assert asking.asked == []
    found = json.loads(vtx("story", "treatments", "film", "--json", *at).stdout)
    assert found["chosen"] == 2
    assert [(one["number"], one["stands"]) for one in found["treatments"]] == [(1, False), (2, True)]
    assert found["treatments"][1]["text"] == told.treatment_path.read_text(encoding="utf-8")
    assert vtx("story", "treatments", "film", *at).stdout.endswith("treatment 2 stands (it was chosen)\n")
    told.treatment_path.write_text("Mine.\n", encoding="utf-8")
    assert (
        "none of them stands: story/02_treatment.md was written or edited by hand"
        in vtx("story", "treatments", "film", *at).stdout
    )
    assert "--choose" in vtx("story", "treatments", "film", "--choose", "0", *at).stderr


def test_without_treatments_it_says_who_writes_them(vtx, studio):
    result = vtx("story", "treatments", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert "film has no treatments to choose from: a language model writes them" in result.stderr
