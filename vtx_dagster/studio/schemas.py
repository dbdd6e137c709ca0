"""The JSON Schemas (draft 2020-12) of the files of a film project, generated from the models.

They are shipped as files for editors and other programs. ``python -m vtx_dagster.studio.schemas`` rewrites them.
"""

import difflib
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vtx_dagster.core.bible import Characters, Locations, LoraBundles, StyleBible
from vtx_dagster.core.capsules import VisualCapsule, WritingCapsule
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import NotFoundError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.core.policy import Policy
from vtx_dagster.core.prices import PriceTable
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.studio.files import write_atomic

SCHEMAS: Mapping[str, type[Document]] = MappingProxyType(
    {
        "metadata": Metadata,
        "style_bible": StyleBible,
        "characters": Characters,
        "locations": Locations,
        "loras": LoraBundles,
        "outline": Outline,
        "shotlist": Shotlist,
        "clip": ClipSpec,
        "render_plan": RenderPlan,
        "writing_capsule": WritingCapsule,
        "visual_capsule": VisualCapsule,
        "prices": PriceTable,
        "policy": Policy,
    }
)
"""The kinds of file that a studio and its projects have, by the name that ``vtx schema`` takes."""

SCHEMA_DIR = Path(__file__).parent / "schema_files"
"""Where the shipped ``<name>.schema.json`` files are."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of one kind of file.

    Args:
        name: A key of ``SCHEMAS``.

    Returns:
        A new draft 2020-12 schema; ``$id`` is ``urn:vtx-dagster:schema:<name>:1`` and unknown keys are refused at every level.

    Raises:
        NotFoundError: If there is no such kind; suggests the nearest.
    """
    if name not in SCHEMAS:
        near = difflib.get_close_matches(name, SCHEMAS, n=1)
        hint = f": did you mean {near[0]!r}?" if near else f": there are {', '.join(SCHEMAS)}"
        raise NotFoundError(f"there is no schema {name!r}{hint}", schema=name)
    return {"$schema": _DIALECT, "$id": f"urn:vtx-dagster:schema:{name}:1", **json.loads(_model_schema_text(SCHEMAS[name]))}


def model_schema(model: type[Document]) -> dict[str, Any]:
    """Return the JSON Schema of any document model, without ``$id``."""
    return {"$schema": _DIALECT, **json.loads(_model_schema_text(model))}


def schema_text(name: str) -> str:
    """Return the JSON Schema of one kind of file as the text that is shipped.

    Raises:
        NotFoundError: If there is no such kind.
    """
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def schema_path(name: str) -> Path:
    """Return where the schema of one kind of file is shipped."""
    return SCHEMA_DIR / f"{name}.schema.json"


def write_schemas() -> None:
    """Rewrite the shipped schema files from the models."""
    for name in SCHEMAS:
        write_atomic(schema_path(name), schema_text(name))


@functools.cache
def _model_schema_text(model: type[Document]) -> str:
    return json.dumps(_closed(model.model_json_schema()))


def _closed(node: Any) -> Any:
    # pydantic writes dict[Key, ...] as patternProperties alone, which lets every other key through.
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    if "patternProperties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed


if __name__ == "__main__":  # pragma: no cover - the tests call write_schemas
    write_schemas()
