"""What the pipelines of the stand-in share."""

import argparse
import contextlib
import functools
import logging
from enum import Enum
from pathlib import Path

import ltx_stand_in_film as film
import ltx_stand_in_flags as flags
from ltx_core.loader.registry import ModelRegistry

logger = logging.getLogger(__name__)
TABLE = Path(__file__).parents[1] / "flags.json"


class OffloadMode(Enum):
    NONE = "none"
    CPU = "cpu"
    DISK = "disk"


def inference_mode(main):
    @functools.wraps(main)
    def wrapped():
        with contextlib.nullcontext():
            return main()

    return wrapped


class PipelineParser(argparse.ArgumentParser):
    def parse_args(self, args=None, namespace=None):
        found = super().parse_args(args, namespace)
        whole = getattr(found, "checkpoint_path", None) or getattr(found, "distilled_checkpoint_path", None)
        split = (found.transformer_path, found.text_encoder_path, found.audio_vae_path)
        if whole and any(split):
            raise SystemExit("Monolith and split flags may not be mixed.")
        if not whole and not found.transformer_path:
            raise SystemExit("Missing --checkpoint-path (monolith) or --transformer-path (split).")
        if whole and not found.gemma_root:
            raise SystemExit("--gemma-root is required with a monolith checkpoint.")
        found.offload = OffloadMode.NONE if found.offload == "OffloadMode.NONE" else OffloadMode(found.offload)
        found.model_paths = whole or found.transformer_path
        return found


def parser_of(module):
    return flags.parser_of(TABLE, module, kind=PipelineParser)


class Blocks:
    def __init__(self, model_paths, loras, quantization, registry, offload_mode, alloc_trim_strategy):
        self.model_paths = model_paths
        self.loras = loras
        self.registry = registry
        self.offload = OffloadMode(offload_mode).value
        self.trim = alloc_trim_strategy

        self._keeps_weights = registry is not None and registry.cache_weights

    def __call__(self, *, prompt, output_path, seed, **given):
        logger.info("Building text encoder from %s", self.model_paths)
        film.bar(2, 2)
        film.misbehave_loading(prompt)
        logger.info("Prompt encoding complete")
        for _stage in range(2):
            weights = self._built()
        video = (self._retaken if "video_path" in given else self._drawn)(prompt, output_path, seed, **given)
        if video is not None and not all(weights.values()):
            # Nothing fails upstream either: the picture is of whatever was in memory.
            video["pictures"] = [picture * 0 for picture in video["pictures"]]
        return video

    def _built(self):
        """Read weights, or take those that the registry kept; streaming from the computer's memory takes them out."""
        registry = self.registry or ModelRegistry(cache_weights=False)
        read = registry.get(self.model_paths)
        if read is None:
            logger.info("Building transformer (%s) from %s", self.offload, self.model_paths)
            read = registry.add(self.model_paths, {"blocks": Path(self.model_paths).stat().st_size})
        built = dict(read)
        if self.offload == "cpu":
            read["blocks"] = None
        return built

    def _begin(self, width, height, num_frames, frame_rate):
        logger.info("Running denoising loop (8 steps, %dx%d %d frames @ %.1f fps)", width, height, num_frames, frame_rate)

    def _denoised(self):
        film.bar(4, 8)
        film.bar(8, 8)
        logger.info("Building video decoder from %s", self.model_paths)
        logger.info("Building audio decoder + vocoder from %s", self.model_paths)

    def _drawn(
        self,
        prompt,
        output_path,
        seed,
        *,
        height,
        width,
        num_frames,
        frame_rate,
        images,
        guides=(),
        mask=None,
        audio_path=None,
        audio_start_time=0.0,
    ):
        num_frames = (num_frames - 1) // 8 * 8 + 1
        self._begin(width, height, num_frames, frame_rate)
        if not film.misbehave(prompt, output=output_path, offload=self.offload, keeps_weights=self._keeps_weights):
            return None
        guides = [(film.decode_video(path)[0][:num_frames], strength) for path, strength in guides]
        if mask is not None:
            covered = film.decode_video(mask[0])[0][:num_frames]
            for guide, _ in guides:
                film.check_mask(len(covered), (len(guide) - 1) // 8 + 1)
            guides.append((covered, mask[1]))
        length_s = num_frames / frame_rate
        sound, rate = film.tone(round(length_s * film.SOUND_HZ), seed), film.SOUND_HZ
        if audio_path is not None:
            sound, rate = film.decode_sound(audio_path, audio_start_time, length_s)
            latents, target = film.audio_latents(sound, rate), round(length_s * 25)
            assert latents >= target, f"Latent shape {latents} does not match target shape {target}"
        self._denoised()
        pictures = film.draw(width=width, height=height, num_frames=num_frames, seed=seed, images=images, guides=guides)
        return {"pictures": pictures, "fps": frame_rate, "sound": sound, "sound_hz": rate, "prompt": prompt}

    def _retaken(self, prompt, output_path, seed, *, video_path, start_time, end_time):
        if start_time >= end_time:
            raise ValueError("start_time must be less than end_time")
        pictures, rate = film.decode_video(video_path)
        height, width = pictures[0].shape[:2]
        if len(pictures) % 8 != 1 or width % 32 or height % 32:
            raise ValueError(f"{len(pictures)} frames of {width}x{height} cannot be retaken")
        self._begin(width, height, len(pictures), float(rate))
        if not film.misbehave(prompt, output=output_path, offload=self.offload, keeps_weights=self._keeps_weights):
            return None
        for index in range(len(pictures)):
            if start_time <= index / rate < end_time:
                pictures[index] = film.background(index, seed, width, height)
        self._denoised()
        length_s = len(pictures) / int(rate)
        if film.has_sound(video_path):
            film.audio_latents(*film.decode_sound(video_path, 0.0, length_s))
        sound = film.tone(round(length_s * film.SOUND_HZ), seed)
        return {"pictures": pictures, "fps": int(rate), "sound": sound, "prompt": prompt}


def encode(video, output_path):
    if video is not None:
        film.encode_video(output_path=output_path, **video)
