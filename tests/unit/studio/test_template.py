"""The starter files load as they are, and so do the examples in their comments."""

import re
from pathlib import Path

import pytest
import yaml

from vtx_dagster.core.capsules import WritingCapsule
from vtx_dagster.core.document import Document
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.policy import Policy
from vtx_dagster.core.prices import PriceTable
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.library import load_capsules
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.template import LIBRARY_README, metadata_yaml


def without_marks(text: str, example: str) -> str:
    """Return a text whose commented lines are not comments any more, from those that match on."""
    return re.sub(rf"^( *)# (?={example})", r"\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "model", "example", "field"),
    [
        ("config/prices.yaml", PriceTable, r"as_of:|\"?[\w*:.-]+\"?: \{", "models"),
        ("config/policy.yaml", Policy, "- ", "banned_phrases"),
    ],
    ids=["prices", "policy"],
)
def test_starters_load_as_they_are_and_with_their_examples(
    studio: Studio, name: str, model: type[Document], example, field
) -> None:
    path = studio.root / name
    assert load_document(path, model) == model()
    path.write_text(without_marks(path.read_text(encoding="utf-8"), example), encoding="utf-8")
    assert len(getattr(load_document(path, model), field)) >= 2


def test_a_model_of_one_s_own_costs_nothing_in_the_example(studio: Studio) -> None:
    path = studio.root / "config/prices.yaml"
    path.write_text(without_marks(path.read_text(encoding="utf-8"), r"\"?[\w*:.-]+\"?: \{"), encoding="utf-8")
    price = load_document(path, PriceTable).price_of("llama3.3:70b")
    assert price is not None
    assert price.usd(input_tokens=10**9, output_tokens=10**9) == 0


def test_the_hints_of_metadata_are_right(studio: Studio, tmp_path: Path) -> None:
    text = without_marks(metadata_yaml(Metadata(title="Film")), r"story:|  (writing|visual|treatments): ")
    (tmp_path / "metadata.yaml").write_text(text, encoding="utf-8")
    metadata = load_document(tmp_path / "metadata.yaml", Metadata)
    assert metadata.story.treatments == Metadata(title="Film").story.treatments
    assert load_capsules(studio, metadata).names() == ("writing/terse", "visual/super8")


def test_the_capsule_of_the_library_readme_is_one(studio: Studio) -> None:
    (folder := studio.root / "library/writing").mkdir()
    example = LIBRARY_README[LIBRARY_README.index("  version: 1") :]
    (folder / "terse_of_ours.yaml").write_text(yaml.safe_dump(yaml.safe_load(example)), encoding="utf-8")
    assert len(load_document(folder / "terse_of_ours.yaml", WritingCapsule).descriptors) == 2
