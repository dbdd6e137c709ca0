"""Showing long work as it goes: a bar on a terminal, a line per finished clip elsewhere. Both on stderr."""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.output import console, counted, note
from vtx_dagster.core.errors import VtxError

if TYPE_CHECKING:
    from vtx_dagster.production.progress import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipOutcome:
    """What became of one clip.

    Attributes:
        was_reused: Its take was there already.
        facts: What the engine said of its render, by name: ``model_loads``, ``gpu_s``, ``degraded``.
    """

    key: str
    error: VtxError | None = None
    was_reused: bool = False
    render_s: float = 0.0
    path: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """Return the outcome in one line."""
        if self.error is not None:
            log = self.error.details.get("log")
            return f"{self.key}  failed: {self.error.message}{f' (log: {log})' if log else ''}"
        degraded = f"; degraded: {self.facts['degraded']}" if self.facts.get("degraded") else ""
        return f"{self.key}  {'reused' if self.was_reused else f'rendered in {self.render_s:.1f} s'}{degraded}"

    def to_json(self) -> dict[str, Any]:
        """Return the outcome for ``--json``."""
        if self.error is not None:
            return {"clip": self.key, "outcome": "failed", "error": self.error.to_json()}
        outcome = "reused" if self.was_reused else "rendered"
        return {"clip": self.key, "outcome": outcome, "render_s": self.render_s, "file": self.path, **self.facts}


def outcome_of(settled: "Settled") -> ClipOutcome:
    """Return what became of a clip that was settled."""
    if settled.error is not None:
        return ClipOutcome(key=settled.key, error=settled.error)
    facts: dict[str, Any] = {name: getattr(value, "value", value) for name, value in settled.facts.items()}
    return ClipOutcome(
        key=settled.key,
        was_reused=bool(facts["vtx/reused"]),
        render_s=float(facts["vtx/render_s"]),
        path=str(facts["vtx/file"]),
        facts={name: facts[f"vtx/{name}"] for name in ("model_loads", "gpu_s", "degraded") if f"vtx/{name}" in facts},
    )


@dataclass(slots=True)
class Outcomes:
    """What became of the clips that were asked for, in the order in which they were settled."""

    by_key: dict[str, ClipOutcome] = field(default_factory=dict)

    def fail(self, keys: Iterable[str], error: VtxError) -> None:
        """Note clips that a run failed before it came to them."""
        self.by_key.update({key: ClipOutcome(key=key, error=error) for key in keys})

    @property
    def rendered(self) -> list[ClipOutcome]:
        """The clips that were rendered."""
        return [one for one in self.by_key.values() if one.error is None and not one.was_reused]

    @property
    def reused(self) -> list[ClipOutcome]:
        """The clips whose takes were there."""
        return [one for one in self.by_key.values() if one.error is None and one.was_reused]

    @property
    def failed(self) -> list[ClipOutcome]:
        """The clips that failed."""
        return [one for one in self.by_key.values() if one.error is not None]

    @property
    def model_loads(self) -> int | None:
        """How many times a model was loaded for the clips that were rendered; None where no engine says."""
        said = [one.facts["model_loads"] for one in self.rendered if "model_loads" in one.facts]
        return sum(said) if said else None

    def to_json(self) -> dict[str, Any]:
        """Return the outcomes for ``--json``."""
        counts: dict[str, Any] = {"rendered": len(self.rendered), "reused": len(self.reused), "failed": len(self.failed)}
        if self.model_loads is not None:
            counts["model_loads"] = self.model_loads
        return {**counts, "clips": [one.to_json() for one in self.by_key.values()]}


@contextmanager
def watching_clips(keys: Collection[str], *, is_quiet: bool = False, tells_each: bool = True) -> Iterator[Outcomes]:
    """Collect what becomes of clips that are rendered inside the block, and show it unless ``is_quiet``.

    Args:
        keys: The clips.
        is_quiet: Show nothing.
        tells_each: Print a line about each clip that is settled. Without it only the bars of a terminal are shown, from the
            start on: whoever calls tells of the outcome.
    """
    from vtx_dagster.production.progress import watching

    outcomes = Outcomes()
    with _display(f"{counted(len(keys), 'clip')}", total=len(keys), is_quiet=is_quiet) as display:

        def settled(one: "Settled") -> None:
            # A run covers a range of clips: those between the wanted ones only find their takes.
            if one.stage != "rendered_clip" or one.key not in keys:
                return
            outcomes.by_key[one.key] = outcome_of(one)
            line = outcomes.by_key[one.key].line() if tells_each else ""
            display.settled(one.key, line, num_done=len(outcomes.by_key))

        if not tells_each:
            display.start()
        with watching(display.frames, settled=settled):
            yield outcomes


@contextmanager
def watching_frames(what: str, *, is_quiet: bool = False) -> Iterator[None]:
    """Show the frames of one piece of work, such as an assembly, unless ``is_quiet``."""
    from vtx_dagster.production.progress import watching

    with _display(what, total=None, is_quiet=is_quiet) as display, watching(display.frames):
        yield


@contextmanager
def watching_parts(what: str, *, is_quiet: bool = False) -> Iterator[None]:
    """Show from the start that a stage of the story is written, and how many of its parts are, unless ``is_quiet``."""
    from vtx_dagster.production.progress import watching

    with _display(what, total=None, is_quiet=is_quiet) as display, watching(display.frames):
        display.start()
        yield


class _Silence:
    """Shows nothing."""

    def start(self) -> None:
        """Take note that work of unknown length began."""

    def frames(self, key: str, done: int, total: int, stage: str) -> None:
        """Take note of frames, and of the stage that they belong to."""

    def settled(self, key: str, line: str, *, num_done: int) -> None:
        """Take note of a clip."""


class _Lines(_Silence):
    """A line per settled clip."""

    def settled(self, key: str, line: str, *, num_done: int) -> None:  # noqa: ARG002 - the signature of all displays
        """Print a line, if there is one."""
        if line:
            note(line)


class _Bars(_Silence):
    """A bar for the clips, if there are any, and one for frames or parts of each thing in hand, once their number is known."""

    def __init__(self, progress: Any, what: str, *, total: int | None) -> None:
        self._progress = progress
        self._clips = progress.add_task(what, total=total, count=f"0/{total}") if total is not None else None
        self._total = total
        self._what = what
        self._in_hand: dict[str, Any] = {}

    def start(self) -> None:
        """Show a bar that only moves, unless there is one that may stand for the beginning."""
        if self._clips is not None:
            self._progress.update(self._clips, description=f"{self._what}, waiting for its turn")
            return
        self._in_hand[self._what] = self._progress.add_task(self._what, total=None, count="")

    def frames(self, key: str, done: int, total: int, stage: str) -> None:
        """Move the bar of frames, which is also named after the stage."""
        if self._clips is not None:
            self._progress.update(self._clips, description=self._what)
        if key not in self._in_hand:
            self._in_hand[key] = self._progress.add_task(key, total=total, count="")
        name = f"{key}  {stage}" if stage else key
        self._progress.update(self._in_hand[key], description=name, completed=done, total=total, count=f"{done}/{total}")

    def settled(self, key: str, line: str, *, num_done: int) -> None:
        """Print a line above the bars, if there is one, take away the bar of what is settled, and move the bar of clips."""
        if line:
            self._progress.console.print(line, markup=False)
        if key in self._in_hand:
            self._progress.remove_task(self._in_hand.pop(key))
        if self._clips is not None:  # pragma: no branch - only clips settle, and they have a bar
            self._progress.update(self._clips, completed=num_done, count=f"{num_done}/{self._total}")


@contextmanager
def _display(what: str, *, total: int | None, is_quiet: bool) -> Iterator[_Silence]:
    if is_quiet:
        yield _Silence()
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeRemainingColumn()
        with Progress(*columns, console=console(sys.stderr), transient=True) as progress:
            yield _Bars(progress, what, total=total)
