"""``vtx story treatments``: the treatments of a story side by side, and the choice of one."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, SlugArgument, StudioOption, VerboseOption, add_command
from vtx_dagster.cli.output import console, print_json, say
from vtx_dagster.cli.stages import print_stage, run_stage
from vtx_dagster.cli.studio_folder import open_studio
from vtx_dagster.core.errors import NotFoundError

if TYPE_CHECKING:
    from vtx_dagster.studio.project import Project

MIN_COLUMN_CHARS = 32
"""Narrower columns cannot be read: the treatments are then shown one under the other."""

_SECTION = re.compile(r"^## +", re.MULTILINE)
_ACT = re.compile(r"A\d{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A treatment to choose from.

    Attributes:
        stands: Whether it is the one that the film is written from.
    """

    number: int
    file: str
    text: str
    stands: bool

    @property
    def title(self) -> str:
        """Its heading in a table."""
        return f"treatment {self.number}{' (stands)' if self.stands else ''}"

    def sections(self) -> dict[str, str]:
        """Return its text by act id, or by heading where one names no act; what comes before the first under ``""``."""
        first, *others = _SECTION.split(self.text)
        found = {"": first.strip()}
        for section in others:
            heading = section.split("\n", 1)[0].strip()
            act = _ACT.match(heading)
            found[act[0] if act else heading] = section.strip()
        return found


def treatments(
    slug: SlugArgument,
    *,
    choose: Annotated[
        int | None, typer.Option(min=1, max=9, metavar="N", help="The one that is to stand, from now on.", show_default=False)
    ] = None,
    studio: StudioOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show the treatments to choose from, act by act, side by side where there is room, and which one stands.

    With --choose, make story/02_treatment.md the one that is named. The first stands while none is chosen.
    """
    opened = open_studio(studio)
    project = opened.project(slug)
    if choose is not None:
        from vtx_dagster.assets.story import StoryConfig

        facts = run_stage(opened, slug, "treatment", StoryConfig(choose=choose), verbose=verbose, is_quiet=as_json)
        print_stage(slug, "treatment", facts, as_json=as_json)
        return
    found, chosen = _found(project)
    if as_json:
        print_json({"project": slug, "chosen": chosen, "treatments": [_facts(one) for one in found]})
        return
    _print(found)
    say(_standing(slug, found, chosen))


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, treatments, "vtx story treatments my_film", "vtx story treatments my_film --choose 2")


def _found(project: "Project") -> tuple[list[Treatment], int | None]:
    """Return the treatments of a project, and the number of the one that was chosen.

    Raises:
        NotFoundError: If there are none.
    """
    from vtx_dagster.production.story_files import StoryFiles
    from vtx_dagster.studio.files import read_text

    story = StoryFiles(project)
    standing = story.treatment_source.text
    found = []
    for path in sorted(project.treatments_dir.glob("[1-9].md")):
        text = read_text(path)
        found.append(Treatment(number=int(path.stem), file=str(path), text=text, stands=text == standing))
    if not found:
        raise NotFoundError(
            f"{project.slug} has no treatments to choose from: a language model writes them (`vtx story treatment {project.slug}`"
            " with VTX_STORY_WRITER=openai); the breakdown writes one, story/02_treatment.md",
            project=project.slug,
        )
    return found, story.choice.chosen


def _facts(one: Treatment) -> dict[str, Any]:
    return {"number": one.number, "file": one.file, "stands": one.stands, "text": one.text}


def _print(found: Sequence[Treatment]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    screen = console(sys.stdout)
    if screen.width < MIN_COLUMN_CHARS * len(found):
        for one in found:
            say(f"=== {one.title} ===\n\n{one.text.strip()}\n")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    for one in found:
        table.add_column(one.title, ratio=1, overflow="fold")
    columns = [one.sections() for one in found]
    for act in dict.fromkeys(act for column in columns for act in column):
        table.add_row(*(Text(column.get(act, "")) for column in columns))
    screen.print(table)


def _standing(slug: str, found: Sequence[Treatment], chosen: int | None) -> str:
    standing = next((one.number for one in found if one.stands), None)
    if standing is None:
        return "none of them stands: story/02_treatment.md was written or edited by hand"
    why = "it was chosen" if chosen == standing else f"none was chosen: vtx story treatments {slug} --choose N"
    return f"treatment {standing} stands ({why})"
