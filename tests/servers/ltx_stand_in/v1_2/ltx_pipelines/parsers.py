"""Command lines, built from a table of the flags that the real parsers have: names, types, what is required, what repeats."""

import argparse
import json
from pathlib import Path

FLAGS = json.loads(Path(__file__).parents[1].joinpath("flags.json").read_text(encoding="utf-8"))
DESTINATIONS = {"--image": "images", "--offload": "offload_mode"}


def existing_path(text):
    path = Path(text).expanduser().resolve()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"path does not exist: {path}")
    return str(path)


def positive(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return int(text)


class FileAndNumbers(argparse.Action):
    """A file that must be there and numbers after it, as many as the flag takes; appended, as often as it comes."""

    fewest, most = 1, 2

    def __call__(self, parser, namespace, values, option_string=None):
        if not self.fewest <= len(values) <= self.most:
            raise argparse.ArgumentError(self, f"{option_string} got {len(values)} values")
        given = [existing_path(values[0]), *map(float, values[1:])]
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), given])


class ImageAction(FileAndNumbers):
    fewest, most = 3, 4


class PairAction(FileAndNumbers):
    fewest = 2


ACTIONS = {
    "ImageAction": ImageAction,
    "LoraAction": FileAndNumbers,
    "VideoConditioningAction": PairAction,
    "VideoMaskConditioningAction": PairAction,
    "_StoreTrueAction": "store_true",
}
TYPES = {"int": int, "float": float, "resolve_existing_path": existing_path, "_positive_int": positive}


def parser_of(module):
    parser = argparse.ArgumentParser(prog=module)
    for flag in FLAGS[module]:
        words = {"required": flag.get("required", False), "dest": DESTINATIONS.get(flag["flag"])}
        if flag["action"] in ACTIONS:
            words["action"] = ACTIONS[flag["action"]]
        else:
            words |= {"type": TYPES.get(flag.get("type"), str), "choices": flag.get("choices")}
            number = TYPES.get(flag.get("type"))
            if "default" in flag and number in (int, float):
                words["default"] = number(flag["default"])
            elif flag["flag"] == "--offload":
                words["default"] = "none"
        if "nargs" in flag and words.get("action") != "store_true":
            words["nargs"] = flag["nargs"]
        parser.add_argument(flag["flag"], **{name: value for name, value in words.items() if value is not None})
    return parser


def parsed(module):
    """Return the arguments of ``sys.argv``; as the real ones, it ends with a sentence where models are missing or mixed."""
    args = parser_of(module).parse_args()
    whole = getattr(args, "distilled_checkpoint_path", None) or getattr(args, "checkpoint_path", None)
    parts = [args.transformer_path, args.text_encoder_path, args.audio_vae_path, args.duration_head_path]
    if whole and any(parts):
        raise SystemExit("monolith and split checkpoints may not be mixed")
    if whole and not args.gemma_root:
        raise SystemExit("--gemma-root is required with a monolith checkpoint")
    if not whole and not (args.transformer_path and args.text_encoder_path and args.video_vae_path and args.audio_vae_path):
        raise SystemExit("no checkpoint: give a monolith, or transformer, text encoder and VAEs")
    args.model_paths = (whole, args.gemma_root) if whole else (args.transformer_path, args.text_encoder_path)
    return args
