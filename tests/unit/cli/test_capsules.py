import json


def test_capsules_of_studio_and_package(vtx, studio):
    folder = studio.root / "library/writing"
    folder.mkdir(parents=True)
    (folder / "plain.yaml").write_text("version: 1\ntitle: Plain words\n", encoding="utf-8")
    at = ("--studio", studio.root)
    lines = [" ".join(line.split()) for line in vtx("story", "capsules", *at).stdout.splitlines()]
    assert "writing plain Plain words studio" in lines
    assert any(line.startswith("visual super8 ") and " preset " in line for line in lines)
    assert lines[1] == "kind key title from first words"


def test_what_a_project_chose(vtx, studio, edit):
    project = studio.project("film")
    edit(project.metadata_path, "render:", "story: {writing: [noir], visual: [super8]}\nrender:")
    at = ("--studio", studio.root)
    found = json.loads(vtx("story", "capsules", "film", "--json", *at).stdout)
    assert found["chosen"] == ["writing/noir", "visual/super8"]
    assert [f"{one['kind']}/{one['key']}" for one in found["capsules"] if one["chosen"]] == found["chosen"]
    lines = [" ".join(line.split()) for line in vtx("story", "capsules", "film", *at).stdout.splitlines()]
    assert any(line.startswith("yes writing noir ") for line in lines)
    assert any(line.startswith("writing terse ") for line in lines)
    edit(project.metadata_path, "[noir]", "[noire]")
    assert "did you mean 'noir'" in vtx("story", "capsules", "film", *at).stderr
