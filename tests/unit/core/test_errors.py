import json

import pytest

from vtx_dagster.core import errors
from vtx_dagster.core.errors import MissingSettingError, StorageError, VtxError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, VtxError)]


def test_an_error_is_its_message_and_its_facts() -> None:
    error = MissingSettingError("VTX_X is not set", setting="VTX_X", files=["global.env"])
    assert str(error) == error.message == "VTX_X is not set"
    assert json.loads(json.dumps(error.to_json())) == {
        "code": "missing_setting",
        "message": "VTX_X is not set",
        "retryable": False,
        "details": {"setting": "VTX_X", "files": ["global.env"]},
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda error: error.code)
def test_an_error_is_read_back(kind: type[VtxError]) -> None:
    error = kind("no ink", clip="A01_S01_SH010")
    error.retryable = True
    back = VtxError.from_json(error.to_json())
    assert (type(back), str(back), back.to_json()) == (kind, "no ink", error.to_json())
    assert type(VtxError.from_json({**error.to_json(), "code": "of another version"})) is VtxError


def test_a_full_disk_may_be_free_later() -> None:
    assert StorageError("full").to_json()["retryable"] is True


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [error.code for error in CLASSES]
    assert len(set(codes)) == len(codes) > 10


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.code)
def test_every_class_is_in_the_tree_and_documented(error: type[VtxError]) -> None:
    assert issubclass(error, VtxError)
    assert error.__doc__
    assert error.code == error.code.lower().replace(" ", "_")
