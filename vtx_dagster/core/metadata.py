"""``metadata.yaml``: what a project is called and how it wants to be made."""

from pydantic import Field

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.document import Document, Key, Part


class RenderProfile(Part):
    """Picture format and sampling of a render; a project names several and uses one."""

    width: int = Field(ge=64, le=4096, multiple_of=2)
    height: int = Field(ge=64, le=4096, multiple_of=2)
    fps: int = Field(default=16, ge=1, le=120, description="Whole frames per second; LTX truncates others.")
    pipeline: Pipeline = Pipeline.TI2VID_TWO_STAGES
    num_inference_steps: int | None = Field(default=None, ge=1, le=1000)
    guidance_scale: float | None = Field(default=None, ge=0.0, le=100.0)
    engine: Key | None = Field(default=None, description="What renders clips in this profile; render.engine when missing.")


DEFAULT_PROFILES = {
    "preview": RenderProfile(width=512, height=288, pipeline=Pipeline.TI2VID_ONE_STAGE),
    "final": RenderProfile(width=1024, height=576, pipeline=Pipeline.TI2VID_TWO_STAGES),
}
"""Both are exactly 16:9 and on LTX's size grids: multiples of 32 (one stage) and 64 (two stages)."""


class RenderOptions(Part):
    """How clips of this project are rendered."""

    profile: Key = "final"
    profiles: dict[Key, RenderProfile] = Field(default_factory=lambda: dict(DEFAULT_PROFILES))
    lora_bundle: Key | None = Field(default=None, description="Bundle of the clips that name none.")
    min_clip_s: float = Field(default=1.0, gt=0.0, le=15.0)
    max_clip_s: float = Field(default=15.0, gt=0.0, le=15.0)
    engine: Key | None = Field(default=None, description="What renders clips; VTX_ENGINE when missing.")
    allow_degrade: bool = Field(
        default=False, description="Render smaller and scale up where the memory of the GPU is too small; the take says so."
    )
    budget_gpu_s: float | None = Field(default=None, gt=0.0, description="The most seconds of GPU time that the project may use.")


class StoryOptions(Part):
    """How the story of this project is written, where a language model writes it."""

    writing: tuple[Key, ...] = Field(default=(), description="Writing capsules of the studio's library, in order.")
    visual: tuple[Key, ...] = Field(default=(), description="Visual capsules of the studio's library, in order.")
    treatments: int = Field(default=3, ge=1, le=9, description="How many treatments to choose from.")


class Automation(Part):
    """What the sensors may do on their own."""

    render: bool = True
    assemble: bool = True


class Metadata(Document):
    """``metadata.yaml`` of a project."""

    title: str = Field(min_length=1, max_length=200)
    logline: str = ""
    author: str = ""
    length_s: float | None = Field(default=None, gt=0.0, description="The wanted length of the film.")
    produce_in_acts: bool | None = Field(default=None, description="Overrides VTX_PRODUCE_IN_ACTS for this project.")
    render: RenderOptions = RenderOptions()
    story: StoryOptions = StoryOptions()
    automation: Automation = Automation()
