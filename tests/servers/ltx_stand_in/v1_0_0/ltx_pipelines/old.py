"""What behaves as ltx_pipelines 1.0.0 does: the checkpoint is looked for before the parser is built, and help is broken."""

import argparse
from pathlib import Path

import ltx_stand_in_film as film
import ltx_stand_in_flags as flags

TABLE = Path(__file__).parents[1] / "flags.json"
HELP_WORKS = ("distilled", "ic_lora", "retake")


class Parser(argparse.ArgumentParser):
    def format_help(self):
        if self.prog not in HELP_WORKS:
            raise ValueError("unsupported format character '(' (0x28) at index 118")
        return super().format_help()


def run(module):
    if module != "retake":
        early = argparse.ArgumentParser(add_help=False)
        name = "--distilled-checkpoint-path" if module in ("distilled", "ic_lora") else "--checkpoint-path"
        early.add_argument(name, required=True)
        early.parse_known_args()
    args = flags.parser_of(TABLE, module, kind=Parser).parse_args()
    if not film.misbehave(args.prompt, output=args.output_path, offload="none"):
        return
    num_frames = (args.num_frames - 1) // 8 * 8 + 1
    guides = [(film.decode_video(path)[0], strength) for path, strength in getattr(args, "video_conditioning", None) or ()]
    length_s = num_frames / args.frame_rate
    sound, rate = film.tone(round(length_s * film.SOUND_HZ), args.seed), film.SOUND_HZ
    if getattr(args, "audio_path", None):
        sound, rate = film.decode_sound(args.audio_path, float(args.audio_start_time), length_s)
        assert film.audio_latents(sound, rate) >= round(length_s * 25)
    film.bar(8, 8)
    pictures = film.draw(
        width=args.width, height=args.height, num_frames=num_frames, seed=args.seed, images=args.image, guides=guides
    )
    film.encode_video(pictures, fps=args.frame_rate, sound=sound, sound_hz=rate, output_path=args.output_path, prompt=args.prompt)
