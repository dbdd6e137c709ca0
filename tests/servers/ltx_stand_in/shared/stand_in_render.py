"""Draws in place of LTX: decodes every input, writes a real MP4 as the real one does, and fails on demand.

What to do is said by words in the prompt, or in the variable ``LTX_STAND_IN``:

- ``do-sleep-0.5`` before drawing, ``do-load-0.5`` at each load of weights, ``do-hang``
- ``do-crash`` (SIGSEGV), ``do-kill`` (SIGKILL); with ``LTX_STAND_IN_ONCE``, a folder, once for each prompt
- ``do-fail`` with a traceback, ``do-exit-3`` with that code
- ``do-garbage`` in place of a file, ``do-nothing``, ``do-black``, ``do-mute``
- ``do-oom`` always, ``do-oom-cpu`` unless offloaded to the CPU or the disk, ``do-oom-disk``, ``do-oom-256`` above that width,
  ``do-oom-segments`` without expandable segments
"""

import hashlib
import logging
import os
import re
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

AUDIO_RATE_HZ = 24_000
logger = logging.getLogger("ltx_pipelines")


def words_of(prompt):
    """Return what to do, as ``{"sleep": "0.5"}``."""
    text = f"{prompt} {os.environ.get('LTX_STAND_IN', '')}"
    return dict(re.findall(r"\bdo-([a-z]+)(?:-([a-z]+|[0-9]+(?:\.[0-9]+)?))?", text))


def load(path):
    logging.basicConfig(level=logging.INFO)
    logger.info("Building transformer (standard) from %s", path)
    time.sleep(float(words_of("").get("load", 0)))
    if Path(path).is_dir():
        return sorted(file.name for file in Path(path).iterdir())
    return Path(path).read_bytes()[:64]


def draw(args, *, loras, offload):
    """Return ``(frames, sound, rate)``: uint8 RGB pictures, float32 ``[2, samples]``."""
    logging.basicConfig(level=logging.INFO)
    words = words_of(args.prompt)
    logger.info("Building text encoder from somewhere")
    logger.info("Prompt encoding complete")
    for lora in loras:
        Path(lora[0]).read_bytes()
    _misbehave(words, args, offload)
    if hasattr(args, "video_path"):
        frames, sound, rate = _retaken(args)
    else:
        frames, sound, rate = _pictures(args), _sound(args), AUDIO_RATE_HZ
    if "black" in words:
        frames = [np.zeros_like(frame) for frame in frames]
    return frames, None if "mute" in words else sound, rate


def encode(drawn, args):
    frames, sound, rate = drawn
    words = words_of(args.prompt)
    output = Path(args.output_path)
    if "nothing" in words:
        return
    if "garbage" in words:
        output.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(5000))
        return
    fps = int(getattr(args, "frame_rate", None) or 24)
    if hasattr(args, "video_path"):
        fps = int(_facts(args.video_path)[2])
    with av.open(str(output), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"crf": "19", "preset": "veryfast"})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="stereo") if sound is not None else None
        for picture in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound, dtype=np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    logger.info("Video saved to %s", output)


def _misbehave(words, args, offload):
    if _is_due(words, args.prompt, "kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if _is_due(words, args.prompt, "crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hang" in words:
        time.sleep(3600)
    if "fail" in words:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied (1024x3840 and 4096x32)")
    if "exit" in words:
        sys.exit(int(words["exit"] or 1))
    if "oom" in words and _is_too_large(words["oom"], args, offload):
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 23.69 GiB")
    time.sleep(float(words.get("sleep", 0)))


class OutOfMemoryError(RuntimeError):
    """As torch's."""


def _is_due(words, prompt, word):
    folder = os.environ.get("LTX_STAND_IN_ONCE")
    if word not in words or not folder:
        return word in words
    mark = Path(folder, hashlib.sha256(prompt.encode()).hexdigest())
    if mark.exists():
        return False
    mark.touch()
    return True


def _is_too_large(limit, args, offload):
    if limit.isdigit():
        return args.width > int(limit)
    if limit == "segments":
        return "expandable_segments:True" not in os.environ.get("PYTORCH_CUDA_ALLOC_CONF", "")
    enough = {"cpu": ("cpu", "disk"), "disk": ("disk",)}.get(limit, ())
    return offload not in enough


def _pictures(args):
    width, height = args.width, args.height
    num_frames = (args.num_frames - 1) // 8 * 8 + 1  # without a word, as the real one
    logger.info("Running denoising loop (8 steps, %dx%d %d frames @ %s fps)", width, height, num_frames, args.frame_rate)
    for step in range(9):
        sys.stderr.write(f"\r{step * 100 // 8:3d}%|{'#' * step:8}| {step}/8 [00:00<00:00, 90.00it/s]")
    sys.stderr.write("\n")
    logger.info("Building video decoder from somewhere")
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack([(columns + args.seed) % 256, (rows * 2) % 256, (rows + columns) % 256], axis=-1).astype(np.uint8)
    frames = [np.roll(base, 3 * index, axis=1) for index in range(num_frames)]
    for path, index, strength, *_ in args.images or ():
        frames[int(index)] = _blend(frames[int(index)], _fitted(Image.open(path).convert("RGB"), width, height), strength)
    for path, strength in getattr(args, "video_conditioning", None) or ():
        for index, picture in enumerate(_decoded(path)[:num_frames]):
            frames[index] = _blend(frames[index], _fitted(Image.fromarray(picture), width, height), strength)
    for path, _ in getattr(args, "conditioning_attention_mask", None) or ():
        _decoded(path)
    return frames


def _sound(args):
    num_samples = round(((args.num_frames - 1) // 8 * 8 + 1) / int(args.frame_rate) * AUDIO_RATE_HZ)
    if getattr(args, "audio_path", None):
        return _heard(args.audio_path, args.audio_start_time or 0.0, num_samples)
    tone = np.sin(np.arange(num_samples) * 2 * np.pi * (220 + args.seed % 220) / AUDIO_RATE_HZ) * 0.2
    return np.stack([tone, tone])


def _heard(path, start_s, num_samples):
    with av.open(path) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=AUDIO_RATE_HZ)
        parts = [part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(parts, axis=1)[:, round(start_s * AUDIO_RATE_HZ) :][:, :num_samples]
    return np.pad(sound, ((0, 0), (0, num_samples - sound.shape[1])))


def _retaken(args):
    if args.start_time >= args.end_time:
        raise ValueError("start_time must be less than end_time")
    width, height, fps, num_frames = _facts(args.video_path)
    if (num_frames - 1) % 8:
        raise ValueError(f"Video frame count must satisfy 8k+1 (e.g. 97, 193). Got {num_frames}")
    if width % 32 or height % 32:
        raise ValueError(f"Video width and height must be multiples of 32. Got {width}x{height}.")
    frames = _decoded(args.video_path)
    for index in range(round(args.start_time * fps), min(round(args.end_time * fps), num_frames)):
        frames[index] = 255 - frames[index]
    return frames, _heard(args.video_path, 0.0, round(num_frames / fps * AUDIO_RATE_HZ)), AUDIO_RATE_HZ


def _facts(path):
    with av.open(path) as container:
        video = container.streams.video[0]
        return video.width, video.height, video.average_rate, sum(1 for _ in container.decode(video))


def _decoded(path):
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def _fitted(image, width, height):
    scale = max(width / image.width, height / image.height)
    larger = image.resize((max(width, round(image.width * scale)), max(height, round(image.height * scale))))
    left, top = (larger.width - width) // 2, (larger.height - height) // 2
    return np.asarray(larger.crop((left, top, left + width, top + height)))


def _blend(one, other, strength):
    return np.clip(one * (1 - strength) + other * strength, 0, 255).astype(np.uint8)
