"""Style capsules: a way of writing or a look, kept once in the studio and chosen by name in any project."""

from pydantic import Field

from vtx_dagster.core.bible import Bible, Palette
from vtx_dagster.core.document import Document, Key, Part
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.wording import capitalised, listed, sentence


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
    references: tuple[str, ...] = Field(
        default=(),
        description="Pictures of the look for people, as paths in the studio's library folder. No model and no engine gets them.",
    )


class Capsules(Part):
    """The capsules that a project chose, by key, in its order: writing first, then visual."""

    writing: dict[Key, WritingCapsule] = Field(default_factory=dict)
    visual: dict[Key, VisualCapsule] = Field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return the names for a provenance: ``writing/terse``, ``visual/super8``."""
        return (*(f"writing/{key}" for key in self.writing), *(f"visual/{key}" for key in self.visual))


def with_visual_capsules(bible: Bible, capsules: Capsules) -> Bible:
    """Return a bible whose style has the look of the visual capsules in it.

    The bible decides: the words of the capsules follow its own prefix, their negatives its own negative, and their palettes give
    only the colours that the bible leaves open. Of several capsules the first decides.

    Args:
        bible: The bible of a project.
        capsules: What the project chose. Without visual capsules the bible is returned as it is.
    """
    if not capsules.visual:
        return bible
    style, looks = bible.style, capsules.visual.values()
    times = dict(style.times)
    for look in looks:
        for time_of_day, palette in look.times.items():
            times[time_of_day] = _filled(times.get(time_of_day, Palette()), palette)
    prefix = " ".join(
        filter(None, (sentence(style.prefix), *(sentence(capitalised(listed(*look.descriptors))) for look in looks)))
    )
    negative = listed(style.negative, *(listed(*look.negative) for look in looks))
    return bible.model_copy(update={"style": style.model_copy(update={"prefix": prefix, "negative": negative, "times": times})})


def _filled(palette: Palette, by: Palette) -> Palette:
    return Palette(**(by.model_dump(exclude_none=True) | palette.model_dump(exclude_none=True)))
