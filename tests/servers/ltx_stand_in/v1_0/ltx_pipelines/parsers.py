"""Command lines of 1.0.0, which read the checkpoint's path before anything else, ``--help`` included."""

import argparse
import json
from pathlib import Path

FLAGS = json.loads(Path(__file__).parents[1].joinpath("flags.json").read_text(encoding="utf-8"))
NUMBERS = {"--seed", "--height", "--width", "--num-frames", "--num-inference-steps"}
FRACTIONS = {"--frame-rate", "--start-time", "--end-time", "--audio-start-time", "--audio-max-duration"}
WITH_FILE = {"--image", "--lora", "--distilled-lora", "--video-conditioning", "--conditioning-attention-mask"}


class FileAndNumbers(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        given = [str(Path(values[0]).resolve()), *map(float, values[1:])]
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), given])


def parsed(module):
    flags = FLAGS[module]
    checkpoint = "--distilled-checkpoint-path" if "--distilled-checkpoint-path" in flags else "--checkpoint-path"
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument(checkpoint, required=True)
    early.parse_known_args()
    parser = argparse.ArgumentParser(prog=module)
    for flag, facts in flags.items():
        words = {"required": facts.get("required", False), "dest": {"--image": "images", checkpoint: "checkpoint"}.get(flag)}
        if flag in WITH_FILE:
            words |= {"action": FileAndNumbers, "nargs": "+"}
        elif flag in ("--enhance-prompt", "--skip-stage-2"):
            words["action"] = "store_true"
        elif flag in NUMBERS | FRACTIONS:
            words["type"] = int if flag in NUMBERS else float
        if flag == "--video-cfg-guidance-scale":
            words["help"] = "100% (of what it was)"  # this is how the help of the real one fails
        parser.add_argument(flag, **{name: value for name, value in words.items() if value is not None})
    return parser.parse_args()
