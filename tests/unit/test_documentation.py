"""Keeps README and docs honest: commands exist, links lead somewhere, tables equal the code, and examples run."""

import re
import shlex
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import typer

from vtx_dagster.cli.main import app
from vtx_dagster.core import pacing
from vtx_dagster.core.bible import Characters, Locations, LoraBundles, StyleBible
from vtx_dagster.core.clip import ClipSpec, InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.core.planner import Stage
from vtx_dagster.core.policy import Policy
from vtx_dagster.core.prices import PriceTable
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown import directions
from vtx_dagster.engines.breakdown.rules import Breakdown
from vtx_dagster.engines.ffmpeg import Ffmpeg, find_ffmpeg
from vtx_dagster.engines.ltx.serving import SERVED
from vtx_dagster.engines.screenplay.fountain import parse_screenplay
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.settings import KNOWN

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted((ROOT / "docs").glob("*.md"))
KINDS = {
    "id": ClipSpec,
    "title": Metadata,
    "characters": Characters,
    "locations": Locations,
    "prefix": StyleBible,
    "bundles": LoraBundles,
    "models": PriceTable,
    "banned_phrases": Policy,
}
"""The model of a YAML example, by the key that follows its version."""

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(vtx [^`]+)`")
_COMMAND = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?P<line>vtx .*)$")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(document: Path, *languages: str) -> list[str]:
    found = _BLOCK.finditer(document.read_text(encoding="utf-8"))
    return [block["text"] for block in found if block["language"] in languages]


def python_example(marker: str) -> dict[str, Any]:
    """Run the Python example of architecture.md that holds a text, and return what it defines."""
    source = next(block for block in blocks(ROOT / "docs/architecture.md", "python") if marker in block)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, "docs/architecture.md", "exec"), names)
    return names


def leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, inner in command.commands.items():
        yield from leaves(inner, (*path, name))


def problem_of(line: str) -> str:
    """Return what is wrong with a command line as it is written; nothing if it parses.

    Written with a placeholder (``...``) or without its arguments, as text speaks of a command, its names and options are checked.
    """
    words = shlex.split(line, comments=True)[1:]
    command: Any = typer.main.get_command(app)
    options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    rest = list(words)
    while rest and hasattr(command, "commands"):
        word = rest.pop(0)
        if word.startswith("-"):
            if word not in options:
                return f"no option {word}"
            rest = rest[1:] if word == "--studio" else rest
            continue
        if word == "COMMAND":
            return ""
        if word not in command.commands:
            return f"no command {word}"
        command = command.commands[word]
        options |= {option for parameter in command.params for option in parameter.opts}
    for word in rest:
        if word.startswith("-") and word not in options:
            return f"no option {word}"
    takes_value = {
        option
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.is_flag
        for option in parameter.opts
    }
    values = [word for before, word in zip(["", *rest], rest, strict=False) if before in takes_value]
    arguments = [word for word in rest if not word.startswith("-") and word not in values and word != "..."]
    most = sum(parameter.param_type_name == "argument" for parameter in command.params)
    return f"more than {most} arguments" if len(arguments) > most else ""


def command_lines() -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        name = str(document.relative_to(ROOT))
        for block in blocks(document, "sh", "text", "yaml", ""):
            lines = block.splitlines()
            found += [
                (name, match["line"]) for match in map(_COMMAND.match, lines) if match and not match["line"].startswith("vtx  ")
            ]
        prose = _BLOCK.sub("", document.read_text(encoding="utf-8"))
        found += [(name, line) for line in _INLINE.findall(prose)]
    return found


def test_every_command_line_parses():
    lines = command_lines()

    assert len(lines) > 60
    assert [f"{name}: {line}: {problem}" for name, line in lines if (problem := problem_of(line))] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("vtx mak my_film", "no command mak", id="command"),
        pytest.param("vtx plan --chek", "no option --chek", id="option"),
        pytest.param("vtx make a b", "more than 1 arguments", id="arguments"),
        pytest.param('vtx projects new my_film --title "My film"', "", id="right"),
    ],
)
def test_a_wrong_command_line_is_found(line: str, problem: str):
    assert problem_of(line) == problem


def test_every_command_and_option_is_in_the_reference():
    sections = re.split(r"^### ", text_of("docs/cli.md"), flags=re.MULTILINE)[1:]
    written = {tuple(re.findall(r"^`(vtx [a-z ]+)", section)[0].split()): section for section in sections}
    commands = dict(leaves(typer.main.get_command(app), ("vtx",)))

    assert written.keys() == commands.keys()
    for path, command in commands.items():
        options = {parameter.opts[0] for parameter in command.params if parameter.param_type_name == "option"}
        assert set(re.findall(r"`(--[a-z-]+)`", written[path].split("|---|---|")[1])) == options, path


def test_every_setting_is_in_the_reference():
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\| (.*?) \| (.*?) \|$", text_of("docs/settings.md"), flags=re.MULTILINE)
    files = {name: "`models.env`" if known.models else "`global.env`" for name, known in KNOWN.items()}

    assert rows == [
        (name, known.default, "environment" if name == "VTX_HOME" else files[name], known.purpose)
        for name, known in KNOWN.items()
    ]


def test_which_engine_serves_which_pipeline_is_written():
    rows = re.findall(r"^\| `(\w+)` \| (yes|) ?\| (yes|) ?\| (yes|) ?\|$", text_of("docs/ltx.md"), flags=re.MULTILINE)
    engines = [name for name in SERVED if name != "animatic"]

    assert rows == [
        (pipeline.value, *("yes" if pipeline in SERVED[engine] else "" for engine in engines))
        for pipeline in map(Pipeline, (row[0] for row in rows))
    ]
    assert {row[0] for row in rows} == set(Pipeline)


def test_pacing_is_written_as_it_is():
    rows = dict(re.findall(r"^\| `([A-Z_]+_S|SLOW_FACTOR)` \| (.*?) \|", text_of("docs/clip_spec.md"), flags=re.MULTILINE))
    spoken = {name: value for name in rows if isinstance(value := getattr(pacing, name), Fraction)}
    ranges = {"ORIENTATION_S": pacing.ORIENTATION_S, "MOVE_S": pacing.MOVE_S}

    assert {name: rows[name].removesuffix(" s") for name in spoken} == {
        name: f"{round(float(value), 2):g}" for name, value in spoken.items()
    }
    for name, values in ranges.items():
        assert rows[name] == f"{float(min(values.values())):g} s to {float(max(values.values())):g} s"
    constants = {name for name, value in vars(pacing).items() if name.isupper() and isinstance(value, Fraction | dict)}
    assert {name for name in constants if not name.startswith("_")} == rows.keys()


def test_every_word_of_a_direction_is_written():
    row = text_of("docs/fountain.md")
    words = [
        word for kind in (directions._SIZES, directions._ANGLES, directions._MOVES) for group in kind.values() for word in group
    ]

    assert [word for word in words if f"`{word}`" not in row] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path):
    text = _BLOCK.sub("", document.read_text(encoding="utf-8"))
    targets = [target for target in _LINK.findall(text) if not target.startswith("http")]
    broken = []
    for target in targets:
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.is_file() or (anchor and anchor not in anchors(file)):
            broken.append(target)

    assert broken == []


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", _BLOCK.sub("", document.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def test_yaml_examples_load(tmp_path: Path):
    examples = [block for document in DOCUMENTS for block in blocks(document, "yaml") if block.startswith("version: 1")]

    assert len(examples) > 6
    for example in examples:
        kind = KINDS[example.splitlines()[1].split(":")[0]]
        name = "A01_S01_SH010.yaml" if kind is ClipSpec else "example.yaml"
        (tmp_path / name).write_text(example, encoding="utf-8")
        assert load_document(tmp_path / name, kind, root=tmp_path).version == 1


def test_fountain_examples_are_screenplays():
    examples = [block for document in DOCUMENTS for block in blocks(document, "fountain")]

    assert len(examples) > 1
    for example in examples:
        assert parse_screenplay(Source(name="example.fountain", text=example)).acts


def test_shots_of_the_fountain_example_are_those_in_the_table():
    document = ROOT / "docs/fountain.md"
    rows = re.findall(
        r"^\| `(A\d+_S\d+_SH\d+)` \| (\w+) \| (.*?) \| (.*?) \| (\d+) mm \| (.*?) \|", text_of("docs/fountain.md"), re.M
    )
    context = StoryContext(
        metadata=Metadata(title="The Kettle"),
        brief=Source(name="brief.md", text=""),
        screenplays=(Source(name="kettle.fountain", text=blocks(document, "fountain")[0]),),
    )
    writer = Breakdown()
    outline = writer.outline(context)
    scenes = {file.scene: Source(name=file.slug, text=file.text) for file in writer.screenplay(context, outline, "")}

    assert rows == [
        (
            shot.id,
            shot.size.value,
            shot.angle.replace("_", " "),
            shot.move.replace("_", " "),
            str(shot.lens_mm),
            ", ".join(shot.characters),
        )
        for shot in writer.shotlist(context, outline, scenes).shots
    ]


def test_the_engine_example_renders_what_its_plan_asks_for(tmp_path: Path):
    engine = python_example("class SweepEngine")["SweepEngine"]()
    plan = RenderPlan(
        clip="A01_S01_SH010",
        engine=engine.identity,
        pipeline=Pipeline.DISTILLED,
        mode=InputMode.T2V,
        prompt="a bar of light",
        negative_prompt="",
        seed=1,
        width=64,
        height=64,
        fps=8,
        content_frames=8,
        render_frames=9,
    )
    seen: list[tuple[int, int]] = []
    request = RenderRequest(
        plan=plan,
        output=tmp_path / "clip.mp4",
        log=tmp_path / "log.txt",
        progress=lambda done, total, stage="": seen.append((done, total)),
    )

    with engine.session() as session:
        report = session.render(request)

    assert Ffmpeg(find_ffmpeg(None), timeout_s=60).verify(request.output, plan).num_frames == 9
    assert report.facts
    assert seen[-1] == (9, 9)
    assert request.log.read_text(encoding="utf-8")


def test_the_writer_example_writes_a_treatment(tmp_path: Path):
    project = Studio.init(tmp_path).create_project("film", title="The Kettle")
    (project.source_dir / "film.fountain").write_text("INT. KITCHEN - DAY\n\nA kettle steams.\n", encoding="utf-8")
    desk = StoryDesk(project, python_example("class OnePageWriter")["OnePageWriter"]())

    desk.run(Stage.OUTLINE)

    assert desk.run(Stage.TREATMENT).text == "# The Kettle\n\n- INT. KITCHEN - DAY\n"
    assert {record.stage: record.is_current for record in desk.records()}[Stage.TREATMENT]
