"""From a clip spec to a render plan: everything that decides the clip's pixels, looked up and hashed."""

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vtx_dagster.core.bible import Bible, Lora
from vtx_dagster.core.capsules import with_visual_capsules
from vtx_dagster.core.clip import ClipInputs, ClipSpec, ImageInput
from vtx_dagster.core.continuity import bundle_of, compile_prompt, derived_seed, draw
from vtx_dagster.core.engines import RenderEngine
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError, VtxError
from vtx_dagster.core.film_order import FilmOrder
from vtx_dagster.core.frames import MAX_FRAMES, frame_at
from vtx_dagster.core.lineup import Shown
from vtx_dagster.core.metadata import Metadata, RenderProfile
from vtx_dagster.core.pacing import Pacing, pace
from vtx_dagster.core.plan import PlanInput, PlanLora, PlanPrevious, RenderPlan
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.studio.files import FileIdentity, file_identity, hash_file
from vtx_dagster.studio.library import load_visual_capsules
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore

SETTLED_NS = 2_000_000_000
"""A folder that changed less than two seconds ago may change again without its times showing it."""

EngineFor = Callable[[Project, str], RenderEngine]
"""Returns the engine of that name for a project; of an empty name the one that the project's settings name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedClip:
    """A clip, ready to render.

    Attributes:
        files: Path of every input and LoRA by the SHA-256 that the plan names; of files with equal content the last one.
        looked_at: Identity of every input and LoRA file, by path, from before it was hashed.
        engine: What renders it.
        profile: The render profile that was asked for in place of the clip's own; empty for none.
        pacing: How its length was found.
        older: The engine and its version that rendered what the clip asks for, where that is another one than today's; its plan
            is then this one. Empty for most.
        warnings: What the author should know, and what did not stop the plan.
    """

    plan: RenderPlan
    clip_hash: str
    pacing: Pacing
    engine: RenderEngine
    profile: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    looked_at: Mapping[str, FileIdentity] = field(default_factory=dict)
    older: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Chains:
    """Clips from whose ends others go on, with what they were found in.

    Attributes:
        specs: Identity of the file and what it says, by clip.
        resolved: What decides the plan, apart from what all plans share, and the plan; by clip and profile.
        listed: Identities of the folder of clip specs, the outline and the shotlist when the order was looked up; None as long as
            one of them may change unseen.
        order: The order of the film, as it was then.
    """

    specs: dict[str, tuple[FileIdentity | None, ClipSpec]] = field(default_factory=dict)
    resolved: dict[tuple[str, str | None], tuple[object, ResolvedClip]] = field(default_factory=dict)
    listed: tuple[FileIdentity | None, ...] | None = None
    order: FilmOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """Makes the render plans of one project. Reads the bible, metadata, style capsules and settings once.

    Attributes:
        bible: The bible of the project, the look of its visual capsules included.
        engines: The project's engines by name, as far as they were needed.
        chains: What was found of the clips from whose ends others go on.
    """

    project: Project
    bible: Bible
    metadata: Metadata
    max_frames: int
    max_prompt_chars: int | None
    engine_for: EngineFor = field(compare=False)
    engines: dict[str, RenderEngine] = field(default_factory=dict, compare=False)
    chains: _Chains = field(default_factory=_Chains, compare=False, repr=False)

    @classmethod
    def of(cls, project: Project, *, engine_for: EngineFor) -> "Resolver":
        """Return the resolver of a project as its files are now.

        Raises:
            InvalidFileError: If a bible file, ``metadata.yaml``, a visual capsule or a setting does not hold what it should.
            NotFoundError: If there is no visual capsule of a name that ``metadata.yaml`` chose.
            MissingInputError: If a picture of a visual capsule is not there.
            VtxError: If the project's engine cannot be had. An engine that only a render profile names is made when it is needed.
        """
        settings, metadata = project.settings(), project.metadata()
        name = metadata.render.engine or ""
        return cls(
            project=project,
            engine_for=engine_for,
            engines={name: engine_for(project, name)},
            bible=with_visual_capsules(project.bible(), load_visual_capsules(project.studio, metadata)),
            metadata=metadata,
            max_frames=settings.integer("LTX_MAX_FRAMES", default=MAX_FRAMES, minimum=9),
            max_prompt_chars=settings.integer("VTX_PROMPT_MAX_CHARS", default=2000, minimum=1),
        )

    def engine(self, name: str = "") -> RenderEngine:
        """Return the engine that a render profile names, or without a name the project's.

        Raises:
            VtxError: If it cannot be had.
        """
        chosen = name or self.metadata.render.engine or ""
        if chosen not in self.engines:
            self.engines[chosen] = self.engine_for(self.project, chosen)
        return self.engines[chosen]

    def resolve_clip(self, clip: str, *, profile: str | None = None, renew: bool = False) -> ResolvedClip:
        """Return the plan of a clip as its file is now, and for that the plans of the clips from whose ends it goes on.

        The latter are kept until a file of theirs changes, so that resolving a long chain clip by clip stays cheap.

        Args:
            clip: The clip's id.
            profile: A render profile instead of the ones that the clips or the project name.
            renew: As for ``resolve``.

        Raises:
            NotFoundError: If there is no such clip.
            InvalidFileError: If its file is not valid.
            VtxError: As ``resolve``. Of a clip before it, the message says which one it is.
        """
        *links, spec = self._chain(self.project.clip_spec(clip))
        previous: ResolvedClip | None = None
        keys: dict[str, str] = {}
        for link in links:
            try:
                previous = self._resolve_link(link, profile, previous, keys)
            except VtxError as error:
                raise blocked_by(clip, links[-1].id, root=link.id, reason=error.message) from error
        return self.resolve(spec, profile=profile, previous=previous and previous.plan, renew=renew)

    def order(self) -> FilmOrder:
        """Return the order of the film. There may be 90,000 clips, so it is looked up only when one of its files changed."""
        project, known = self.project, self.chains
        found = tuple(file_identity(path) for path in (project.clips_dir, project.outline_path, project.shotlist_path))
        if known.order is None or found != known.listed:
            known.order = project.film()
            settled = time.time_ns() - SETTLED_NS
            known.listed = found if all(one is None or one[1] < settled for one in found) else None
        return known.order

    def predecessor(self, spec: ClipSpec, *, order: FilmOrder) -> str:
        """Return the clip from whose end a clip goes on; empty for one that does not.

        Args:
            spec: The clip.
            order: The order of the film.

        Raises:
            InvalidRequestError: If there is none before it, or the one that it names is not.
        """
        wanted = spec.inputs.from_previous
        if wanted is None:
            return ""
        if wanted.clip is not None and not order.may_follow(spec.id, wanted.clip):
            message = f"{spec.id}: inputs.from_previous.clip {wanted.clip} is no earlier clip: name one, or leave it out"
            raise InvalidRequestError(message, clip=spec.id)
        before = wanted.clip or order.before(spec.id)
        if not before:
            message = f"{spec.id} is the first clip, so there is none to continue from: remove inputs.from_previous"
            raise InvalidRequestError(message, clip=spec.id)
        return before

    def resolve(
        self, spec: ClipSpec, *, profile: str | None = None, previous: Shown | None = None, renew: bool = False
    ) -> ResolvedClip:
        """Return the plan of a clip: that of a take in which another version of the engine rendered the same, if there is one.

        Args:
            spec: The clip.
            profile: A render profile instead of the one that the clip or the project names.
            previous: The present plan of the clip from whose end it goes on; needed if it does.
            renew: Return the plan of today's version of the engine all the same.

        Raises:
            InvalidRequestError: If the spec names a profile or bundle that does not exist, a moment outside the clip, a previous
                clip that it does not fit, or something that the engine cannot render.
            MissingInputError: If an input, LoRA or model file is not there.
            MissingSettingError: If a LoRA or model is to come from a setting that is not set.
            VtxError: If the engine that the profile names cannot be had.
        """
        options = self.metadata.render
        chosen = self._profile(spec, profile)
        engine = self.engine(chosen.engine or "")
        link = _link(spec, chosen, previous)
        echo_frames = link.frames if link is not None else 0
        pacing = pace(
            spec,
            min_s=options.min_clip_s,
            max_s=options.max_clip_s,
            fps=chosen.fps,
            max_frames=self.max_frames,
            echo_frames=echo_frames,
        )
        prompt = compile_prompt(self.bible, spec, max_chars=self.max_prompt_chars)
        files = _Files()
        draft = RenderPlan(
            clip=spec.id,
            engine=engine.identity,
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
            inputs=self._inputs(
                spec.inputs,
                files,
                moment=lambda image: echo_frames + _moment(spec, image, fps=chosen.fps, num_frames=pacing.frames.content_frames),
            ),
            loras=self._loras(spec, files),
            previous=link,
            retake=spec.inputs.retake,
            drawing=draw(self.bible, spec, project=self.project.slug, title=self.metadata.title) if engine.draws else None,
        )
        plan = engine.accept(draft, files.by_sha256)
        older = None if renew else self._rendered_before(plan)
        plan = older or plan
        return ResolvedClip(
            plan=plan,
            clip_hash=plan.clip_hash(),
            pacing=pacing,
            engine=engine,
            profile=profile or "",
            files=files.by_sha256,
            looked_at=files.looked_at,
            older=f"{older.engine.name} {older.engine.version}" if older else "",
            warnings=(*prompt.warnings, *pacing.clamps),
        )

    def _rendered_before(self, plan: RenderPlan) -> RenderPlan | None:
        store = TakeStore(self.project)
        return None if store.find(plan.clip, plan.clip_hash()) else store.of_another_version(plan)

    def looked_at(self, spec: ClipSpec) -> dict[str, FileIdentity | None]:
        """Return the identity of every file that a clip's plan depends on, by path; None for one that is missing.

        As long as these, the clip's YAML, the plan of the clip that it continues and what all plans of the project share are as
        they were, ``resolve`` gives the same plan, or the same error.

        Raises:
            InvalidRequestError: If the spec names a bundle that does not exist.
            StorageError: If the disk refuses to say.
        """
        # A name that cannot be one of a file stops the plan whatever is on disk.
        named = [self.project.input_path(name) for name in _named_files(spec) if name.isprintable()]
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

    def _chain(self, spec: ClipSpec) -> list[ClipSpec]:
        """Return the clips from whose ends a clip goes on, the first one first, and the clip itself at last."""
        chain = [spec]
        while chain[-1].inputs.from_previous is not None:
            at = chain[-1].id
            try:
                at = self.predecessor(chain[-1], order=self.order())
                chain.append(self._spec_of_link(at))
            except VtxError as error:
                if at == spec.id:
                    raise
                raise blocked_by(spec.id, chain[1].id if len(chain) > 1 else at, root=at, reason=error.message) from error
        return chain[::-1]

    def _spec_of_link(self, clip: str) -> ClipSpec:
        """Return what the file of a clip says from which another goes on; the same object as long as the file is the same."""
        identity = file_identity(self.project.clip_spec_path(clip))
        known = self.chains.specs.get(clip)
        if known is None or known[0] != identity:
            known = self.chains.specs[clip] = (identity, self.project.clip_spec(clip))
        return known[1]

    def _resolve_link(
        self, spec: ClipSpec, profile: str | None, previous: ResolvedClip | None, keys: dict[str, str]
    ) -> ResolvedClip:
        """Resolve a clip from which another goes on, unless it was and everything that decides its plan is as it was then.

        Args:
            spec: The clip.
            profile: A render profile instead of its own.
            previous: The clip that it continues.
            keys: Keys of the engines that were met in the chain so far, by name: asking for one looks at the model files.
        """
        name = self._profile(spec, profile).engine or ""
        if name not in keys:
            keys[name] = self.engine(name).key
        basis = (spec, self.looked_at(spec), previous and previous.clip_hash, keys[name])
        known = self.chains.resolved.get((spec.id, profile))
        if known is None or known[0] != basis:
            resolved = self.resolve(spec, profile=profile, previous=previous and previous.plan)
            known = self.chains.resolved[spec.id, profile] = (basis, resolved)
        return known[1]

    def _inputs(self, given: ClipInputs, files: "_Files", *, moment: Callable[[ImageInput], int]) -> tuple[PlanInput, ...]:
        def added(name: str) -> str:
            return files.add(self.project.resolve_input(name))

        images = [
            PlanInput(role="image", sha256=added(image.file), frame_index=moment(image), strength=image.strength)
            for image in given.images
        ]
        planned = sorted(images, key=lambda image: image.frame_index)
        for role, one in (("video", given.video), ("mask", given.mask)):
            if one is not None:
                planned.append(PlanInput(role=role, sha256=added(one.file), strength=one.strength))
        if given.audio is not None:
            planned.append(PlanInput(role="audio", sha256=added(given.audio.file), start_s=given.audio.start_s))
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


def blocked_by(clip: str, previous: str, *, root: str, reason: str) -> InvalidRequestError:
    """Return why a clip cannot be planned that goes on from the end of another.

    Args:
        clip: The clip.
        previous: The clip that it continues.
        root: The clip of the chain that cannot be planned itself.
        reason: Why that one cannot.
    """
    back = "" if previous == root else f", which goes back to {root}"
    return InvalidRequestError(
        f"{clip} continues {previous}{back}, which cannot be planned: {reason}", clip=clip, blocked_by=root
    )


def _link(spec: ClipSpec, chosen: RenderProfile, previous: Shown | None) -> PlanPrevious | None:
    """Return the end of a clip from which another goes on, or None; checks that the two fit."""
    wanted = spec.inputs.from_previous
    if wanted is None:
        return None
    if previous is None:
        raise InvalidRequestError(f"{spec.id}: the plan of the clip that it continues is needed first", clip=spec.id)
    here = (chosen.width, chosen.height, chosen.fps)
    there = (previous.width, previous.height, previous.fps)
    if here != there:
        formats = [f"{width}x{height} at {fps} fps" for width, height, fps in (there, here)]
        message = f"{spec.id} cannot continue {previous.clip}: that is {formats[0]} and this {formats[1]}; use one render profile"
        raise InvalidRequestError(message, clip=spec.id, previous=previous.clip)
    if wanted.frames > previous.content_frames:
        message = (
            f"{spec.id} cannot continue the last {wanted.frames} frames of {previous.clip}, which has {previous.content_frames}: "
            "lower inputs.from_previous.frames, or make that clip longer"
        )
        raise InvalidRequestError(message, clip=spec.id, previous=previous.clip)
    return PlanPrevious(
        clip=previous.clip,
        clip_hash=previous.clip_hash(),
        end_frame=previous.content_frames,
        frames=wanted.frames,
        strength=wanted.strength,
    )


def _moment(spec: ClipSpec, image: ImageInput, *, fps: int, num_frames: int) -> int:
    """Return the frame of a clip that an image steers."""
    if image.frame is None:
        return frame_at(image.at_s, fps=fps, num_frames=num_frames)
    if image.frame >= num_frames:
        message = f"{spec.id}: {image.file} is for frame {image.frame}, and the clip has frames 0 to {num_frames - 1}"
        raise InvalidRequestError(message, clip=spec.id, frame=image.frame, num_frames=num_frames)
    return image.frame


def _named_files(spec: ClipSpec) -> Iterator[str]:
    given = spec.inputs
    for one in (*given.images, given.video, given.mask, given.audio):
        if one is not None:
            yield one.file


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
