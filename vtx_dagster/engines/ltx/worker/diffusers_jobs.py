"""Renders clips with the LTX-2 pipelines of diffusers, with one model kept in memory from clip to clip.

Runs in the worker's process, in whatever interpreter has diffusers, torch, transformers, peft and PyAV: it imports those inside
functions, and of this package its siblings alone.

A request, as ``vtx_dagster.engines.ltx.diffusers_engine`` makes it::

    {"model": "/folder", "revision": "fingerprint of its files",
     "pipeline": "LTX2Pipeline" | "LTX2ImageToVideoPipeline" | "LTX2ConditionPipeline",
     "prompt": "...", "negative_prompt": "...", "seed": 7,
     "width": 768, "height": 512, "num_frames": 121, "fps": 24, "num_inference_steps": 30, "guidance_scale": 3.0,
     "conditions": [{"path": "/image.png", "index": 0, "strength": 1.0},
                    {"path": "/clip.mp4", "first": 104, "count": 17, "index": 0, "strength": 1.0}],
     "loras": [{"path": "/lora.safetensors", "strength": 0.8, "sha256": "..."}],
     "options": {"offload": "none" | "model" | "sequential", "tiling": "off" | "on"}}

``num_inference_steps``, ``guidance_scale``, ``conditions``, ``loras`` and ``options`` may be missing. ``index`` counts latent
frames: 0 is frame 0, and n is frame ``8 (n - 1) + 1``.
"""

import gc
import importlib
import inspect
import resource
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from vtx_dagster.engines.ltx.worker.jobs import FailureKind, JobError

Say = Callable[[str], None]
Request = Mapping[str, Any]

PIPELINES: Final = ("LTX2Pipeline", "LTX2ImageToVideoPipeline", "LTX2ConditionPipeline")
PACKAGES: Final = ("diffusers", "torch", "transformers", "peft", "accelerate")
MEMORY_WORDS: Final = ("out of memory", "can't allocate memory", "alloc_failed")
"""How torch, its CPU allocator and the CUDA libraries say that memory is short, in lower case."""

# As in the house's own clips, so that conforming keeps the picture: no B-frames, closed groups of pictures, and a thread count
# that does not follow the machine, because the result does.
X264_OPTIONS: Final = {"preset": "medium", "crf": "18", "bf": "0", "threads": "2", "flags": "+cgop"}
KEYFRAME_S: Final = 4
AUDIO_BITS_PER_S: Final = 192_000


class DiffusersJobs:
    """Jobs of one process, one after another, on the model that the last one left in memory."""

    def __init__(self) -> None:
        self._model: _Model | None = None

    def versions(self) -> dict[str, str]:
        """Return the versions of the packages that it uses, by name, without loading them."""
        found = {}
        for name in PACKAGES:
            with suppress(PackageNotFoundError):
                found[name] = version(name)
        return found

    def run(self, request: Request, output: str, say: Say) -> dict[str, Any]:
        """Render one clip to an MP4.

        Args:
            request: See the module.
            output: The file to write: H.264 yuv420p BT.709 and AAC stereo at the model's rate. It is gone after an error.
            say: Told in lines what happens; a step reads ``step 3/30``.

        Returns:
            ``model_loads``, ``peak_memory_bytes``, ``versions``, ``torch_device``, ``dtype``, ``sound_rate_hz`` and ``seconds``.

        Raises:
            JobError: If memory is short (``oom``), the output cannot be written (``storage``), or the model, a LoRA, an input or
                what came out of them is unusable (``error``). What nobody foresaw is an ``error`` too, printed with its
                traceback, and leaves no model in memory.
        """
        try:
            return self._run(request, Path(output), say)
        except JobError:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary of the process: the worker answers only with a JobError
            kind: FailureKind = "oom" if says_out_of_memory(error) else "error"
            reason = f"{type(error).__name__}: {error}"
            traceback.print_exc()
        # Outside the except clause, because its traceback holds on to the tensors; and so would a cause.
        self._forget()
        raise JobError(kind, reason)

    def _run(self, request: Request, output: Path, say: Say) -> dict[str, Any]:
        measure = _Measure()
        model, num_loads = self._loaded(request, say)
        pipeline = model.arranged(request, say)
        frames, sound = _generate(pipeline, request, say)
        rate_hz = int(pipeline.vocoder.config.output_sampling_rate)
        say("encoding")
        _write_mp4(output, frames, sound, fps=int(request["fps"]), rate_hz=rate_hz)
        return {
            "model_loads": num_loads,
            **measure.facts(),
            "versions": self.versions(),
            "dtype": str(pipeline.transformer.dtype).removeprefix("torch."),
            "sound_rate_hz": rate_hz,
        }

    def _loaded(self, request: Request, say: Say) -> "tuple[_Model, int]":
        """Return the model that is asked for and how many were loaded for that: none if it is there."""
        key = (str(request["model"]), str(request["revision"]))
        if self._model is not None and self._model.key == key:
            return self._model, 0
        self._forget()
        say(f"loading {key[0]}")
        self._model = _Model(key)
        return self._model, 1

    def _forget(self) -> None:
        self._model = None
        gc.collect()
        torch = sys.modules.get("torch")  # which may be what could not be imported
        if torch is not None:
            torch.cuda.empty_cache()


class _Model:
    """The components of a model, arranged as the pipeline that the present clip needs."""

    def __init__(self, key: tuple[str, str]) -> None:
        import diffusers  # pyright: ignore[reportMissingImports] - in the worker's interpreter
        import torch  # pyright: ignore[reportMissingImports] - in the worker's interpreter

        self.key = key
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if self._device == "cuda" else torch.float32
        try:
            self._pipeline = diffusers.LTX2Pipeline.from_pretrained(key[0], dtype=dtype, local_files_only=True)
        except (OSError, ValueError, TypeError) as error:
            raise JobError("error", f"{key[0]} is no LTX-2 model in the layout of diffusers: {error}") from error
        self._arrangement: tuple[object, ...] | None = None

    def arranged(self, request: Request, say: Say) -> Any:
        """Return the pipeline that a request names, with its LoRAs, placed as it says."""
        loras = [(str(lora["sha256"]), float(lora["strength"]), str(lora["path"])) for lora in request.get("loras", ())]
        options = request.get("options", {})
        name, offload = str(request["pipeline"]), str(options.get("offload", "none"))
        arrangement = (name, offload, tuple((sha256, strength) for sha256, strength, _ in loras))
        if arrangement != self._arrangement:
            # Not valid until the end: after an error on the way, the next clip arranges everything anew.
            self._arrangement = None
            self._pipeline.remove_all_hooks()
            self._pipeline = self._as(name)
            self._apply(loras, say)
            self._place(offload)
            self._arrangement = arrangement
        if options.get("tiling", "off") == "on":
            self._pipeline.vae.enable_tiling()
        else:
            self._pipeline.vae.disable_tiling()
        return self._pipeline

    def _as(self, name: str) -> Any:
        if name not in PIPELINES:
            raise JobError("error", f"{name} is not among {', '.join(PIPELINES)}")
        kind = getattr(importlib.import_module("diffusers"), name)
        # Not from_pipe(), which casts all components to float32 unless told otherwise.
        shared, wanted = self._pipeline.components, inspect.signature(kind.__init__).parameters
        pipeline = kind(**{part: shared[part] for part in wanted if part in shared})
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _apply(self, loras: list[tuple[str, float, str]], say: Say) -> None:
        self._pipeline.unload_lora_weights()
        for index, (_, strength, path) in enumerate(loras):
            name = f"lora{index}"
            say(f"loading {path} at {strength:g}")
            try:
                self._pipeline.load_lora_weights(path, adapter_name=name)
            except (OSError, ValueError, KeyError, RuntimeError) as error:
                if says_out_of_memory(error):
                    raise
                raise JobError("error", f"{path} cannot be applied to {self.key[0]}: {error}") from error
            if not any(name in adapters for adapters in self._pipeline.get_list_adapters().values()):
                raise JobError("error", f"{path} fits no layer of {self.key[0]}: it is a LoRA of another model")
        if loras:
            self._pipeline.set_adapters([f"lora{index}" for index in range(len(loras))], [strength for _, strength, _ in loras])

    def _place(self, offload: str) -> None:
        if offload == "none":
            self._pipeline.to(self._device)
        elif offload == "model":
            self._pipeline.enable_model_cpu_offload(device=self._device)
        elif offload == "sequential":
            self._pipeline.enable_sequential_cpu_offload(device=self._device)
        else:
            raise JobError("error", f"offload is {offload!r}, and not none, model or sequential")


def _generate(pipeline: Any, request: Request, say: Say) -> tuple[Any, Any]:
    """Return ``[frames, height, width, 3]`` uint8 and ``[2, samples]`` float32 between -1 and 1."""
    import numpy as np
    import torch  # pyright: ignore[reportMissingImports] - in the worker's interpreter

    def after_step(_pipeline: Any, index: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        say(f"step {index + 1}/{pipeline.num_timesteps}")
        if index + 1 == pipeline.num_timesteps:
            say("decoding")
        return tensors

    say("encoding the prompt")
    result = pipeline(
        **_conditioning(request),
        **{name: request[name] for name in ("num_inference_steps", "guidance_scale") if request.get(name) is not None},
        prompt=request["prompt"],
        negative_prompt=request["negative_prompt"],
        width=request["width"],
        height=request["height"],
        num_frames=request["num_frames"],
        frame_rate=float(request["fps"]),
        # On the CPU, so that a seed gives the same noise on every device.
        generator=torch.Generator("cpu").manual_seed(int(request["seed"])),
        output_type="np",
        callback_on_step_end=after_step,
    )
    frames, sound = result.frames[0], result.audio[0].float().cpu().numpy()
    wanted = (request["num_frames"], request["height"], request["width"], 3)
    if frames.shape != wanted:
        raise JobError("error", f"the pipeline made a video of shape {list(frames.shape)} where {list(wanted)} was due")
    if not np.isfinite(frames).all() or not np.isfinite(sound).all():
        raise JobError(
            "error",
            f"the model made numbers that are none (NaN) in {pipeline.transformer.dtype}: "
            "its files are damaged, or a LoRA is of another model or too strong",
        )
    sound = np.broadcast_to(sound, (2, sound.shape[-1])) if sound.shape[0] == 1 else sound[:2]
    return (frames * 255.0).round().astype(np.uint8), np.ascontiguousarray(sound.clip(-1.0, 1.0), dtype=np.float32)


def _conditioning(request: Request) -> dict[str, Any]:
    """Return what the pipeline's call takes besides what all take."""
    conditions = request.get("conditions", ())
    size = (int(request["width"]), int(request["height"]))
    if request["pipeline"] == "LTX2Pipeline":
        return {}
    if request["pipeline"] == "LTX2ImageToVideoPipeline":
        return {"image": _pictures(conditions[0], size)[0]}
    from diffusers.pipelines.ltx2.pipeline_ltx2_condition import (  # pyright: ignore[reportMissingImports] - likewise
        LTX2VideoCondition,
    )

    return {
        "conditions": [
            LTX2VideoCondition(frames=_pictures(given, size), index=int(given["index"]), strength=float(given["strength"]))
            for given in conditions
        ]
    }


def _pictures(condition: Mapping[str, Any], size: tuple[int, int]) -> list[Any]:
    """Return the pictures of a condition, cut to the size from the middle: the pipelines do not agree on what they do."""
    from PIL import Image, ImageOps

    if "first" not in condition:
        with Image.open(condition["path"]) as image:
            return [ImageOps.fit(ImageOps.exif_transpose(image).convert("RGB"), size, Image.Resampling.LANCZOS)]
    pictures = _frames_of(condition["path"], first=int(condition["first"]), count=int(condition["count"]))
    return [ImageOps.fit(picture, size, Image.Resampling.LANCZOS) for picture in pictures]


def _frames_of(path: str, *, first: int, count: int) -> list[Any]:
    import av

    pictures = []
    with av.open(path) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index >= first:
                pictures.append(frame.to_image())
            if len(pictures) == count:
                return pictures
    raise JobError("error", f"{path} has no {count} frames from frame {first} on")


def _write_mp4(output: Path, frames: Any, sound: Any, *, fps: int, rate_hz: int) -> None:
    try:
        _encode(output, frames, sound, fps=fps, rate_hz=rate_hz)
    except BaseException as error:
        output.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise JobError("storage", f"{output} cannot be written: {error}") from error
        raise


def _encode(output: Path, frames: Any, sound: Any, *, fps: int, rate_hz: int) -> None:
    import av
    from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

    with av.open(str(output), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=fps, options=X264_OPTIONS | {"g": str(KEYFRAME_S * fps)})
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, fps)
        context = video.codec_context
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        audio = container.add_stream("aac", rate=rate_hz, layout="stereo")
        audio.bit_rate = AUDIO_BITS_PER_S
        packets = []
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p",
                src_colorspace=Colorspace.ITU709,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
            )
            frame.pts, frame.time_base = index, Fraction(1, fps)
            packets += video.encode(frame)
        packets += video.encode(None)
        waveform = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        waveform.sample_rate, waveform.pts, waveform.time_base = rate_hz, 0, Fraction(1, rate_hz)
        packets += [*audio.encode(waveform), *audio.encode(None)]
        for packet in sorted(packets, key=_time):
            container.mux(packet)


def _time(packet: Any) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(0))


def says_out_of_memory(error: Exception) -> bool:
    """Say whether an error is of too little memory, of the GPU or of the machine."""
    # torch.OutOfMemoryError says so as well; the CUDA libraries raise a plain RuntimeError.
    text = str(error).lower()
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(words in text for words in MEMORY_WORDS))


class _Measure:
    """What a job takes, from when this is made."""

    def __init__(self) -> None:
        import torch  # pyright: ignore[reportMissingImports] - in the worker's interpreter

        self._started = time.monotonic()
        self._cuda = torch.cuda if torch.cuda.is_available() else None
        if self._cuda is not None:
            self._cuda.reset_peak_memory_stats()

    def facts(self) -> dict[str, Any]:
        """Return seconds, the device and the most memory in use on it; without a GPU, of this process since it began."""
        if self._cuda is not None:
            device, peak = self._cuda.get_device_name(), self._cuda.max_memory_allocated()
        else:
            device, peak = "cpu", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return {"torch_device": device, "peak_memory_bytes": peak, "seconds": round(time.monotonic() - self._started, 4)}
