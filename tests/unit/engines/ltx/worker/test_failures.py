import pytest

from vtx_dagster.engines.ltx.worker.failures import failure_kind, telling_line

TRACEBACK = 'INFO: loading\nTraceback (most recent call last):\n  File "a.py", line 3, in main\n    raise Wrong("CUDA error")\n'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "oom"),
        ("torch.cuda.OutOfMemoryError: HIP", "oom"),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "oom"),
        ("RuntimeError: MPS backend out of memory (MPS allocated: 1 GB)", "oom"),
        ("RuntimeError: [enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory", "oom"),
        ("torch.AcceleratorError: CUDA error: out of memory\nCUDA kernel errors might be reported later", "oom"),
        (f"{TRACEBACK}MemoryError", "oom"),
        ("ValueError: the scene is out of memory lane", "error"),
        ("", "error"),
        (f"{TRACEBACK}OSError: [Errno 28] No space left on device: '/film/clip.mp4'", "storage"),
        ("OSError: [Errno 30] Read-only file system", "storage"),
        ("SafetensorError: No space left on device (os error 28)", "storage"),
        (f"{TRACEBACK}FileNotFoundError: [Errno 2] No such file or directory: 'a'", "error"),
        (f"{TRACEBACK}torch.AcceleratorError: CUDA error: unspecified launch failure\nCompile with `TORCH_USE_CUDA_DSA`", "lost"),
        (f"{TRACEBACK}torch.AcceleratorError: it is gone", "lost"),
        (f"{TRACEBACK}RuntimeError: No CUDA GPUs are available", "lost"),
        ("RuntimeError: Found no NVIDIA driver on your system.", "lost"),
        ("AssertionError: Torch not compiled with CUDA enabled", "lost"),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED", "lost"),
        (f"{TRACEBACK}ImportError: libcudart.so.13: cannot open shared object file: No such file or directory", "lost"),
        ("ModuleNotFoundError: No module named 'ltx_pipelines'", "lost"),
        (f"{TRACEBACK}ImportError: no xformers\n{TRACEBACK}ValueError: the shape is wrong", "error"),
        (f"{TRACEBACK}ValueError: the shape is wrong", "error"),
    ],
)
def test_last_words_say_whose_failure_it_was(text: str, kind: str) -> None:
    assert failure_kind(text) == kind


@pytest.mark.parametrize(
    ("tail", "line"),
    [
        pytest.param(
            f"{TRACEBACK}ValueError: the shape is wrong\nsee the manual\n", "ValueError: the shape is wrong", id="error"
        ),
        pytest.param(
            "Fatal Python error: Segmentation fault\n\nStack:\n  File x", "Fatal Python error: Segmentation fault", id="crash"
        ),
        pytest.param("loading\n 50%|##| 4/8 \n\n", "50%|##| 4/8", id="nothing but progress"),
        pytest.param("", "it printed nothing", id="silence"),
        pytest.param("torch.OutOfMemoryError: " + 600 * "x", "torch.OutOfMemoryError: " + 476 * "x", id="endless"),
    ],
)
def test_the_line_that_says_most(tail: str, line: str) -> None:
    assert telling_line(tail) == line
