from pathlib import Path
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from vtx_dagster.core.bible import Character, Characters, Figure, LoraBundles, StyleBible
from vtx_dagster.core.clip import ClipSpec, DurationHints
from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import AlreadyExistsError, InvalidFileError, NotFoundError, StorageError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shot import DialogueLine
from vtx_dagster.studio import documents
from vtx_dagster.studio.documents import (
    add_aliases,
    add_entries,
    dump_document,
    fill_text,
    line_of,
    load_document,
    parse_document,
    replace_entries,
)

CLIP = "version: 1\nid: A01_S01_SH010\n"


def test_file_loads_as_its_model(tmp_path: Path):
    path = tmp_path / "prompts/characters.yaml"
    path.parent.mkdir()
    path.write_bytes("\ufeffversion: 1\r\ncharacters:\r\n  mara:\r\n    name: Mära\r\n    age: 61\r\n".encode())
    assert load_document(path, Characters).characters["mara"] == Character(name="Mära", age=61)
    assert line_of(path, "characters", "mara", "age") == 5
    with pytest.raises(NotFoundError):
        load_document(tmp_path / "none.yaml", Characters)


def test_error_names_file_line_path_and_value(tmp_path: Path):
    path = tmp_path / "prompts/characters.yaml"
    path.parent.mkdir()
    path.write_text("# who\nversion: 1\ncharacters:\n  mara:\n    name: Mara\n    age: forty\n")
    with pytest.raises(InvalidFileError) as caught:
        load_document(path, Characters, root=tmp_path)
    line = "prompts/characters.yaml:6: characters.mara.age: 'forty' is not an integer"
    assert caught.value.message == line
    assert caught.value.details == {
        "file": "prompts/characters.yaml",
        "line": 6,
        "path": "characters.mara.age",
        "problems": [line],
    }


PROBLEMS: dict[str, tuple[type[Document], str, list[str]]] = {
    "unknown key": (ClipSpec, CLIP + "pormpt: x\n", ["f:3: pormpt: unknown key 'pormpt': did you mean 'prompt'?"]),
    "unknown key, nothing near": (
        ClipSpec,
        CLIP + "camera:\n  zzzz: 1\n",
        ["f:4: camera.zzzz: unknown key 'zzzz': known are size, angle, move, lens_mm"],
    ),
    "missing": (ClipSpec, "version: 1\n", ["f:1: 'id' is missing"]),
    "missing in an entry": (
        Characters,
        "characters:\n  mara:\n    age: 3\n",
        ["f:2: characters.mara: 'name' is missing"],
    ),
    "enum": (
        ClipSpec,
        CLIP + "camera: {size: CUU}\n",
        ["f:3: camera.size: 'CUU' is not one of ECU, CU, MCU, MS, MWS, WS, EWS"],
    ),
    "optional enum": (
        ClipSpec,
        CLIP + "time_of_day: noon\n",
        ["f:3: time_of_day: 'noon' is not one of dawn, morning, day, afternoon, dusk, evening, night"],
    ),
    "number for text": (ClipSpec, CLIP + "prompt: 1984\n", ["f:3: prompt: 1984 is not text: put it in quotes"]),
    "boolean for text": (ClipSpec, CLIP + "prompt: true\n", ["f:3: prompt: true is not text: put it in quotes"]),
    "text for list": (ClipSpec, CLIP + "characters: mara\n", ["f:3: characters: 'mara' is not a list"]),
    "list for mapping": (ClipSpec, CLIP + "camera: [CU]\n", ["f:3: camera: a list is not a mapping (key: value lines)"]),
    "mapping for text": (ClipSpec, CLIP + "prompt: {a: b}\n", ["f:3: prompt: a mapping is not text"]),
    "nothing inside": (
        ClipSpec,
        CLIP + "camera:\n  lens_mm:\n",
        ["f:4: camera.lens_mm: nothing is not an integer: fill it in or remove the key"],
    ),
    "version": (ClipSpec, "version: 2\nid: A01_S01_SH010\n", ["f:1: version: 2 is not 1, the only value allowed"]),
    "limits": (
        ClipSpec,
        CLIP + "camera: {lens_mm: 5}\nseed: 2147483648\nduration:\n  seconds: 0\n  max_s: 61\n",
        [
            "f:3: camera.lens_mm: 5 is less than 8, the least allowed",
            "f:4: seed: 2147483648 is not less than 2147483648",
            "f:6: duration.seconds: 0 is not more than 0.0",
            "f:7: duration.max_s: 61 is more than 60.0, the most allowed",
        ],
    ),
    "patterns": (
        StyleBible,
        "default_profile: My Look\ntimes:\n  dusk: {sky: '#12'}\n  noon: {}\nprofiles:\n  My Look: {}\n",
        [
            "f:1: default_profile: 'My Look' is not 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit",
            "f:3: times.dusk.sky: '#12' is not a colour such as '#2f4858', in quotes",
            "f:4: times.noon: 'noon' is no key here: it is not one of dawn, morning, day, afternoon, dusk, evening, night",
            "f:6: profiles.My Look: 'My Look' is no key here: use 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit",
        ],
    ),
    "odd width": (
        Metadata,
        "title: ''\nrender:\n  profiles:\n    final: {width: 101, height: 64}\n",
        ["f:1: title: '' is empty", "f:4: render.profiles.final.width: 101 is not a multiple of 2"],
    ),
    "long title": (Metadata, f"title: {'x' * 300}\n", [f"f:1: title: '{'x' * 55}...' is longer than 200 characters"]),
    "what a schema cannot say": (
        LoraBundles,
        "bundles:\n  core:\n    loras:\n    - path: a\n      env_path: B\n",
        ["f:4: bundles.core.loras[0]: give exactly one of path and env_path"],
    ),
    "list at the top": (ClipSpec, "- a\n", ["f:1: the file holds a list and should hold 'key: value' lines"]),
    "text at the top": (ClipSpec, "hello\n", ["f:1: the file holds a single value and should hold 'key: value' lines"]),
    "required and nothing there": (Metadata, "title:\n", ["f:1: title: nothing is not text: fill it in or remove the key"]),
}


@pytest.mark.parametrize(("model", "text", "lines"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_problems_in_plain_english(model: type[Document], text: str, lines: list[str]):
    with pytest.raises(InvalidFileError) as caught:
        parse_document(text, model, name="f")
    assert caught.value.message.splitlines() == lines


def test_many_problems_are_cut_off():
    text = "characters:\n" + "".join(f"  c{number}: {{}}\n" for number in range(25))
    with pytest.raises(InvalidFileError) as caught:
        parse_document(text, Characters, name="f")
    lines = caught.value.message.splitlines()
    assert lines[0] == "f:2: characters.c0: 'name' is missing"
    assert lines[10:] == ["f: and 15 more problems"]


def test_section_with_only_comments_counts_as_left_out():
    assert parse_document("version:\ncharacters:\n  # mara:\n", Characters, name="f") == Characters()


def test_shorthand_of_a_choice_between_forms():
    class Either(Document):
        value: int | str | None = None

    with pytest.raises(InvalidFileError, match=r"^f:1: value: a list is not an integer or text or empty$"):
        parse_document("value: []\n", Either, name="f")


def test_rule_that_has_no_words_of_its_own():
    class Few(Document):
        words: Annotated[tuple[str, ...], Field(max_length=1)] = ()
        code: Annotated[str, Field(min_length=3, pattern="^[a-c]+$")] = "abc"

    with pytest.raises(InvalidFileError) as caught:
        parse_document("words: [a, b]\ncode: xy\n", Few, name="f")
    assert caught.value.message.splitlines() == [
        "f:1: words: a list does not fit the schema (maxItems: 1)",
        "f:2: code: 'xy' is not of the form ^[a-c]+$",
        "f:2: code: 'xy' is shorter than 3 characters",
    ]


def test_dump_is_stable_and_leaves_out_defaults():
    spec = ClipSpec(
        id="A01_S01_SH010",
        prompt="One line.\nAnother: line.\n",
        notes="no",
        characters=("mara", "tom"),
        dialogue=(DialogueLine(character="mara", text="12:30, größer"),),
        duration=DurationHints(seconds=1e-5, readable_text="1e5"),
        action="0o17",
        transition="",
    )
    text = dump_document(spec, header="One clip.\n\nEdit me.")
    assert text == (
        "# One clip.\n#\n# Edit me.\nversion: 1\nid: A01_S01_SH010\nprompt: |\n  One line.\n  Another: line.\n"
        "action: '0o17'\ncharacters:\n- mara\n- tom\ndialogue:\n- character: mara\n  text: 12:30, größer\n"
        "duration:\n  seconds: 1.0e-05\n  readable_text: '1e5'\nnotes: 'no'\n"
    )
    assert parse_document(text, ClipSpec, name="f") == spec


def test_dump_quotes_what_looks_like_a_number_too_long():
    spec = ClipSpec(id="A01_S01_SH010", notes="9" * 5000)
    assert parse_document(dump_document(spec), ClipSpec, name="f") == spec


texts = st.one_of(
    st.sampled_from(
        ["no", "null", "~", "1_000", "0x1f", "1e5", "12:30", "2026-01-02", "=", "<<", "- a", "a: b", "#x", ".inf", "\n", " \n a"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60),
    st.text(st.sampled_from("ab \n\t:#-'\"\x85\u2028é"), max_size=60),
)


@settings(max_examples=120, deadline=None)
@given(prompt=texts, notes=texts, props=st.lists(texts, max_size=3), seconds=st.floats(0.001, 60.0))
def test_dump_round_trips(prompt: str, notes: str, props: list[str], seconds: float):
    spec = ClipSpec(id="A01_S01_SH010", prompt=prompt, notes=notes, props=tuple(props), duration=DurationHints(seconds=seconds))
    assert parse_document(dump_document(spec), ClipSpec, name="f") == spec


MARA = "    name: Mara  # hers\n"
STUB = "  tom:\n    name: Tom\n    stub: true\n"
ADDITIONS = {
    "after the last entry": (f"characters:\n  mara:\n{MARA}", f"characters:\n  mara:\n{MARA}{STUB}"),
    "no line end": ("characters:\n  mara:\n    name: Mara", f"characters:\n  mara:\n    name: Mara\n{STUB}"),
    "before the next section": (
        f"characters:\n  mara:\n{MARA}\n# the rest\nversion: 1\n",
        f"characters:\n  mara:\n{MARA}{STUB}\n# the rest\nversion: 1\n",
    ),
    "after comments that belong to it": (
        f"characters:\n  mara:\n{MARA}\n  # someone: else\n\nversion: 1\n",
        f"characters:\n  mara:\n{MARA}\n  # someone: else\n{STUB}\nversion: 1\n",
    ),
    "in its own indentation": (
        "characters:\n     mara:\n          name: Mara\n",
        "characters:\n     mara:\n          name: Mara\n     tom:\n       name: Tom\n       stub: true\n",
    ),
    "empty section": ("characters:\nversion: 1\n", f"characters:\n{STUB}version: 1\n"),
    "empty braces": ("characters: {} # none yet\nversion: 1\n", f"characters:  # none yet\n{STUB}version: 1\n"),
    "no section": ("# mine\nversion: 1", f"# mine\nversion: 1\n\ncharacters:\n{STUB}"),
    "only comments": ("# mine\n", f"# mine\n\ncharacters:\n{STUB}"),
    "empty file": ("", f"characters:\n{STUB}"),
    "braces": (
        "characters: {mara: {name: Mara}}\n",
        'characters: {mara: {name: Mara}, "tom": {"name": "Tom", "stub": true}}\n',
    ),
    "braces with a last comma": (
        "characters: {\n  mara: {name: Mara},\n}\nversion: 1\n",
        'characters: {\n  mara: {name: Mara}, "tom": {"name": "Tom", "stub": true}}\nversion: 1\n',
    ),
    "block text": (
        "characters:\n  mara:\n    name: Mara\n    descriptor: |\n      one\n\n      # two\n\nversion: 1\n",
        f"characters:\n  mara:\n    name: Mara\n    descriptor: |\n      one\n\n      # two\n{STUB}\nversion: 1\n",
    ),
    "block text that keeps its end": (
        "characters:\n  mara:\n    name: Mara\n    descriptor: |+\n      one\n\nversion: 1\n",
        f"characters:\n  mara:\n    name: Mara\n    descriptor: |+\n      one\n\n{STUB}version: 1\n",
    ),
    "braces of an entry": (
        "characters:\n  mara: {\n name: Mara\n}\nversion: 1\n",
        f"characters:\n  mara: {{\n name: Mara\n}}\n{STUB}version: 1\n",
    ),
    "windows line ends": (
        "characters:\r\n  mara:\r\n    name: Mara\r\n",
        "characters:\r\n  mara:\r\n    name: Mara\r\n" + STUB.replace("\n", "\r\n"),
    ),
}


@pytest.mark.parametrize(("before", "after"), ADDITIONS.values(), ids=ADDITIONS.keys())
def test_entries_are_added_and_nothing_else_changes(tmp_path: Path, before: str, after: str):
    path = tmp_path / "characters.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + before.encode())
    add_entries(path, "characters", {"tom": Character(name="Tom", stub=True)})
    assert path.read_bytes().decode("utf-8") == "\ufeff" + after
    assert load_document(path, Characters).characters["tom"] == Character(name="Tom", stub=True)


def test_entries_make_a_missing_file(tmp_path: Path):
    path = tmp_path / "prompts/characters.yaml"
    add_entries(path, "characters", {})
    assert not path.exists()
    added = {"tom": Character(name="Tom: the cat", figure=Figure(skin="#c08060"))}
    add_entries(path, "characters", added)
    assert load_document(path, Characters).characters == added


def test_entries_go_where_a_link_leads(tmp_path: Path):
    shared, link = tmp_path / "shared.yaml", tmp_path / "characters.yaml"
    shared.write_text("# ours\n")
    link.symlink_to(shared)
    add_entries(link, "characters", {"tom": Character(name="Tom", stub=True)})
    assert link.is_symlink()
    assert shared.read_text() == f"# ours\n\ncharacters:\n{STUB}"


REFUSED = {
    "taken": ("characters:\n  tom: {name: T}\n", AlreadyExistsError, "characters has tom already: nothing was added"),
    "list": ("characters: [tom]\n", InvalidFileError, "should be a mapping"),
    "list at the top": ("- a\n", InvalidFileError, "should be a mapping"),
    "braces around all": ("{version: 1, characters: {}}\n", InvalidFileError, "add by hand:\ncharacters:\n  tom:"),
    "document end": ("version: 1\n...\n", InvalidFileError, "add by hand"),
    "alias": ("x: &x {mara: {name: Mara}}\ncharacters: *x\n", InvalidFileError, "add by hand"),
    "not yaml": ("characters: {\n", InvalidFileError, "not valid YAML"),
}


@pytest.mark.parametrize(("text", "error", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_entries_that_cannot_be_added_change_nothing(tmp_path: Path, text: str, error: type[Exception], problem: str):
    path = tmp_path / "characters.yaml"
    path.write_text(text)
    with pytest.raises(error) as caught:
        add_entries(path, "characters", {"tom": Character(name="Tom")})
    assert problem in str(caught.value)
    assert path.read_text() == text


def test_entries_do_not_run_over_someone_who_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "locations.yaml"
    path.write_text("version: 1\n")

    def save_meanwhile(text: str, wanted: object) -> bool:
        path.write_text("version: 1\n# mine\n")
        return True

    monkeypatch.setattr(documents, "_means", save_meanwhile)
    with pytest.raises(StorageError, match="was changed by someone else just now"):
        add_entries(path, "locations", {"hut": Character(name="Hut")})
    assert path.read_text() == "version: 1\n# mine\n"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["", "# c", "  # c", "  ", "version: 1", "locations:", "  mara: {name: M}", "    name: N"]), max_size=8
    )
)
def test_adding_keeps_every_line_of_a_person(tmp_path_factory: pytest.TempPathFactory, rows: list[str]):
    path = tmp_path_factory.mktemp("add") / "locations.yaml"
    lines = [row + "\n" for row in rows]
    path.write_text("".join(lines))
    try:
        add_entries(path, "locations", {"hut": Character(name="Hut")})
    except InvalidFileError:
        assert path.read_text() == "".join(lines)
        return
    left = iter(path.read_text().splitlines(keepends=True))
    assert all(line in left for line in lines), "the lines are there in their order"


TOM = Character(name="Tom", descriptor="tall, grey eyes", figure=Figure(skin="#c08060"))
TOM_ROWS = "    name: Tom\n    descriptor: tall, grey eyes\n    figure:\n      skin: '#c08060'\n"
TOM_BRACES = '"name": "Tom", "descriptor": "tall, grey eyes", "figure": {"skin": "#c08060"}'
REPLACEMENTS = {
    "block": (
        "# mine\nversion: 1\ncharacters:\n  tom:\n    name: Tom\n    stub: true\n\n  # next\n  mara: {name:   Mara}\n",
        f"# mine\nversion: 1\ncharacters:\n  tom:\n{TOM_ROWS}\n  # next\n  mara: {{name:   Mara}}\n",
    ),
    "the last": ("characters:\n  tom:\n    name: Tom\n    stub: true", f"characters:\n  tom:\n{TOM_ROWS}"[:-1]),
    "indented by one": (
        "characters:\n tom:\n  name: Tommy\n  stub: true\nx: 1\n",
        "characters:\n tom:\n  name: Tom\n  descriptor: tall, grey eyes\n  figure:\n    skin: '#c08060'\nx: 1\n",
    ),
    "comments everywhere": (
        "characters: # who\n  # he\n  tom: # a\n    # b\n    name: Tom # c\n    # d\n    stub: true # e\n    # f\n# g\n",
        "characters: # who\n  # he\n  tom: # a\n    # b\n    name: Tom # c\n    # d\n    descriptor: tall, grey eyes\n"
        "    figure:\n      skin: '#c08060' # e\n    # f\n# g\n",
    ),
    "stub first": (
        "characters:\n  tom:\n    stub: true\n    name: Tom\n",
        "characters:\n  tom:\n    descriptor: tall, grey eyes\n    figure:\n      skin: '#c08060'\n    name: Tom\n",
    ),
    "two go": (
        "characters:\n  tom:\n    voice: low\n    name: Tom\n    stub: true\n",
        "characters:\n  tom:\n    descriptor: tall, grey eyes\n    name: Tom\n    figure:\n      skin: '#c08060'\n",
    ),
    "nothing goes": ("characters:\n  tom:\n    name: Thomas\n", f"characters:\n  tom:\n{TOM_ROWS}"),
    "braces of an entry": (
        "characters:\n  tom: {name: Tom, stub: true } # t\n",
        f"characters:\n  tom: {{{TOM_BRACES} }} # t\n",
    ),
    "braces of the section": (
        "characters: {mara: {name: Mara}, tom: {name: Tom,\n stub: true,},}\n",
        "characters: {mara: {name: Mara}, tom: {" + TOM_BRACES.replace('"Tom", ', '"Tom",\n ') + ",},}\n",
    ),
    "braces around all": (
        "{version: 1, characters: {tom: {name: Tom, stub: true}}}\n",
        f"{{version: 1, characters: {{tom: {{{TOM_BRACES}}}}}}}\n",
    ),
    "windows line ends": (
        "characters:\r\n  tom:\r\n    name: Tom\r\n    stub: true\r\nx: 1\r\n",
        f"characters:\n  tom:\n{TOM_ROWS}x: 1\n".replace("\n", "\r\n"),
    ),
    "lists and deeper things of the same name": (
        "tom: [{characters: {tom: {stub: true}}}]\nx: {characters: {tom: {stub: true}}}\n"
        "characters:\n  mara: {aliases: [tom, stub], figure: {tom: {stub: 1}}}\n  tom:\n    name: Tom\n    stub: true\n",
        "tom: [{characters: {tom: {stub: true}}}]\nx: {characters: {tom: {stub: true}}}\n"
        f"characters:\n  mara: {{aliases: [tom, stub], figure: {{tom: {{stub: 1}}}}}}\n  tom:\n{TOM_ROWS}",
    ),
    "an anchor that nobody uses": (
        "characters:\n  tom: &tom\n    name: Tom\n    stub: true\n",
        f"characters:\n  tom: &tom\n{TOM_ROWS}",
    ),
    "another entry is an alias": (
        "x: &x {name: Mara}\ncharacters:\n  mara: *x\n  tom:\n    name: Tom\n    stub: true\n",
        f"x: &x {{name: Mara}}\ncharacters:\n  mara: *x\n  tom:\n{TOM_ROWS}",
    ),
    "nothing after a key": (
        "characters:\n  tom:\n    name: Tom\n    stub: true\n    figure:\nx:\n",
        "characters:\n  tom:\n    name: Tom\n    descriptor: tall, grey eyes\n    figure:\n      skin: '#c08060'\nx:\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), REPLACEMENTS.values(), ids=REPLACEMENTS.keys())
def test_entries_are_replaced_and_nothing_else_changes(tmp_path: Path, before: str, after: str):
    path = tmp_path / "characters.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + before.encode())
    replace_entries(path, "characters", {"tom": TOM})
    assert path.read_bytes().decode("utf-8") == "\ufeff" + after


def test_several_entries_are_replaced_where_a_link_leads(tmp_path: Path):
    shared, link = tmp_path / "shared.yaml", tmp_path / "characters.yaml"
    shared.write_text("characters:\n  a:\n    name: A\n    stub: true\n  b: {name: B}\n  c:\n    name: C\n    stub: true\n")
    link.symlink_to(shared)
    replace_entries(link, "characters", {})
    replace_entries(link, "characters", {"c": Character(name="C", voice="low"), "a": Character(name="A", age=7)})
    assert link.is_symlink()
    assert shared.read_text() == "characters:\n  a:\n    name: A\n    age: 7\n  b: {name: B}\n  c:\n    name: C\n    voice: low\n"


def test_less_can_come_in_the_place_of_more(tmp_path: Path):
    path = tmp_path / "characters.yaml"
    path.write_text("characters:\n  tom:\n    name: Tom\n    voice: low # deep\n    stub: true\n")
    replace_entries(path, "characters", {"tom": Character(name="Tom")})
    assert load_document(path, Characters).characters == {"tom": Character(name="Tom")}
    assert "# deep" in path.read_text()


IRREPLACEABLE = {
    "absent": ("characters:\n  mara: {name: T}\n", NotFoundError, "characters has no tom: nothing was changed"),
    "no section": ("version: 1\n", NotFoundError, "characters has no tom"),
    "only comments": ("# mine\n", NotFoundError, "characters has no tom"),
    "list": ("characters: [tom]\n", InvalidFileError, "should be a mapping"),
    "alias": ("x: &x {name: Tom}\ncharacters: {tom: *x}\n", InvalidFileError, "write by hand:\ncharacters:\n  tom:"),
    "section is an alias": ("x: &x {tom: {name: T}}\ncharacters: *x\n", InvalidFileError, "write by hand"),
    "others are aliases of it": (
        "characters:\n  tom: &x\n    name: Tom\n    stub: true\n  mara: *x\n",
        InvalidFileError,
        "nothing can be replaced in a file written like this",
    ),
    "empty": ("characters: {tom: {}}\n", InvalidFileError, "write by hand"),
    "nothing": ("characters:\n  tom:\n", InvalidFileError, "write by hand"),
    "block text": ("characters:\n  tom:\n    name: |\n      Tom\n    stub: true\n", InvalidFileError, "write by hand"),
    "not yaml": ("characters: {\n", InvalidFileError, "not valid YAML"),
}


@pytest.mark.parametrize(("text", "error", "problem"), IRREPLACEABLE.values(), ids=IRREPLACEABLE.keys())
def test_entries_that_cannot_be_replaced_change_nothing(tmp_path: Path, text: str, error: type[Exception], problem: str):
    path = tmp_path / "characters.yaml"
    path.write_text(text)
    with pytest.raises(error) as caught:
        replace_entries(path, "characters", {"tom": TOM})
    assert problem in str(caught.value)
    assert path.read_text() == text


def test_nothing_is_replaced_in_a_missing_file(tmp_path: Path):
    with pytest.raises(NotFoundError):
        replace_entries(tmp_path / "none.yaml", "characters", {"tom": TOM})
    assert not list(tmp_path.iterdir())


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["", "# c", "  # c", "    # c", "version: 1", "  mara: {name: M}", "  tom:", "    name: Tom", "    stub: true # s"]
        ),
        max_size=7,
    )
)
def test_replacing_keeps_every_other_line_of_a_person(tmp_path_factory: pytest.TempPathFactory, rows: list[str]):
    path = tmp_path_factory.mktemp("replace") / "characters.yaml"
    lines = [row + "\n" for row in ("characters:", *rows, "  tom:", "    name: Tom", "    stub: true # s", *reversed(rows))]
    path.write_text("".join(lines))
    try:
        replace_entries(path, "characters", {"tom": TOM})
    except InvalidFileError:
        assert path.read_text() == "".join(lines)
        return
    left = iter(path.read_text().splitlines(keepends=True))
    assert all(line in left for line in lines if "stub" not in line), "the lines are there in their order"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('# mine\nprefix: ""   # the look\nx: 1\n', '# mine\nprefix: "35mm: grain"   # the look\nx: 1\n'),
        ("prefix:\nx: 1\n", 'prefix: "35mm: grain"\nx: 1\n'),
        ("prefix: # the look\nx: 1\n", 'prefix: "35mm: grain" # the look\nx: 1\n'),
        ("{prefix: '', x: 1}", '{prefix: "35mm: grain", x: 1}'),
        ("x: {prefix: ''}\n", "x: {prefix: ''}\nprefix: \"35mm: grain\"\n"),
        ("x: 1", 'x: 1\nprefix: "35mm: grain"\n'),
        ("x: 1\r\n", 'x: 1\r\nprefix: "35mm: grain"\r\n'),
        ("# only a comment\n", '# only a comment\nprefix: "35mm: grain"\n'),
        ("", 'prefix: "35mm: grain"\n'),
    ],
    ids=["empty text", "nothing", "nothing with a comment", "flow", "deeper", "missing", "windows", "comment", "empty file"],
)
def test_a_text_is_filled_in_and_nothing_else_changes(tmp_path: Path, before: str, after: str):
    path = tmp_path / "style_bible.yaml"
    path.write_bytes(before.encode())
    fill_text(path, "prefix", "35mm: grain")
    assert path.read_bytes().decode() == after


def test_a_text_is_filled_into_a_missing_file(tmp_path: Path):
    fill_text(tmp_path / "style_bible.yaml", "prefix", "grain")
    assert (tmp_path / "style_bible.yaml").read_text() == "version: 1\nprefix: grain\n"


@pytest.mark.parametrize(
    ("text", "error", "problem"),
    [
        ("prefix: mine\n", AlreadyExistsError, "prefix has a text already"),
        ("- prefix\n", InvalidFileError, "should be a mapping"),
        ("x: 1\n...\n", InvalidFileError, "nothing can be added to a file written like this"),
    ],
    ids=["there", "list", "end mark"],
)
def test_a_text_that_cannot_be_filled_in_changes_nothing(tmp_path: Path, text: str, error: type[Exception], problem: str):
    path = tmp_path / "style_bible.yaml"
    path.write_text(text)
    with pytest.raises(error, match=problem):
        fill_text(path, "prefix", "grain")
    assert path.read_text() == text


ALIASES = {
    "none yet": (
        "characters:\n  tom:\n    name:   Tom # mine\n    age: 7 # months\n",
        "characters:\n  tom:\n    name:   Tom # mine\n    aliases:\n    - Ton\n    - 'No'\n    age: 7 # months\n",
    ),
    "some": (
        "characters:\n  tom:\n    aliases: [TOMMY] # more?\n    name: 'Tom'\n",
        "characters:\n  tom:\n    aliases:\n    - TOMMY\n    - Ton\n    - 'No' # more?\n    name: 'Tom'\n",
    ),
    "an empty key": (
        "characters:\n  tom:\n    name: Tom\n    aliases:\n  mara: {name: M}\n",
        "characters:\n  tom:\n    name: Tom\n    aliases:\n    - Ton\n    - 'No'\n  mara: {name: M}\n",
    ),
    "braces": (
        "characters: {tom: {name:  Tom , age: 7 }}\n",
        'characters: {tom: {name:  Tom , "aliases": ["Ton", "No"], age: 7 }}\n',
    ),
    "braces, some": (
        "characters:\n  tom: {aliases:  [T], name: 'Tom'}\n",
        'characters:\n  tom: {"aliases": ["T", "Ton", "No"], name: \'Tom\'}\n',
    ),
    "Windows": (
        "characters:\r\n  tom:\r\n    name: Tom\r\n",
        "characters:\r\n  tom:\r\n    aliases:\r\n    - Ton\r\n    - 'No'\r\n    name: Tom\r\n",
    ),
    "a block of text": (
        "characters:\n  tom:\n    name: Tom\n    descriptor: |\n      tall\n      thin\n",
        "characters:\n  tom:\n    name: Tom\n    aliases:\n    - Ton\n    - 'No'\n    descriptor: |\n      tall\n      thin\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), ALIASES.values(), ids=ALIASES.keys())
def test_aliases_are_added_and_nothing_else_changes(tmp_path: Path, before: str, after: str):
    path = tmp_path / "characters.yaml"
    path.write_bytes(before.encode())
    add_aliases(path, "characters", {})
    add_aliases(path, "characters", {"tom": ["Ton", "No"]})
    assert path.read_bytes().decode() == after


def test_aliases_are_added_to_several_entries(tmp_path: Path):
    path = tmp_path / "locations.yaml"
    path.write_text("locations:\n  a: {name: A}\n  b:\n    name: B\n")
    add_aliases(path, "locations", {"b": ["BB"], "a": ["AA"]})
    assert path.read_text() == 'locations:\n  a: {"aliases": ["AA"], name: A}\n  b:\n    aliases:\n    - BB\n    name: B\n'


@pytest.mark.parametrize(
    "text", ["x: &x {name: Tom}\ncharacters: {tom: *x}\n", "characters:\n  tom: &x\n    name: T\n  mara: *x\n"]
)
def test_aliases_that_cannot_be_added_change_nothing(tmp_path: Path, text: str):
    path = tmp_path / "characters.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFileError, match="nothing can be added to an entry written like this: write by hand"):
        add_aliases(path, "characters", {"tom": ["Ton"]})
    assert path.read_text() == text
