"""The render plan: everything that decides the pixels and the sound of one clip, and the hash that names it.

Paths, environment and timings are not in a plan, so that the same film has the same hashes on every machine.

A field that says nothing is not there: neither ``None`` nor an empty text, list or mapping is in the canonical JSON. So a later
version may add fields that are empty unless someone fills them, and every take on disk keeps its name. A number or a truth value
always says something: to be additive, such a field is ``None`` by default.
"""

import hashlib
import json

from pydantic import Field, JsonValue

from vtx_dagster.core.bible import Build, Hair, Palette, Pronoun, SetKind
from vtx_dagster.core.clip import InputMode, Pipeline, RetakeRange
from vtx_dagster.core.document import Document, Part
from vtx_dagster.core.shot import Camera, DialogueLine, Posture, TimeOfDay


class EngineIdentity(Part):
    """Which engine, and which version of what it does to pixels."""

    name: str
    version: str

    @property
    def chosen(self) -> str:
        """What somebody chose about it, such as a font: what stands behind the plus in ``2+font.1f``."""
        return self.version.partition("+")[2]


class PlanInput(Part):
    """An input file, by content."""

    role: str = Field(description="``image``, ``video``, ``mask`` or ``audio``.")
    sha256: str
    frame_index: int = Field(default=0, ge=0, description="Of an image: which rendered frame it steers.")
    strength: float = 1.0
    start_s: float | None = Field(default=None, description="Of sound: where in the file the clip begins.")


class PlanPrevious(Part):
    """The take from whose end the clip goes on. The clip's first ``frames`` frames repeat it and are cut off after rendering."""

    clip: str
    clip_hash: str
    end_frame: int = Field(ge=1, description="How many frames of that take the film shows; the last of them comes before this.")
    frames: int = Field(ge=1)
    strength: float = 1.0


class PlanModel(Part):
    """A model file that decides pixels, by content."""

    role: str = Field(description="``checkpoint``, ``text_encoder``, ``spatial_upsampler`` and so on.")
    fingerprint: str
    strength: float | None = Field(
        default=None, description="Of a LoRA that belongs to the model, where it is not the usual one."
    )


class PlanLora(Part):
    """A LoRA, by content."""

    sha256: str
    strength: float


class _Figure(Part):
    """What is known of a character in a picture."""

    key: str
    name: str
    wardrobe: str
    age: int | None = None
    pronoun: Pronoun | None = None
    descriptor: str = ""
    posture: Posture | None = Field(default=None, description="How it is where the action does not say what it does.")


class GivenFigure(_Figure):
    """A character as the bible gives it to an engine that draws, which chooses what is not given."""

    build: Build | None = None
    hair: Hair | None = None
    hair_colour: str = ""
    skin: str = ""


class DrawnFigure(_Figure):
    """A character as the animatic draws it."""

    build: Build
    hair: Hair
    hair_colour: str
    skin: str


class _Picture(Part):
    """What the film says of a picture."""

    project: str
    title: str
    camera: Camera
    time_of_day: TimeOfDay
    place: str
    location: str = Field(default="", description="Key of the place, which may say what its name does not.")
    palette: Palette
    action: str = ""
    dialogue: tuple[DialogueLine, ...] = Field(default=(), description="Speakers are names here, not keys.")
    readable_text: str = ""
    insert: str = Field(default="", description="What a close shot of a thing shows: hands, letter, phone ...")


class GivenDrawing(_Picture):
    """What a plan says of the picture, for engines that draw.

    What an engine makes of it, such as the set that the name of a place means, is not in the plan: that belongs to the version of
    the engine, so that a newer one draws better and makes nothing stale.
    """

    interior: bool | None = None
    set: SetKind | None = None
    figures: tuple[GivenFigure, ...] = ()


class Drawing(_Picture):
    """What the animatic puts on screen."""

    interior: bool
    set: SetKind
    figures: tuple[DrawnFigure, ...] = ()


class RenderPlan(Document):
    """One clip, resolved."""

    clip: str
    engine: EngineIdentity
    pipeline: Pipeline
    mode: InputMode
    prompt: str
    negative_prompt: str
    seed: int
    width: int
    height: int
    fps: int
    content_frames: int = Field(ge=1, description="Frames that the film shows.")
    render_frames: int = Field(ge=1, description="Frames that the engine renders: 8k + 1, with the echo.")
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    inputs: tuple[PlanInput, ...] = ()
    loras: tuple[PlanLora, ...] = ()
    previous: PlanPrevious | None = None
    retake: RetakeRange | None = None
    models: tuple[PlanModel, ...] = Field(default=(), description="Filled in by the engine.")
    quantization: str | None = Field(default=None, description="Filled in by the engine.")
    drawing: GivenDrawing | None = None

    @property
    def echo_frames(self) -> int:
        """How many frames at the start of the render repeat the previous clip and are cut off."""
        return self.previous.frames if self.previous is not None else 0

    @property
    def file_frames(self) -> int:
        """How many frames the finished file has: what was rendered without the echo."""
        return self.render_frames - self.echo_frames

    def canonical_json(self) -> str:
        """Return what the plan says as JSON with sorted keys and no spaces: plans that say the same are equal texts."""
        return json.dumps(_said(self.model_dump(mode="json")), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def clip_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()

    def asks_for_the_same(self, older: "RenderPlan") -> bool:
        """Say whether this plan asks for nothing that another one, of another version of the engine, did not ask for.

        Of a drawing, everything that is given must be as it was; what an older plan has beside that, its engine had chosen.
        """
        is_same_engine = self.engine.name == older.engine.name and self.engine.chosen == older.engine.chosen
        now, then = (plan.model_copy(update={"engine": self.engine, "drawing": None}) for plan in (self, older))
        if not is_same_engine or now != then or (self.drawing is None) != (older.drawing is None):
            return False
        drawings = [_said(plan.drawing.model_dump(mode="json")) if plan.drawing else None for plan in (self, older)]
        return _is_given_in(drawings[0], drawings[1])


_IN_THE_PROMPT_TOO = frozenset({"age", "descriptor", "location"})
"""Facts of a drawing that older plans have in their prompt alone."""


def _is_given_in(given: JsonValue, older: JsonValue) -> bool:
    if isinstance(given, dict) and isinstance(older, dict):
        return all(
            _is_given_in(value, older[name]) if name in older else name in _IN_THE_PROMPT_TOO for name, value in given.items()
        )
    if isinstance(given, list) and isinstance(older, list):
        return len(given) == len(older) and all(map(_is_given_in, given, older))
    return given == older


def _said(value: JsonValue) -> JsonValue:
    """Return a value without the fields that say nothing, at any depth. The items of a list keep their places."""
    if isinstance(value, dict):
        fields = ((name, _said(field)) for name, field in value.items())
        return {name: field for name, field in fields if field not in (None, "", [], {})}
    return [_said(item) for item in value] if isinstance(value, list) else value
