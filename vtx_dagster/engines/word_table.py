"""Tables of words, which are data files of the package, made to be edited."""

from importlib.resources import files
from typing import Any

import yaml

_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def word_table(package: str, name: str) -> Any:
    """Return what a table says, as ``vtx_dagster.engines.breakdown`` and ``people_words.yaml`` name one."""
    return yaml.load((files(package) / name).read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
