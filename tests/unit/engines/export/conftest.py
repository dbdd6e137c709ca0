from collections.abc import Callable, Mapping
from itertools import zip_longest

import pytest

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.script import Script, read_script

FULL = """\
FADE IN:

> THE *LAST* FERRY <

int. kitchen - night #12A#

[[SHOT: WS, pan left]]
MARA, 40, *opens* the **door** — it _creaks_ [[a note]] twice.
On the table: \\*a\\* letter. 😀 漢字

= Nobody reads this.

/* cut
this */
MARA (V.O.)
(softly)
I knew it.
{two_spaces}
It was **always
here**.
[[beat?]]
(beat)
Always.
~And she sings

@McAvoy
You lie.

MARA ^
I do not!

JÓZEF ^
Nor I.

TOM
(nods)

!INT. IS A WORD
!And !so on.

@ lonely

~A song of nobody
~in two lines

> Fade slowly.

CUT TO:
""".replace("{two_spaces}", "  ")

Read = Callable[..., Script]


@pytest.fixture
def read() -> Read:
    """Read scenes, given as texts, of acts given as lists of them, as a script. One act without a title needs no outline."""

    def read_acts(
        *acts: list[str],
        titles: tuple[str, ...] = (),
        title: str = "The Film",
        author: str = "",
        entries: Mapping[str, str] | None = None,
        notes: bool = False,
    ) -> Script:
        scenes = {
            f"A{act:02d}_S{number:02d}": Source(name=f"A{act:02d}_S{number:02d}.fountain", text=text)
            for act, texts in enumerate(acts, start=1)
            for number, text in enumerate(texts, start=1)
        }
        outline = Outline(
            title=title,
            acts=tuple(
                OutlineAct(
                    id=f"A{act:02d}",
                    title=name,
                    synopsis=f"What happens in {name}." if name else "",
                    scenes=tuple(OutlineScene(id=scene, heading="INT. A") for scene in scenes if scene.startswith(f"A{act:02d}")),
                )
                for act, (name, _) in enumerate(zip_longest(titles, acts, fillvalue=""), start=1)
            ),
        )
        return read_script(
            scenes,
            metadata=Metadata(title=title, author=author),
            outline=outline if titles or len(acts) > 1 else None,
            entries=entries,
            notes=notes,
        )

    return read_acts


@pytest.fixture
def full_text() -> str:
    """The one scene of ``full``."""
    return FULL


@pytest.fixture
def full(read: Read) -> Script:
    """A script with everything that Fountain has."""
    return read([FULL], titles=("Act *One*",), title="The Film: a_story_", author="Ana Żółć")
