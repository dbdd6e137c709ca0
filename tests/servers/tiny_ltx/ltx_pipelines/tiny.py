"""A pipeline that writes what it was asked, after doing what ``--do`` says."""

import argparse
import atexit
import ctypes
import functools
import os
import shutil
import signal
import sys
import time
from pathlib import Path


class OutOfMemoryError(RuntimeError):
    pass


def told(main):
    @functools.wraps(main)
    def wrapped():
        return main()

    return wrapped


class TinyPipeline:
    built = 0

    def __init__(self, loras, offload_mode="none", policy=None, registry=None, alloc_trim_strategy=None):
        TinyPipeline.built += 1
        self.registry = registry
        self.trim = alloc_trim_strategy
        sys.stdout.write(f"Building transformer from {loras}\n")

    def __call__(self, args):
        sys.stderr.write(f"\rstep 1/2\rstep 2/2 {args.prompt}\n")
        for word in args.do:
            act(*word.split(":", 1))
        kept = "kept" if self.registry.cache_weights else "read anew"
        return f"{args.prompt} by {self.trim.name}, weights {kept}, pid {os.getpid()}"


def act(word, value=""):
    if word == "sleep":
        time.sleep(float(value))
    elif word == "crash":
        sys.stdout.write("about to crash\n")
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "linger":  # a driver that takes its time as the process ends
        atexit.register(time.sleep, int(value))
        sys.stdout.write("said at its end")
    elif word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "hang":  # C code that lets no other thread run
        ctypes.PyDLL(None).sleep(int(value))
    elif word == "oom":
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    elif word == "fail":
        raise RuntimeError(value)
    elif word == "refuse":
        raise ValueError(value)
    elif word == "full":
        raise OSError(28, "No space left on device")
    elif word == "exit":
        sys.exit(int(value))
    elif word == "leave":
        sys.exit(value)
    elif word == "write":
        os.write(1, b"from C \xc3\xa9\n")
    elif word == "env":
        sys.stdout.write(f"env {value}={os.environ.get(value)}\n")
    elif word == "once":  # crash unless the file is there
        if not Path(value).exists():
            Path(value).touch()
            os._exit(9)
    else:
        raise AssertionError(word)


@told
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--output-path", required=True)
    parser.add_argument("--lora", default="")
    parser.add_argument("--offload", default="none")
    parser.add_argument("--film", help="what the pipeline would have rendered")
    parser.add_argument("--do", action="append", default=[])
    args = parser.parse_args()
    pipeline = TinyPipeline(args.lora, offload_mode=args.offload, policy=lambda: None)
    text = pipeline(args)
    if args.film:
        shutil.copyfile(args.film, args.output_path)
    else:
        Path(args.output_path).write_text(text)
