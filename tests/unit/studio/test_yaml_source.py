import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.studio.yaml_source import YamlPath, line_at, parse_yaml, path_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("+3", 3),
        ("0b11", "0b11"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.25e-2", -0.0125),
        ("1.2.3", "1.2.3"),
        ("-", ["x"]),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("=", "="),
        (".", "."),
        ("+", "+"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object):
    if text == "-":
        assert parse_yaml("a:\n- x\n", "f") == {"a": ["x"]}
    else:
        read = parse_yaml(f"a: {text}\n", "f")["a"]
        assert read == value
        assert type(read) is type(value)


BAD = {
    "empty": ("", 1, "the file is empty"),
    "only comments": ("# nothing\n\n", 1, "the file is empty"),
    "tab": ("a:\n\tb: 1\n", 2, "a tab is used for indentation: use spaces"),
    "open quote": ("a: 1\nb: 'x\nc: 2\n", 4, "not valid YAML: found unexpected end of stream"),
    "bad indent": ("a: 1\n  b: 2\n", 2, "not valid YAML: mapping values are not allowed"),
    "control character": ("a: 1\nb: é\nc: \x01\n", 3, "character 0x0001 is not allowed"),
    "duplicate key": ("a:\n  b: 1\n  c: 2\n  b: 3\n", 4, "a.b: the key is on line 2 already"),
    "duplicate in list": ("a:\n- b: 1\n- b: 1\n  b: 2\n", 4, "a[1].b: the key is on line 3 already"),
    "merge key": ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge keys (<<) are not supported"),
    "two documents": ("a: 1\n---\nb: 1\n", 2, "a second document starts here"),
    "python tag": ("a: !!python/object/apply:os.system ['true']\n", 1, "the tag tag:yaml.org,2002:python/object"),
    "scalar tag": ("a: !!float 3\n", 1, "the tag tag:yaml.org,2002:float is not supported"),
    "unknown alias": ("a: *x\n", 1, "*x stands for something that is not finished"),
    "self reference": ("a: &x [1, *x]\n", 1, "*x stands for something that is not finished"),
    "alias as key": ("a: &x k\n*x : 1\n", 2, "an alias cannot be a key"),
    "list as key": ("? [a]\n: 1\n", 1, "a key must be text"),
    "mapping as key": ("{a: 1}: 2\n", 1, "a key must be text"),
    "infinite": ("a:\n  b: -.inf\n", 2, "-.inf is not a finite number"),
    "not a number": ("a: .NaN\n", 1, ".NaN is not a finite number"),
    "overflow": ("a: 1e999\n", 1, "1e999 is not a finite number"),
    "endless number": (f"a: {'9' * 5000}\n", 1, "a number of 5000 characters is too long"),
    "deep": ("[" * 100_000 + "]" * 100_000, 1, "nested more than 64 levels deep"),
    "deep and open": ("[" * 100_000, 1, "nested more than 64 levels deep"),
    "deep by aliases": (
        "".join(f"k{i}: &a{i} [[[[[[[[[[{f'*a{i - 1}' if i else 1}]]]]]]]]]]\n" for i in range(7)),
        7,
        "nested more than 64 levels deep",
    ),
}


@pytest.mark.parametrize(("text", "line", "problem"), BAD.values(), ids=BAD.keys())
def test_what_is_refused_has_a_line(text: str, line: int, problem: str):
    with pytest.raises(InvalidFileError) as caught:
        parse_yaml(text, "prompts/x.yaml")
    message = caught.value.message
    assert message.startswith(f"prompts/x.yaml:{line}: "), message
    assert problem in message
    assert "\n" not in message
    assert caught.value.details == {"file": "prompts/x.yaml", "line": line}


def test_yaml_bomb_is_refused_before_it_grows():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(InvalidFileError, match="the aliases stand for more than 100000 values"):
        parse_yaml("\n".join(lines), "bomb.yaml")


def test_aliases_share_and_anchors_can_be_given_again():
    assert parse_yaml("a: &x [1]\nb: *x\nc: &x {d: 2}\ne: [*x, *x]\nf: &y text\ng: *y\n", "f") == {
        "a": [1],
        "b": [1],
        "c": {"d": 2},
        "e": [{"d": 2}, {"d": 2}],
        "f": "text",
        "g": "text",
    }


def test_keys_are_text_whatever_they_look_like():
    assert parse_yaml('1984: a\nno: b\ntrue: c\n"": d\n', "f") == {"1984": "a", "no": "b", "true": "c", "": "d"}


def test_marks_give_the_line_of_every_value():
    text = "version: 1\n\nshots:\n- id: a\n  camera:\n    size: CU\n-\n  id: b\n- plain\n- [x,\n   y]\nlast: {k: v}\n"
    marks: dict[YamlPath, int] = {}
    parse_yaml(text, "f", marks=marks)
    assert marks == {
        (): 1,
        ("version",): 1,
        ("shots",): 3,
        ("shots", 0): 4,
        ("shots", 0, "id"): 4,
        ("shots", 0, "camera"): 5,
        ("shots", 0, "camera", "size"): 6,
        ("shots", 1): 8,
        ("shots", 1, "id"): 8,
        ("shots", 2): 9,
        ("shots", 3): 10,
        ("shots", 3, 0): 10,
        ("shots", 3, 1): 11,
        ("last",): 12,
        ("last", "k"): 12,
    }
    assert line_at(marks, ("shots", 0, "camera", "nothing", 3)) == 5
    assert line_at(marks, ("nothing",)) == 1


def test_paths_are_written_as_people_write_them():
    assert path_text(("shots", 3, "camera", "size")) == "shots[3].camera.size"
    assert path_text(()) == ""


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab:{}[]&*!|>'\"%@`#-?, \n\t0.~<\r\x85é"), max_size=40))
def test_any_text_gives_a_value_or_one_located_line(text: str):
    problem = ""
    try:
        parse_yaml(text, "f.yaml")
    except InvalidFileError as error:
        problem = error.message
    assert not problem or (problem.startswith("f.yaml:") and "\n" not in problem)
