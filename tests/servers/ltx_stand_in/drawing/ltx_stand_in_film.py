"""What the stand-ins render: inputs are decoded for real, and a real MP4 with sound is written the way LTX writes it.

Words in the prompt make things go wrong: ``%oom%`` (``%oom:3%``: the first three times, counted in a file), ``%oom-unless:cpu%``,
``%oom-if-kept%``: where weights stay,
``%die%``, ``%die-once%``, ``%die-loading%``, ``%hang%``, ``%sleep:0.5%``, ``%garbage%``, ``%nothing%``, ``%exit:3%``,
``%refuse%``, ``%short%``, ``%slow-rate%``, ``%mute%``, ``%tell:NAME%`` prints an environment variable.
"""

import logging
import math
import os
import re
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SOUND_HZ = 24_000
OUT_OF_MEMORY = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has 10.00 GiB"

logger = logging.getLogger(__name__)


class OutOfMemoryError(RuntimeError):
    pass


def words(prompt):
    return dict((*word.split(":", 1), "")[:2] for word in re.findall(r"%([a-z-]+(?::[^%]*)?)%", prompt))


def misbehave_loading(prompt):
    if "die-loading" in words(prompt):
        os.kill(os.getpid(), signal.SIGKILL)


def misbehave(prompt, *, output, offload, keeps_weights=False):
    told = words(prompt)
    if "tell" in told:
        sys.stderr.write(f"{told['tell']}={os.environ.get(told['tell'])}\n")
    if "sleep" in told:
        time.sleep(float(told["sleep"]))
    if "hang" in told:
        time.sleep(600)
    if "die" in told or ("die-once" in told and not seen(output, "died")):
        os.kill(os.getpid(), signal.SIGKILL)
    short = told.get("oom")
    if short is not None and (not short or count(output, "oom") <= int(short)):
        raise OutOfMemoryError(OUT_OF_MEMORY)
    if "oom-unless" in told and told["oom-unless"] != offload:
        raise OutOfMemoryError(OUT_OF_MEMORY)
    if "oom-if-kept" in told and keeps_weights:
        raise OutOfMemoryError(OUT_OF_MEMORY)
    if "exit" in told:
        sys.exit(int(told["exit"]))
    if "refuse" in told:
        raise ValueError("the prompt cannot be rendered")
    if "garbage" in told:
        Path(output).write_bytes(b"<html>503 Service Unavailable</html>" * 40)
        return False
    return "nothing" not in told


def count(output, name):
    path = Path(output).with_name(f"{name}.count")
    path.write_text(str(number := int(path.read_text() or 0) + 1 if path.exists() else 1))
    return number


def seen(output, name):
    return count(output, name) > 1


def decode_picture(path):
    with av.open(path) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def decode_video(path):
    with av.open(path) as container:
        rate = container.streams.video[0].average_rate
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], rate


def decode_sound(path, start_s, length_s):
    """Return [channels, samples] as they are in the file, and their rate."""
    with av.open(path) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp")
        parts = [part.to_ndarray() for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate(parts, axis=1)[:, round(start_s * rate) :]
    return sound[:, : round(length_s * rate)], rate


def audio_latents(sound, rate):
    """Return how many latent frames the audio encoder makes of a sound; it is built for two channels."""
    if len(sound) != 2:
        raise RuntimeError(f"expected input[1, {len(sound)}, 207, 64] to have 2 channels, but got {len(sound)} channels instead")
    mel_frames = math.ceil(sound.shape[1] * 16_000 / rate) // 160 + 1
    return -(-mel_frames // 4)


def check_mask(num_frames, latent_frames):
    assert latent_frames < 2 or (num_frames - 1) % (latent_frames - 1) == 0, (
        f"Pixel frames ({num_frames}) not compatible with latent frames ({latent_frames})"
    )


def has_sound(path):
    with av.open(path) as container:
        return bool(container.streams.audio)


def fitted(picture, width, height):
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return frame.reformat(width=width, height=height, format="rgb24").to_ndarray()


def background(index, seed, width, height):
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns * 2 + index * 5, rows * 2 + seed % 97, columns + rows + index * 3], axis=-1).astype(np.uint8)


def draw(*, width, height, num_frames, seed, images=(), guides=()):
    """Yield pictures: a pattern that wanders, in which conditioning images show at their frames."""
    stills = {frame_idx: (fitted(decode_picture(path), width, height), strength) for path, frame_idx, strength in images}
    for index in range(num_frames):
        picture = background(index, seed, width, height).astype(np.float32)
        for guide, strength in guides:
            picture += (fitted(guide[min(index, len(guide) - 1)], width, height) - picture) * strength * 0.5
        if index in stills:
            still, strength = stills[index]
            picture += (still - picture) * strength
        yield picture.clip(0, 255).astype(np.uint8)


def tone(num_samples, seed):
    wave = 0.2 * np.sin(2 * np.pi * (220 + seed % 200) * np.arange(num_samples) / SOUND_HZ)
    return np.stack([wave, wave]).astype(np.float32)


def bar(done, total):
    sys.stderr.write(f"\r{100 * done // total}%|####| {done}/{total} [00:00<00:00]" + "\n" * (done == total))


def encode_video(pictures, *, fps, sound, output_path, prompt="", sound_hz=SOUND_HZ):
    """Write the MP4 as LTX does: x264 with B-frames, whole frames per second, AAC at the rate of the sound."""
    told = words(prompt)
    rate = int(fps) - ("slow-rate" in told)
    pictures = list(pictures)[: 8 if "short" in told else None]
    with av.open(output_path, "w") as container:
        video = container.add_stream("libx264", rate=rate, options={"crf": "19", "preset": "veryfast"})
        video.height, video.width, video.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        audio = container.add_stream("aac", rate=sound_hz, layout="stereo") if "mute" not in told else None
        for number, picture in enumerate(pictures):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            bar(number + 1, len(pictures))
        container.mux(video.encode(None))
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = sound_hz, 0, Fraction(1, sound_hz)
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=sound_hz, frame_size=1024)
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(audio.encode(part))
            container.mux(audio.encode(None))
    logger.info("Video saved to %s", output_path)
