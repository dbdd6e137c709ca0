"""What the last words of a render mean, of a process of LTX and of a job in a worker alike: whose failure it was."""

import errno
import re
from typing import Final

from vtx_dagster.engines.ltx.worker.jobs import FailureKind

_TRACEBACK: Final = "Traceback (most recent call last):"
_OUT_OF_MEMORY: Final = re.compile(
    r"(CUDA|HIP|XPU|MPS backend) out of memory|torch\.(cuda\.)?OutOfMemoryError|CUDA_ERROR_OUT_OF_MEMORY|hipErrorOutOfMemory"
    r"|(CUBLAS|CUDNN|HIPBLAS)_STATUS_ALLOC_FAILED|(CUDA|HIP) error: out of memory"
    r"|DefaultCPUAllocator: (can't|not enough)|^MemoryError",
    re.MULTILINE,
)
_NO_SPACE: Final = re.compile(
    rf"^(?!\s).*(\[Errno ({errno.ENOSPC}|{errno.EDQUOT}|{errno.EROFS})\]|No space left on device)", re.MULTILINE
)
# After an error of CUDA itself every further call in the process fails, too. Lines that are indented are source.
_BROKEN: Final = re.compile(
    r"^(?!\s).*(CUDA error|CUDA driver error|HIP error|device-side assert|illegal memory access|unspecified launch failure"
    r"|No (CUDA|HIP) GPUs are available|Found no NVIDIA driver|The NVIDIA driver on your system is too old"
    r"|CUDA driver initialization failed|Unexpected error from cudaGetDeviceCount|Torch not compiled with CUDA enabled"
    r"|CU(BLAS|DNN)_STATUS_(NOT_INITIALIZED|EXECUTION_FAILED|INTERNAL_ERROR))|^(\w+\.)*AcceleratorError: ",
    re.MULTILINE,
)
_ERROR: Final = re.compile(r"(\w+\.)*\w*(Error|Exception|Exit|Interrupt)\b.*|Fatal Python error: .*")
_LINE_CHARACTERS: Final = 500
_NOT_IMPORTED: Final = re.compile(r"^(ImportError|ModuleNotFoundError): ", re.MULTILINE)


def failure_kind(text: str) -> FailureKind:
    """Return what failed, where a program's last words tell.

    Args:
        text: What it printed last, or an error as ``Type: message``.

    Returns:
        ``oom``; ``storage``; ``lost`` where the device or the installation is broken, which no other clip would get around;
        else ``error``: the clip's own.
    """
    if _OUT_OF_MEMORY.search(text):
        return "oom"
    # What was printed before the last traceback was not the end.
    words = text.rpartition(_TRACEBACK)[2]
    if _NO_SPACE.search(words):
        return "storage"
    return "lost" if _BROKEN.search(words) or _NOT_IMPORTED.search(words) else "error"


def telling_line(tail: str) -> str:
    """Return the line of a program's last words that says most: the last one that names an error, else the last."""
    lines = [line.rstrip() for line in tail.splitlines() if line.strip()]
    named = [line for line in lines if _ERROR.match(line)]
    return (named or lines or ["it printed nothing"])[-1].strip()[:_LINE_CHARACTERS]
