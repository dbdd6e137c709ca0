"""The clip spec: one file ``prompts/clips/<clip_id>.yaml`` says everything that a person decides about one clip."""

from enum import StrEnum

from pydantic import Field, model_validator

from vtx_dagster.core.document import Document, Key, Part
from vtx_dagster.core.ids import CLIP_PATTERN
from vtx_dagster.core.shot import Camera, DialogueLine, Posture, TimeOfDay


class Pipeline(StrEnum):
    """The LTX-2 pipelines, by the name of their module."""

    TI2VID_TWO_STAGES = "ti2vid_two_stages"
    TI2VID_TWO_STAGES_HQ = "ti2vid_two_stages_hq"
    TI2VID_ONE_STAGE = "ti2vid_one_stage"
    DISTILLED = "distilled"
    IC_LORA = "ic_lora"
    KEYFRAME_INTERPOLATION = "keyframe_interpolation"
    A2VID_TWO_STAGE = "a2vid_two_stage"
    RETAKE = "retake"


class InputMode(StrEnum):
    """What a clip starts from, besides its prompt."""

    T2V = "t2v"
    I2V = "i2v"
    V2V = "v2v"
    KEYFRAME_INTERPOLATION = "keyframe_interpolation"


_FILE = "Path inside the project folder, or library/... inside the studio's library."


class ImageInput(Part):
    """A still that steers the clip at one moment: ``at_s`` or ``frame``, from the start of the clip."""

    file: str = Field(description=_FILE)
    at_s: float = Field(default=0.0, ge=0.0, description="When in the clip, in seconds.")
    frame: int | None = Field(default=None, ge=0, description="When in the clip, as a frame from 0, in place of at_s.")
    strength: float = Field(default=1.0, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _one_moment(self) -> "ImageInput":
        if self.frame is not None and self.at_s:
            raise ValueError("give one of at_s and frame")
        return self


class VideoInput(Part):
    """A clip that steers the whole clip."""

    file: str = Field(description=_FILE)
    strength: float = Field(default=1.0, ge=0.0, le=1.0)


class MaskInput(Part):
    """A grey video that says where the steering video counts: white fully, black not at all."""

    file: str = Field(description=_FILE)
    strength: float = Field(default=1.0, ge=0.0, le=1.0)


class AudioInput(Part):
    """Sound that the picture is made for; it is what the clip sounds like."""

    file: str = Field(description=_FILE)
    start_s: float = Field(default=0.0, ge=0.0, description="Where in the file the clip begins, in seconds.")


class RetakeRange(Part):
    """The part of an existing clip that is rendered anew, in seconds of that clip."""

    start_s: float = Field(ge=0.0)
    end_s: float = Field(gt=0.0)

    @model_validator(mode="after")
    def _in_order(self) -> "RetakeRange":
        if self.start_s >= self.end_s:
            raise ValueError(f"start_s ({self.start_s:g}) is not before end_s ({self.end_s:g})")
        return self


class PreviousInput(Part):
    """The end of an earlier clip, from which this one goes on without a visible cut."""

    frames: int = Field(
        default=9, ge=1, le=49, description="How many of its last frames are looked at: 1, 9, 17, 25, 33, 41 or 49; 1 may stall."
    )
    clip: str | None = Field(
        default=None, pattern=CLIP_PATTERN, description="An earlier clip; the one before in story order when missing."
    )
    strength: float = Field(default=1.0, ge=0.0, le=1.0)

    @model_validator(mode="after")
    def _on_the_grid(self) -> "PreviousInput":
        if self.frames % 8 != 1:
            above = -(-(self.frames - 1) // 8) * 8 + 1
            raise ValueError(f"frames ({self.frames}) is not 8k + 1: use {above - 8} or {above}")
        return self


class ClipInputs(Part):
    """The files that a clip starts from; which ones must be there follows from the mode."""

    mode: InputMode = InputMode.T2V
    images: tuple[ImageInput, ...] = ()
    video: VideoInput | None = None
    mask: MaskInput | None = None
    audio: AudioInput | None = None
    retake: RetakeRange | None = None
    from_previous: PreviousInput | None = None

    @model_validator(mode="after")
    def _files_fit_mode(self) -> "ClipInputs":
        wanted = {
            InputMode.T2V: (0, False),
            InputMode.I2V: (1, False),
            InputMode.V2V: (0, True),
            InputMode.KEYFRAME_INTERPOLATION: (2, False),
        }
        min_images, needs_video = wanted[self.mode]
        if len(self.images) + (self.from_previous is not None) < min_images:
            raise ValueError(f"mode {self.mode} needs at least {min_images} image(s), and {len(self.images)} are given")
        if self.mode == InputMode.T2V and self.images:
            raise ValueError("mode t2v takes no images: use i2v or keyframe_interpolation")
        if needs_video != (self.video is not None):
            raise ValueError(f"mode {self.mode} {'needs a' if needs_video else 'takes no'} video")
        for name, given in (("mask", self.mask), ("retake", self.retake)):
            if given is not None and self.video is None:
                raise ValueError(f"{name} is about a video: give one, with mode v2v")
        return self


class DurationHints(Part):
    """What pacing knows of a clip besides its dialogue and its camera move."""

    seconds: float | None = Field(default=None, gt=0.0, le=60.0, description="Exactly this long, within the limits.")
    min_s: float | None = Field(default=None, gt=0.0, le=60.0)
    max_s: float | None = Field(default=None, gt=0.0, le=60.0)
    beats: int = Field(default=1, ge=0, le=100, description="How many things happen, one after another.")
    readable_text: str = Field(default="", description="Text in frame that the audience must have time to read.")

    @model_validator(mode="after")
    def _limits_agree(self) -> "DurationHints":
        if self.min_s is not None and self.max_s is not None and self.min_s > self.max_s:
            raise ValueError(f"min_s ({self.min_s:g}) is above max_s ({self.max_s:g})")
        return self


class ClipSpec(Document):
    """One clip: what is in it, how it is shot, and what it is rendered with."""

    id: str = Field(pattern=CLIP_PATTERN)
    pipeline: Pipeline | None = Field(default=None, description="The render profile's pipeline when missing.")
    profile: Key | None = Field(default=None, description="Render profile of metadata.yaml; the project's when missing.")
    style_profile: Key | None = Field(default=None, description="Profile of the style bible; its default when missing.")
    prompt: str = Field(default="", description="The clip's own text, after everything that the bible adds.")
    negative_prompt: str = ""
    camera: Camera = Camera()
    action: str = ""
    characters: tuple[str, ...] = Field(default=(), description="Keys of the characters in frame.")
    postures: dict[str, Posture] = Field(
        default_factory=dict, description="Who sits, lies or kneels, by key, unless the action says something else: {mara: sit}."
    )
    location: str | None = None
    interior: bool | None = Field(default=None, description="Inside or outside of the location; as the bible says when missing.")
    time_of_day: TimeOfDay | None = None
    props: tuple[str, ...] = ()
    insert: str = Field(
        default="",
        description="The thing that a close shot shows instead of a person: hands, letter, phone ... The animatic draws it.",
    )
    dialogue: tuple[DialogueLine, ...] = ()
    lora_bundle: Key | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**31, description="Derived from project and clip id when missing.")
    inputs: ClipInputs = ClipInputs()
    duration: DurationHints = DurationHints()
    transition: str = ""
    notes: str = ""
