"""From a clip spec to a render plan: everything that decides the clip's pixels, looked up and hashed."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vtx_dagster.core.bible import Bible, Lora
from vtx_dagster.core.capsules import with_visual_capsules
from vtx_dagster.core.clip import ClipSpec, ImageInput
from vtx_dagster.core.continuity import bundle_of, compile_prompt, derived_seed, draw
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError
from vtx_dagster.core.frames import MAX_FRAMES, frame_at
from vtx_dagster.core.metadata import Metadata, RenderProfile
from vtx_dagster.core.pacing import Pacing, pace
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanLora, RenderPlan
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.studio.files import FileIdentity, file_identity, hash_file
from vtx_dagster.studio.library import load_visual_capsules
from vtx_dagster.studio.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedClip:
    """A clip, ready to render.

    Attributes:
        files: Path of every input and LoRA by the SHA-256 that the plan names; of files with equal content the last one.
        looked_at: Identity of every input and LoRA file, by path, from before it was hashed.
        pacing: How its length was found.
        warnings: What the author should know, and what did not stop the plan.
    """

    plan: RenderPlan
    clip_hash: str
    pacing: Pacing
    files: Mapping[str, Path] = field(default_factory=dict)
    looked_at: Mapping[str, FileIdentity] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Makes the render plans of one project. Reads the bible, metadata, style capsules and settings once.

    Attributes:
        bible: The bible of the project, the look of its visual capsules included.
    """

    project: Project
    engine: EngineIdentity
    draws: bool
    bible: Bible
    metadata: Metadata
    max_frames: int
    max_prompt_chars: int | None

    @classmethod
    def of(cls, project: Project, *, engine: EngineIdentity, draws: bool) -> "Resolver":
        """Return the resolver of a project as its files are now.

        Raises:
            InvalidFileError: If a bible file, ``metadata.yaml``, a visual capsule or a setting does not hold what it should.
            NotFoundError: If there is no visual capsule of a name that ``metadata.yaml`` chose.
            MissingInputError: If a picture of a visual capsule is not there.
        """
        settings, metadata = project.settings(), project.metadata()
        return cls(
            project=project,
            engine=engine,
            draws=draws,
            bible=with_visual_capsules(project.bible(), load_visual_capsules(project.studio, metadata)),
            metadata=metadata,
            max_frames=settings.integer("LTX_MAX_FRAMES", default=MAX_FRAMES, minimum=9),
            max_prompt_chars=settings.integer("VTX_PROMPT_MAX_CHARS", default=2000, minimum=1),
        )

    def resolve(self, spec: ClipSpec, *, profile: str | None = None) -> ResolvedClip:
        """Return the plan of a clip.

        Args:
            spec: The clip.
            profile: A render profile instead of the one that the clip or the project names.

        Raises:
            InvalidRequestError: If the spec names a profile or bundle that does not exist.
            MissingInputError: If an input or LoRA file is not there.
            MissingSettingError: If a LoRA is to come from a setting that is not set.
        """
        options = self.metadata.render
        chosen = self._profile(spec, profile)
        pacing = pace(spec, min_s=options.min_clip_s, max_s=options.max_clip_s, fps=chosen.fps, max_frames=self.max_frames)
        prompt = compile_prompt(self.bible, spec, max_chars=self.max_prompt_chars)
        files = _Files()
        plan = RenderPlan(
            clip=spec.id,
            engine=self.engine,
            pipeline=spec.pipeline or chosen.pipeline,
            mode=spec.inputs.mode,
            prompt=prompt.positive,
            negative_prompt=prompt.negative,
            seed=spec.seed if spec.seed is not None else derived_seed(self.project.slug, spec.id),
            width=chosen.width,
            height=chosen.height,
            fps=chosen.fps,
            content_frames=pacing.frames.content_frames,
            render_frames=pacing.frames.render_frames,
            num_inference_steps=chosen.num_inference_steps,
            guidance_scale=chosen.guidance_scale,
            inputs=self._inputs(spec, chosen.fps, pacing.frames.content_frames, files),
            loras=self._loras(spec, files),
            drawing=draw(self.bible, spec, project=self.project.slug, title=self.metadata.title) if self.draws else None,
        )
        return ResolvedClip(
            plan=plan,
            clip_hash=plan.clip_hash(),
            pacing=pacing,
            files=files.by_sha256,
            looked_at=files.looked_at,
            warnings=(*prompt.warnings, *pacing.clamps),
        )

    def looked_at(self, spec: ClipSpec) -> dict[str, FileIdentity | None]:
        """Return the identity of every file that a clip's plan depends on, by path; None for one that is missing.

        As long as these, the clip's YAML and what all plans of the project share are as they were, ``resolve`` gives the same
        plan, or the same error.

        Raises:
            InvalidRequestError: If the spec names a bundle that does not exist.
            StorageError: If the disk refuses to say.
        """
        inputs = [*spec.inputs.images, *([spec.inputs.video] if spec.inputs.video else [])]
        # A name that cannot be one of a file stops the plan whatever is on disk.
        named = [self.project.root / one.file for one in inputs if one.file.isprintable()]
        loras = [path for _, path in self._lora_files(spec) if path is not None]
        return {str(path): file_identity(path) for path in (*named, *loras)}

    def _profile(self, spec: ClipSpec, override: str | None) -> RenderProfile:
        name = override or spec.profile or self.metadata.render.profile
        profiles = self.metadata.render.profiles
        if name not in profiles:
            raise InvalidRequestError(
                f"{spec.id}: render profile {name!r} is not in metadata.yaml{did_you_mean(name, profiles)}", clip=spec.id
            )
        return profiles[name]

    def _inputs(self, spec: ClipSpec, fps: int, content_frames: int, files: "_Files") -> tuple[PlanInput, ...]:
        def images(image: ImageInput) -> PlanInput:
            return PlanInput(
                role="image",
                sha256=files.add(self.project.resolve_input(image.file)),
                frame_index=frame_at(image.at_s, fps=fps, num_frames=content_frames),
                strength=image.strength,
            )

        planned = sorted(map(images, spec.inputs.images), key=lambda planned: planned.frame_index)
        if spec.inputs.video is not None:
            video = spec.inputs.video
            sha256 = files.add(self.project.resolve_input(video.file))
            planned.append(PlanInput(role="video", sha256=sha256, strength=video.strength))
        return tuple(planned)

    def _loras(self, spec: ClipSpec, files: "_Files") -> tuple[PlanLora, ...]:
        planned = []
        for lora, path in self._lora_files(spec):
            if path is None:
                path = Path(self.project.settings().require(str(lora.env_path)))
            if not path.is_file():
                source = f"setting {lora.env_path}" if lora.env_path else "prompts/loras.yaml"
                raise MissingInputError(f"{spec.id}: LoRA file {path} ({source}) is not there", clip=spec.id, path=str(path))
            planned.append(PlanLora(sha256=files.add(path), strength=lora.strength))
        return tuple(planned)

    def _lora_files(self, spec: ClipSpec) -> Iterator[tuple[Lora, Path | None]]:
        """Yield the LoRAs of a clip with their files; None where the setting that names the file is not set."""
        bundle = bundle_of(self.bible, spec, self.metadata.render.lora_bundle)
        for lora in bundle.loras if bundle is not None else ():
            path = Path(str(lora.path)) if lora.env_path is None else self.project.settings().path(lora.env_path)
            yield lora, path and self.project.root / path


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that a plan is made from."""

    by_sha256: dict[str, Path] = field(default_factory=dict)
    looked_at: dict[str, FileIdentity] = field(default_factory=dict)

    def add(self, path: Path) -> str:
        """Return the SHA-256 of a file that the plan names."""
        identity = file_identity(path)
        if identity is None:
            raise MissingInputError(f"{path} went away while it was looked at: put it back", path=str(path))
        sha256 = _hash_unchanged(str(path), identity)
        self.by_sha256[sha256] = path
        self.looked_at[str(path)] = identity
        return sha256


@functools.lru_cache(maxsize=4096)
def _hash_unchanged(path: str, _identity: FileIdentity) -> str:
    """Hash a file once per process as long as it is the same file: LoRAs have gigabytes."""
    return hash_file(Path(path))
