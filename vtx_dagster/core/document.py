"""What every file of a film project has in common as a model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A name that people type and files refer to: lower case letters, digits, ``_`` and ``-``, at most 63 of them."""

HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""An sRGB colour such as ``#2f4858``."""


class Part(BaseModel):
    """A piece of a document: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(Part):
    """A whole file. Its format only ever grows, so version 1 files stay readable."""

    version: Literal[1] = 1
