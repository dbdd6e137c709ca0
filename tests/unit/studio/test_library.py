import re
from pathlib import Path

import pytest

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.capsules import VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import InvalidFileError, MissingInputError, NotFoundError
from vtx_dagster.core.metadata import Metadata, StoryOptions
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.studio.documents import parse_document
from vtx_dagster.studio.library import PRESETS_DIR, list_capsules, load_capsules, load_visual_capsules
from vtx_dagster.studio.project import Studio


def chose(*, writing: tuple[str, ...] = (), visual: tuple[str, ...] = ()) -> Metadata:
    return Metadata(title="Film", story=StoryOptions(writing=writing, visual=visual))


def put(studio: Studio, name: str, text: str) -> Path:
    path = studio.library_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_project_that_chose_nothing_has_no_capsules(studio: Studio) -> None:
    assert load_capsules(studio, Metadata(title="Film")).names() == ()


def test_presets_are_there_and_the_project_decides_the_order(studio: Studio) -> None:
    capsules = load_capsules(studio, chose(writing=("noir", "deadpan", "noir"), visual=("super8",)))
    assert capsules.names() == ("writing/noir", "writing/deadpan", "visual/super8")


def test_a_capsule_of_the_studio_takes_the_place_of_a_preset(studio: Studio) -> None:
    put(studio, "writing/noir.yaml", "version: 1\ntitle: Ours\n")
    capsules = load_capsules(studio, chose(writing=("noir",)))
    assert capsules.writing == {"noir": WritingCapsule(title="Ours")}


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        (
            chose(writing=("ters",)),
            r"no writing capsule 'ters' \(did you mean 'terse'\?\): correct story\.writing in metadata\.yaml",
        ),
        (chose(visual=("terse",)), r"no visual capsule 'terse' .*story\.visual"),
        (chose(visual=("our_loook",)), r"did you mean 'our_look'"),
    ],
    ids=["near a preset", "other kind", "near the studio's"],
)
def test_an_unknown_capsule_is_said_with_the_nearest(studio: Studio, metadata: Metadata, problem: str) -> None:
    put(studio, "visual/our_look.yaml", "version: 1\ntitle: Ours\n")
    with pytest.raises(NotFoundError, match=problem):
        load_capsules(studio, metadata)


def test_a_bad_capsule_names_file_and_line(studio: Studio) -> None:
    put(studio, "writing/noir.yaml", "version: 1\ntitle: Ours\n\ndescriptor: [short]\n")
    with pytest.raises(InvalidFileError, match=r"^library/writing/noir\.yaml:4: .*did you mean 'descriptors'"):
        load_capsules(studio, chose(writing=("noir",)))


def test_looks_are_there_whatever_is_wrong_with_the_words(studio: Studio) -> None:
    put(studio, "writing/noir.yaml", "version: 1\ntitle: Ours\n\ndescriptor: [short]\n")
    for writing in ("noir", "gone"):
        metadata = chose(writing=(writing,), visual=("super8",))
        assert load_visual_capsules(studio, metadata).names() == ("visual/super8",)
    with pytest.raises(NotFoundError, match="no visual capsule 'super9'"):
        load_visual_capsules(studio, chose(visual=("super9",)))


def test_pictures_of_a_look_are_in_the_library(studio: Studio) -> None:
    put(studio, "visual/ours.yaml", "version: 1\ntitle: Ours\nreferences:\n  - pictures/one.png\n")
    put(studio, "pictures/one.png", "a picture")
    assert load_capsules(studio, chose(visual=("ours",))).visual["ours"].references == ("pictures/one.png",)
    (studio.library_dir / "pictures/one.png").unlink()
    with pytest.raises(
        MissingInputError, match=r"library/pictures/one\.png is missing: .*correct library/visual/ours\.yaml"
    ) as caught:
        load_capsules(studio, chose(visual=("ours",)))
    assert caught.value.details == {"path": str(studio.library_dir / "pictures/one.png")}


@pytest.mark.parametrize("name", ["pictures", "round.png"], ids=["folder", "links in a circle"])
def test_a_picture_must_be_a_file(studio: Studio, name: str) -> None:
    put(studio, "visual/ours.yaml", f"version: 1\ntitle: Ours\nreferences: [{name}]\n")
    (studio.library_dir / "pictures").mkdir()
    (studio.library_dir / "round.png").symlink_to("round.png")
    with pytest.raises(MissingInputError, match=f"library/{name} is missing"):
        load_capsules(studio, chose(visual=("ours",)))


@pytest.mark.parametrize(
    "reference", ["../secret.png", "/etc/hostname", '""', '"a\\0b"', "link.png"], ids=["up", "root", "empty", "nul", "link"]
)
def test_a_picture_elsewhere_is_refused(studio: Studio, reference: str) -> None:
    put(studio, "visual/ours.yaml", f"version: 1\ntitle: Ours\nreferences:\n  - ok.png\n  - {reference}\n")
    put(studio, "ok.png", "a picture")
    (studio.root / "secret.png").write_text("secret", encoding="utf-8")
    (studio.library_dir / "link.png").symlink_to(studio.root / "secret.png")
    with pytest.raises(InvalidFileError, match=r"^library/visual/ours\.yaml:5: references\[1\]: .* no path inside the library"):
        load_capsules(studio, chose(visual=("ours",)))


def test_the_list_says_whose_a_capsule_is(studio: Studio) -> None:
    put(studio, "writing/noir.yaml", "version: 1\ntitle: Ours\n")
    put(studio, "visual/ours.yaml", "version: 1\ntitle: Our look\n")
    put(studio, "visual/.hidden.yaml", "junk")
    listed = list_capsules(studio)
    assert [(one.kind, one.key) for one in listed] == sorted(
        ((one.kind, one.key) for one in listed), key=lambda one: (one[0] == "visual", one[1])
    )
    assert {(one.kind, one.key, one.capsule.title) for one in listed if one.source == "studio"} == {
        ("writing", "noir", "Ours"),
        ("visual", "ours", "Our look"),
    }
    assert {one.key for one in listed if one.source == "preset"} == {path.stem for path in PRESETS_DIR.glob("*/*.yaml")} - {
        "noir"
    }


def test_there_are_six_presets_of_each_kind_with_all_that_makes_a_style(studio: Studio) -> None:
    listed = list_capsules(studio)
    writing = [one.capsule for one in listed if isinstance(one.capsule, WritingCapsule)]
    visual = [one.capsule for one in listed if isinstance(one.capsule, VisualCapsule)]
    assert (len(writing), len(visual)) == (6, 6)
    for words in writing:
        assert len(words.descriptors) >= 5, words.title
        assert words.samples, words.title
        assert words.avoid, words.title
    for look in visual:
        assert len(look.descriptors) >= 5, look.title
        assert look.negative, look.title
        assert set(look.times) == set(TimeOfDay), look.title
        for palette in look.times.values():
            assert set(palette.model_dump(exclude_none=True)) == set(Palette.model_fields), look.title
        assert len(", ".join(look.descriptors)) < 300, "a look leaves the prompt of a clip room for the clip"


DOCS = (Path(__file__).parents[3] / "docs/story_prompts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["writing", "visual"])
def test_the_presets_are_in_the_docs(kind: str) -> None:
    row = re.search(rf"^\| {kind} \| (.*) \|$", DOCS, flags=re.MULTILINE)
    assert row is not None
    assert re.findall(r"`([a-z0-9_]+)`", row[1]) == sorted(path.stem for path in (PRESETS_DIR / kind).glob("*.yaml"))


def test_the_capsules_in_the_docs_load() -> None:
    writing, visual = re.findall(r"^```text\n(version: 1\n.*?)^```$", DOCS, flags=re.MULTILINE | re.DOTALL)
    assert parse_document(writing, WritingCapsule, name="docs").samples == ("Train late. Ida waits. No lamp.",)
    assert parse_document(visual, VisualCapsule, name="docs").references == ("pictures/our_look.png",)
