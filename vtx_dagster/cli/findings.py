"""What `vtx doctor` finds: good or bad, and what to do about it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from vtx_dagster.core.errors import VtxError
from vtx_dagster.studio.settings import Settings

SETTING_OF = {"ffmpeg": "VTX_FFMPEG", "font": "VTX_FONT", "engine": "VTX_ENGINE", "writer": "VTX_STORY_WRITER"}
"""The setting that decides about a tool."""


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, what was found, and what to do about it."""

    level: Level = Level.OK
    what: str
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding for ``--json``."""
        return {name: str(value) for name, value in asdict(self).items()}


def tried(what: str, look: Callable[[], str], settings: Settings) -> Finding:
    """Return what a look found; that it failed is a finding, too."""
    try:
        return Finding(what=what, found=look())
    except VtxError as error:
        setting = settings.lookup(SETTING_OF.get(what, ""))
        remedy = f"{setting.name} is set here: {setting.source}" if setting is not None else ""
        return Finding(level=Level.FAIL, what=what, found=error.message, remedy=remedy)
