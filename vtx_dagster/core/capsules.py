"""Style capsules: a way of writing or a look, kept once in the studio and chosen by name in any project."""

from pydantic import Field

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.document import Document, Key, Part
from vtx_dagster.core.shot import TimeOfDay


class WritingCapsule(Document):
    """``library/writing/<key>.yaml``: how the words of a film sound."""

    title: str
    descriptors: tuple[str, ...] = Field(default=(), description="Short rules, such as ``sentences under ten words``.")
    samples: tuple[str, ...] = Field(default=(), description="A few lines written that way; shown to the writer, never copied.")
    avoid: tuple[str, ...] = Field(default=(), description="What this way of writing never does.")


class VisualCapsule(Document):
    """``library/visual/<key>.yaml``: how a film looks."""

    title: str
    descriptors: tuple[str, ...] = Field(default=(), description="Words that open the prompt of every clip, in order.")
    negative: tuple[str, ...] = Field(default=(), description="What no clip of this look may show.")
    times: dict[TimeOfDay, Palette] = Field(default_factory=dict, description="Colours of the look in each light.")
    references: tuple[str, ...] = Field(default=(), description="Pictures of the look, as paths in the studio's library folder.")


class Capsules(Part):
    """The capsules that a project chose, by key, in its order: writing first, then visual."""

    writing: dict[Key, WritingCapsule] = Field(default_factory=dict)
    visual: dict[Key, VisualCapsule] = Field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return the names for a provenance: ``writing/terse``, ``visual/super8``."""
        return (*(f"writing/{key}" for key in self.writing), *(f"visual/{key}" for key in self.visual))
