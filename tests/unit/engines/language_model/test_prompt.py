import re
from functools import cached_property
from pathlib import Path

import pytest
from pydantic import BaseModel

from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, NotFoundError
from vtx_dagster.engines.language_model.context import CUT_MARK
from vtx_dagster.engines.language_model.prompt import TEMPLATES_DIR, Message, Prompt, PromptLibrary, Window
from vtx_dagster.engines.language_model.tokens import MESSAGE_TOKENS, estimated_tokens

HEADER = "---\nversion: 3\nmax_output_tokens: 900\ndescription: For tests.\n---\n"
PLAIN = HEADER + "# system\n\nYou write {{ what }}.\n\n# user\n\n{{ story }}\n"
VALUES = {"what": "films", "story": "A ferry."}


class Answer(BaseModel):
    speaker: str


class Shelf:
    """A project's and a studio's folder of templates, over the package's."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folders = {owner: root / owner for owner in ("project", "studio", "package")}
        for folder in self.folders.values():
            folder.mkdir()
        monkeypatch.setattr("vtx_dagster.engines.language_model.prompt.TEMPLATES_DIR", self.folders["package"])

    def put(self, text: str, *, owner: str = "package", name: str = "demo") -> Path:
        path = self.folders[owner] / f"{name}.md"
        path.write_bytes(text.encode())
        return path

    def library(self, *, context_tokens: int = 10_000) -> PromptLibrary:
        return PromptLibrary([(owner, self.folders[owner]) for owner in ("project", "studio")], context_tokens=context_tokens)

    def render(self, **more) -> Prompt[Answer]:
        return self.library().render("demo", Answer, **{"values": VALUES, **more})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(tmp_path, monkeypatch)


def test_a_prompt_is_all_that_is_asked(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    prompt = shelf.render(keys={"speaker": ["ida"]})
    assert prompt.messages == (Message(role="system", text="You write films."), Message(role="user", text="A ferry."))
    assert (prompt.name, prompt.template, prompt.max_output_tokens, prompt.cuts) == ("demo", "demo 3", 900, ())
    assert prompt.answer is Answer
    assert prompt.schema["properties"]["speaker"]["enum"] == ["ida"]


def test_the_estimate_has_messages_and_schema_in_it(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    small, large = shelf.render(), shelf.render(keys={"speaker": ["ida", "noah", "the_harbour_master"]})
    texts = sum(estimated_tokens(message.text) + MESSAGE_TOKENS for message in small.messages)
    assert small.input_tokens > texts + 20
    assert large.input_tokens >= small.input_tokens + estimated_tokens("ida noah the_harbour_master")


def test_the_same_question_is_the_same_prompt(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    assert shelf.render() == shelf.render()


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_blocks_leave_no_holes_and_none_is_nothing(shelf: Shelf, newline: str) -> None:
    text = (
        HEADER
        + "# system\na\n\n  {% if what %}\n\n \nb{{ nothing }}\n  {% endif %}\n\n\n\nc   \n# user\n## system\n{{ story }}\n\n"
    )
    shelf.put(text.replace("\n", newline))
    prompt = shelf.render(values={**VALUES, "nothing": None, "story": "1 < 2 & {{ what }} {% x %}"})
    assert prompt.messages[0].text == "a\n\nb\n\nc"
    assert prompt.messages[1].text == "## system\n1 < 2 & {{ what }} {% x %}", (
        "values are text, never templates, and stay unescaped"
    )


def test_project_goes_before_studio_and_studio_before_package(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    assert (shelf.render().template, shelf.library().override_hash("demo")) == ("demo 3", "")
    shelf.put(PLAIN.replace("You", "We"), owner="studio")
    studio = shelf.library().override_hash("demo")
    assert (shelf.render().template, shelf.render().messages[0].text) == ("demo (studio)", "We write films.")
    shelf.put(PLAIN.replace("You", "I"), owner="project")
    project = shelf.library().override_hash("demo")
    assert (shelf.render().template, shelf.render().messages[0].text) == ("demo (project)", "I write films.")
    assert len({"", studio, project}) == 3
    shelf.put(PLAIN.replace("You", "We"), owner="project")
    assert shelf.library().override_hash("demo") == studio, "the text decides, not whose it is"


def test_a_folder_need_not_be_there(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    for owner in ("project", "studio"):
        shelf.folders[owner].rmdir()
    assert shelf.render().template == "demo 3"


def test_partials_are_included_and_can_be_replaced_alone(shelf: Shelf) -> None:
    shelf.put(PLAIN.replace("You", '{% include "tone.md" %}{% include "tone.md" %}\nYou'))
    shelf.put('{% include "deep.md" %} {{ what }}', name="tone")
    shelf.put("Be kind to", name="deep")
    assert shelf.render().messages[0].text.startswith("Be kind to filmsBe kind to films")
    assert shelf.library().override_hash("demo") == ""
    shelf.put("Be hard on", name="deep", owner="studio")
    assert shelf.render().messages[0].text.startswith("Be hard on films")
    assert shelf.render().template == "demo 3, deep (studio)"
    before = shelf.library().override_hash("demo")
    shelf.put(PLAIN, owner="project")
    assert shelf.render().template == "demo (project)"
    assert shelf.library().override_hash("demo") not in ("", before)


def test_a_library_reads_a_file_once(shelf: Shelf) -> None:
    path = shelf.put(PLAIN)
    library = shelf.library()
    before = library.render("demo", Answer, values=VALUES)
    path.unlink()
    assert library.render("demo", Answer, values=VALUES) == before


@pytest.mark.parametrize("name", ["demos", "../demo", "de mo", ""], ids=["near", "path", "space", "empty"])
def test_a_template_that_does_not_exist_is_said(shelf: Shelf, name: str) -> None:
    shelf.put(PLAIN)
    with pytest.raises(NotFoundError, match=r"there is no prompt template .*demo\.md"):
        shelf.library().render(name, Answer, values={})


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "starts with front matter"),
        ("# system\na\n# user\nb\n", 1, "starts with front matter"),
        ("---\nmax_output_tokens: 5\n# system\na\n# user\nb\n", 1, "does not end"),
        ("---\nversion: 1\n---\n# system\na\n# user\nb\n", 2, "'max_output_tokens' is missing"),
        ("---\n\nmax_output_tokens: many\n---\n# system\na\n# user\nb\n", 3, "max_output_tokens: 'many' is not an integer"),
        ("---\nmax_output_tokens: 5\nversoin: 1\n---\n# system\na\n# user\nb\n", 3, "did you mean 'version'"),
        ("---\nmax_output_tokens: 5\n\tversion: 1\n---\n# system\na\n# user\nb\n", 3, "a tab"),
        (HEADER + "# user\nb\n", 5, "two sections, in this order: # system and # user"),
        (HEADER + "# user\nb\n# system\na\n", 5, "two sections"),
        (HEADER + "# system\na\n# user\nb\n# user\nc\n", 5, "two sections"),
        (HEADER + "\nHello.\n# system\na\n# user\nb\n", 7, "text before '# system'"),
        (HEADER + "# system\n \n# user\nb\n", 6, "'# system' is empty"),
        (HEADER + "# system\na\n# user\n", 8, "'# user' is empty"),
        (HEADER + "# system\na\n# user\n\n{% for x in %}\n", 10, "not a valid template"),
        (HEADER + "# system\na\n{{ what\n# user\nb", 8, "not a valid template"),
        (HEADER + "# system\na\n# user\n\n{{ whta }}\n", 10, "'whta' is undefined"),
        (HEADER + "# system\na\n# user\n{% for x in [1] %}\n{{ 1 / 0 }}\n{% endfor %}", 10, "division by zero"),
        (HEADER + "# system\na\n# user\n{{ story + 1 }}", 9, "cannot be filled in"),
        (HEADER + "# system\n{{ story.__class__.__mro__ }}\n# user\na", 7, "unsafe"),
        (HEADER + "# system\n{{ listed.append(1) }}\n# user\na", 7, "not safely callable|cannot be filled in"),
        (HEADER + "# system\na\n# user\na\n{{ what | shouty }}", 10, "No filter named 'shouty'"),
        (HEADER + "# system\na\n# user\na\n{% if what %}\n{{ what | shouty }}{% endif %}", 11, "No filter named 'shouty'"),
        (HEADER + "# system\n{{ what.nothing }}\n# user\na", 7, "no attribute 'nothing'"),
        (HEADER + '# system\n{% include "gone.md" %}\n# user\na', 7, "there is no prompt template 'gone.md'"),
        (HEADER + '# system\n{% include "../demo.md" %}\n# user\na', 7, "there is no prompt template"),
        (HEADER + "# system\n{% include story %}\n# user\na", 7, "in quotes"),
        (HEADER + "# system\n{% include ['a.md', 'b.md'] %}\n# user\na", 7, "in quotes"),
    ],
    ids=[
        "empty file",
        "no front matter",
        "open front matter",
        "missing key",
        "wrong type",
        "unknown key",
        "tab",
        "no system",
        "wrong order",
        "two users",
        "text before",
        "empty system",
        "empty user",
        "syntax",
        "open expression",
        "unknown variable",
        "error in a block",
        "wrong operands",
        "unsafe attribute",
        "changes a value",
        "unknown filter",
        "unknown filter in a block",
        "unknown attribute",
        "no such partial",
        "partial elsewhere",
        "computed partial",
        "choice of partials",
    ],
)
def test_a_bad_template_names_file_and_line(shelf: Shelf, text: str, line: int, problem: str) -> None:
    path = shelf.put(text, owner="project")
    with pytest.raises(InvalidFileError, match=problem) as caught:
        shelf.render(values={**VALUES, "listed": [0]})
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert caught.value.details["line"] == line


class Shown(BaseModel):
    """A value as a story hands it to a template."""

    name: str = "Ida"
    names: dict[str, "Shown"] = {}

    @property
    def loud(self) -> str:
        return self.name.upper()

    @cached_property
    def quiet(self) -> str:
        return self.name.lower()

    def told(self) -> str:
        return self.name


@pytest.mark.parametrize(
    "expression",
    [
        """shown.parse_raw("cos\\nsystem\\n(S'touch PWNED'\\ntR.", proto="pickle", allow_pickle=True)""",
        """(shown | attr("parse_raw"))("cos\\nsystem\\n(S'touch PWNED'\\ntR.", proto="pickle", allow_pickle=True)""",
        'shown["parse_file"]("SECRET").name',
        'shown.model_validate_json("{}").name',
        'shown.model_copy(update={"name": "x"}).name',
        "shown.told()",
        "shown.model_fields_set",
        'dict.fromkeys("ab")',
        '[shown] | map(attribute="parse_file") | join',
        '"{0.parse_file}".format(shown)',
    ],
    ids=["runs code", "by a filter", "reads a file", "validates", "copies", "method", "inner", "class", "mapped", "format"],
)
def test_a_template_can_only_look_at_values(shelf: Shelf, expression: str, tmp_path: Path) -> None:
    secret, pwned = tmp_path / "secret.json", tmp_path / "pwned"
    secret.write_text('{"name": "TOP SECRET"}', encoding="utf-8")
    expression = expression.replace("PWNED", str(pwned)).replace("SECRET", str(secret))
    path = shelf.put(HEADER + "# system\na\n# user\n{{ " + expression + " }}\n", owner="project")
    with pytest.raises(InvalidFileError, match="unsafe") as caught:
        shelf.render(values={"shown": Shown()})
    assert caught.value.message.startswith(f"{path}:9: ")
    assert not pwned.exists()


def test_fields_and_properties_of_values_can_be_shown(shelf: Shelf) -> None:
    shown = "{{ loop.index }} {{ key }} {{ one.name }} {{ one.loud }} {{ one.quiet }}"
    text = "{% for key, one in shown.names.items() %}" + shown + "{% endfor %}"
    shelf.put(HEADER + f"# system\na\n# user\n{text}\n")
    assert shelf.render(values={"shown": Shown(names={"noah": Shown(name="Noah")})}).messages[1].text == "1 noah Noah NOAH noah"


def test_an_error_in_a_partial_names_the_partial(shelf: Shelf) -> None:
    shelf.put(PLAIN.replace("You", '{% include "tone.md" %}'))
    path = shelf.put("one\n{{ missing }}", name="tone")
    with pytest.raises(InvalidFileError, match="'missing' is undefined") as caught:
        shelf.render()
    assert caught.value.message.startswith(f"{path}:2: ")
    path = shelf.put("one\n\n{% endif %}", name="tone")
    with pytest.raises(InvalidFileError, match="not a valid template") as caught:
        shelf.render()
    assert caught.value.message.startswith(f"{path}:3: ")


def test_a_partial_has_no_front_matter(shelf: Shelf) -> None:
    shelf.put(PLAIN.replace("You", '{% include "tone.md" %}'))
    path = shelf.put(PLAIN, name="tone", owner="studio")
    with pytest.raises(InvalidFileError, match=r"tone\.md is included by demo\.md: remove its front matter") as caught:
        shelf.render()
    assert caught.value.message.startswith(f"{path}:1: ")


def test_a_partial_that_includes_itself_is_refused(shelf: Shelf) -> None:
    shelf.put(PLAIN.replace("You", '{% include "tone.md" %}'))
    shelf.put('{% include "tone.md" %}', name="tone")
    with pytest.raises(InvalidFileError, match=r"tone\.md:1: the template cannot be filled in"):
        shelf.render()


def test_an_error_of_a_value_is_placed_at_the_template(shelf: Shelf) -> None:
    class Odd:
        def __str__(self) -> str:
            raise ValueError("no words")

    path = shelf.put(PLAIN)
    with pytest.raises(InvalidFileError, match="no words") as caught:
        shelf.render(values={"what": Odd(), "story": ""})
    assert caught.value.message.startswith(f"{path}:8: ")


WINDOWED = HEADER + "# system\nWrite.\n# user\n{{ story }}\n{% if before %}\nBefore:\n{{ before }}\n{% endif %}\n"


def test_windows_are_cut_to_the_budget_and_reported(shelf: Shelf) -> None:
    shelf.put(WINDOWED)
    story, before = "\n\n".join(["A paragraph of the story."] * 40), "\n".join(["IDA", "Now."] * 60)
    windows = (Window(name="story", text=story, priority=2), Window(name="before", text=before, priority=1, keep="end"))
    whole = shelf.render(values={}, windows=windows)
    assert whole.cuts == ()
    assert whole.messages[1].text == f"{story}\nBefore:\n{before}"

    tight = shelf.library(context_tokens=whole.input_tokens - 50).render("demo", Answer, values={}, windows=windows)
    assert whole.input_tokens - 60 <= tight.input_tokens <= whole.input_tokens - 50
    assert f"Before:\n{CUT_MARK}\n" in tight.messages[1].text
    (cut,) = tight.cuts
    assert cut.startswith("before: 5")
    assert cut.endswith(f" of {estimated_tokens(before)} tokens left out")

    tighter = shelf.library(context_tokens=300).render("demo", Answer, values={}, windows=windows)
    assert tighter.input_tokens <= 300
    assert [one.split(":")[0] for one in tighter.cuts] == ["before", "story"]
    assert story.startswith(tighter.messages[1].text.split(f"\n\n{CUT_MARK}")[0])
    assert shelf.library(context_tokens=300).render("demo", Answer, values={}, windows=windows) == tighter


def test_a_prompt_that_cannot_fit_names_the_setting(shelf: Shelf) -> None:
    shelf.put(WINDOWED)
    windows = (Window(name="before", text="word " * 100, priority=1),)
    with pytest.raises(InvalidRequestError, match=r"'demo 3' needs 1,\d\d\d tokens .*VTX_STORY_CONTEXT_TOKENS is 500") as caught:
        shelf.library(context_tokens=500).render("demo", Answer, values={"story": "x" * 3000}, windows=windows)
    assert caught.value.details["context_tokens"] == 500


CAPSULES = Capsules(
    writing={
        "plain": WritingCapsule(
            title="Plain", descriptors=("Say it.",), samples=("IDA\nNow.\n", "She goes."), avoid=("similes",)
        ),
        "bare": WritingCapsule(title="Bare"),
    },
    visual={"grain": VisualCapsule(title="Grain", descriptors=("coarse grain",), negative=("gloss",))},
)


def test_the_partials_of_capsules_show_all_in_a_fixed_order(shelf: Shelf) -> None:
    for name in ("style", "look"):
        shelf.put((TEMPLATES_DIR / f"{name}.md").read_text(encoding="utf-8"), name=name)
    shelf.put(HEADER + '# system\nWrite.\n\n{% include "style.md" %}\n\n{% include "look.md" %}\n\n# user\nGo.\n')
    assert shelf.render(values={"capsules": Capsules()}).messages[0].text == "Write."
    assert shelf.render(values={"capsules": CAPSULES}).messages[0].text == (
        "Write.\n\n## How the words sound\n\nWhere these differ, the one above decides.\n\n"
        "### Plain\n\n- Say it.\n- Never: similes\n\n"
        "Written that way (for the sound only: take over no word, name or event of it):\n\n"
        "> IDA\n> Now.\n\n> She goes.\n\n### Bare\n\n"
        "## How the film looks\n\n### Grain\n\n- coarse grain\n- Never: gloss"
    )


@pytest.mark.parametrize("path", sorted(TEMPLATES_DIR.glob("*.md")), ids=lambda path: path.stem)
def test_the_templates_of_the_package_are_valid(path: Path) -> None:
    library = PromptLibrary([], context_tokens=10_000)
    if path.read_text(encoding="utf-8").startswith("---"):
        assert library.override_hash(path.stem) == ""
    else:
        assert path.stem in ("look", "style"), "only partials have no front matter"


DOCS = (Path(__file__).parents[4] / "docs/story_prompts.md").read_text(encoding="utf-8")


def test_the_templates_of_the_package_are_in_the_docs() -> None:
    named = [
        name for row in re.findall(r"^\| (`\w+\.md`.*?) \|", DOCS, flags=re.MULTILINE) for name in re.findall(r"`(\w+)\.md`", row)
    ]
    assert sorted(named) == sorted(path.stem for path in TEMPLATES_DIR.glob("*.md"))


def test_the_example_in_the_docs_is_a_template(shelf: Shelf) -> None:
    (example,) = re.findall(r"^```markdown\n(.*?)^```$", DOCS, flags=re.MULTILINE | re.DOTALL)
    shelf.put(example)
    shelf.put((TEMPLATES_DIR / "style.md").read_text(encoding="utf-8"), name="style")
    scene = {"heading": "INT. BOAT - DAY", "beats": [{"text": "She waits."}, {"text": "He comes."}]}
    prompt = shelf.render(values={"scene": scene, "capsules": Capsules()})
    assert [message.text for message in prompt.messages] == [
        "You write one scene of a film.",
        "INT. BOAT - DAY\n\n- She waits.\n- He comes.",
    ]


def test_a_template_that_is_stored_otherwise_has_the_same_hash_and_that_of_before(shelf: Shelf) -> None:
    shelf.put(PLAIN, owner="studio")
    plain = shelf.library().override_hash("demo")
    shelf.put("\ufeff" + PLAIN.replace("\n", " \r\n"), owner="studio")
    both = shelf.library().override_hash("demo").split()
    assert both[0] == plain
    assert len(both) == len({*both}) == 2, "earlier versions noted the text as it was stored"
