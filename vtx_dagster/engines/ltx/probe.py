"""Says which LTX an interpreter has. Run by that interpreter as a file of its own: standard library only, Python 3.10 or later.

``python probe.py version`` prints the packages; ``python probe.py flags <module> ...`` the command lines of pipelines, as their
own parsers define them. The answer is JSON, on the one line that begins with ``MARK``: libraries print what they like besides.
"""

import argparse
import importlib
import json
import struct
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from unittest import mock

MARK = "vtx-probe "
PACKAGES = ("ltx-pipelines", "ltx-core", "torch", "transformers", "diffusers")


class _Captured(BaseException):
    """Carries a parser out of ``main()``, past anything that catches errors there."""

    def __init__(self, parser):
        super().__init__()
        self.parser = parser


def versions():
    """Return the versions of the packages that are there, and the folder that records the installation of ltx-pipelines."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    record = getattr(metadata.distribution("ltx-pipelines"), "_path", None) if "ltx-pipelines" in found else None
    return {"python": sys.version.split()[0], "packages": found, "record": record and str(record)}


def flags(module):
    """Return the flags of a module's command line: its ``main()`` runs up to where it would parse its arguments."""
    original = argparse.ArgumentParser.parse_known_args

    def parse_args(parser, *_arguments):
        raise _Captured(parser)

    def parse_known_args(parser, *arguments):
        # Before 1.1 a first parser looks for the checkpoint, whose header decides the defaults of the second.
        if any("--prompt" in action.option_strings for action in _actions(parser)):
            raise _Captured(parser)
        return original(parser, *arguments)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(argparse.ArgumentParser, "parse_args", parse_args),
        mock.patch.object(argparse.ArgumentParser, "parse_known_args", parse_known_args),
    ):
        checkpoint = Path(folder, "empty.safetensors")
        header = b'{"__metadata__":{}}'
        checkpoint.write_bytes(struct.pack("<Q", len(header)) + header)
        given = [module, "--help", f"--checkpoint-path={checkpoint}", f"--distilled-checkpoint-path={checkpoint}"]
        with mock.patch.object(sys, "argv", given):
            try:
                importlib.import_module(f"ltx_pipelines.{module}").main()
            except _Captured as captured:
                return dict(map(_described, filter(_is_long, _actions(captured.parser))))
    raise SystemExit(f"{module}: main() returned without parsing arguments")


def _actions(parser):
    return parser._actions  # noqa: SLF001 - argparse tells its flags nowhere else


def _is_long(action):
    return any(name.startswith("--") and name != "--help" for name in action.option_strings)


def _described(action):
    """Return the name of a flag and what is unusual about it."""
    name = next(name for name in action.option_strings if name.startswith("--"))
    facts = {
        "required": bool(action.required),
        "repeatable": _is_repeatable(action),
        "choices": [str(getattr(choice, "value", choice)) for choice in action.choices or ()],
    }
    return name, {fact: value for fact, value in facts.items() if value}


def _is_repeatable(action):
    kind = type(action)
    if kind.__module__ == "argparse":
        return kind.__name__ in ("_AppendAction", "_ExtendAction")
    # Actions of LTX's own that gather begin with an empty list, or are required and begin with nothing.
    return isinstance(action.default, list) or (action.required and action.nargs is not None)


def main():
    """Answer what the arguments ask."""
    wanted, *modules = sys.argv[1:]
    answer = versions() if wanted == "version" else {module: flags(module) for module in modules}
    print(MARK + json.dumps(answer))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
