"""Parsers from a table of flags: names, types, what is required and what repeats, as the real parsers have them."""

import argparse
import json
from pathlib import Path


def existing(path):
    resolved = Path(path).expanduser().resolve()
    if not resolved.exists():
        raise argparse.ArgumentTypeError(f"Path not found: {resolved}")
    return str(resolved)


def positive(value):
    if int(value) < 1:
        raise argparse.ArgumentTypeError("must be >= 1")
    return int(value)


TYPES = {"int": int, "float": float, "resolve_existing_path": existing, "_positive_int": positive}


class Gather(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), self.read(values, option_string)])

    def read(self, values, flag):
        raise NotImplementedError


class LoraAction(Gather):
    def read(self, values, flag):
        if len(values) > 2:
            raise argparse.ArgumentError(self, f"accepts at most 2 arguments, got {len(values)} values")
        return existing(values[0]), float(values[1]) if len(values) > 1 else 1.0


class ImageAction(Gather):
    def read(self, values, flag):
        if len(values) not in (3, 4):
            raise argparse.ArgumentError(self, f"requires 3 or 4 arguments (PATH FRAME_IDX STRENGTH [CRF]), got {len(values)}")
        return existing(values[0]), int(values[1]), float(values[2])


class VideoConditioningAction(Gather):
    def read(self, values, flag):
        return existing(values[0]), float(values[1])


class VideoMaskConditioningAction(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, (existing(values[0]), float(values[1])))


class Plain(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)


ACTIONS = {action.__name__: action for action in (LoraAction, ImageAction, VideoConditioningAction, VideoMaskConditioningAction)}


def parser_of(table, module, *, kind=argparse.ArgumentParser):
    parser = kind(prog=module)
    for flag in json.loads(Path(table).read_text())[module]:
        names = flag["flags"]
        if "--help" in names:
            continue
        if flag["action"] == "_StoreTrueAction":
            parser.add_argument(*names, action="store_true")
            continue
        action = "store" if flag["action"] == "_StoreAction" else ACTIONS.get(flag["action"], Plain)
        nargs = flag["nargs"]
        number = TYPES.get(flag["type"] or "", str)
        default = flag["default"]
        if isinstance(default, str) and flag["type"] in ("int", "float"):
            default = number(default) if nargs is None else json.loads(default)
        parser.add_argument(
            *names,
            action=action,
            nargs=int(nargs) if isinstance(nargs, int) or (nargs or "").isdigit() else nargs,
            required=flag["required"],
            choices=flag["choices"],
            default=[] if flag["repeatable"] and not flag["required"] else None if flag["required"] else default,
            **({"type": number} if action == "store" else {}),
        )
    return parser
