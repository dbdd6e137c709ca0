"""The client's end of one resident worker: starting it, leasing it, giving it a job, ending it."""

import contextlib
import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import CancelledError, EngineLostError, OutOfMemoryError, RenderError, StorageError
from vtx_dagster.engines.ltx.devices import log_path, socket_path
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Watch
from vtx_dagster.engines.ltx.worker import launcher
from vtx_dagster.engines.ltx.worker.failures import telling_line
from vtx_dagster.engines.ltx.worker.jobs import WorkerConfig
from vtx_dagster.engines.ltx.worker.printed import MAX_LOG_BYTES as MAX_WORKER_LOG_BYTES
from vtx_dagster.engines.ltx.worker.protocol import VERSION, Channel, ClosedError, JunkError, Message, connect
from vtx_dagster.engines.process import MAX_LOG_BYTES, REDACTED
from vtx_dagster.studio.files import storage_errors

ANSWER_S: Final = 1.0
"""How long a worker that lives takes at most to answer, however busy it is, unless C code keeps its threads from running."""
GONE_S: Final = 5.0
BETWEEN_CLIPS_S: Final = 120.0
"""How long a worker waits for its run's next clip where none is to stay idle: the last one is conformed and checked meanwhile."""
SIGKILLED: Final = "killed by SIGKILL"
"""``end`` in the details of an ``EngineLostError`` whose worker was killed by somebody else than its client."""

_POLL_S: Final = 0.1
_TAIL_BYTES: Final = 2000
_BEGINNING: Final = "-- worker started --\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecipe:
    """How workers of an engine are started and watched.

    Attributes:
        python: The interpreter that they run in.
        backend: Kind of their jobs: ``ltx`` or ``diffusers``.
        config_key: A text that changes whenever a worker that is already there could not be used: versions, above all.
        folder: Of locks and sockets; see ``devices.workers_folder``.
        env: Their environment, except for what device and rung add.
        idle_s: Seconds without a client after which they end. Zero: with the run that uses them; where it was killed, after
            ``BETWEEN_CLIPS_S``.
        silence_s: Seconds without a sign of life during a job after which they are taken for hung.
        start_s: Seconds that a start may take.
        owner: Who uses them, for people who look.
        secrets: Texts replaced by ``***`` in logs and errors.
    """

    python: str
    backend: str
    config_key: str
    folder: Path
    env: Mapping[str, str] = field(repr=False)
    idle_s: float
    silence_s: float
    start_s: float
    owner: str = field(default_factory=lambda: f"process {os.getpid()} on {socket.gethostname()}")
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def redacted(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self.secrets:
            text = text.replace(secret, REDACTED) if secret else text
        return text


class WorkerClient:
    """A worker that this process has leased, or is about to. Used by one thread at a time.

    Attributes:
        pid: Of its process, which leads its process group.
        key: What it was started with: workers of the same key do the same.
        is_gone: Whether this object has seen it end.
        process: Where this process started it: the kernel says how it ended to its parent alone.

    Args:
        recipe: How it is watched.
        device: Where it is.
        channel: The connection to it.
        hello: What it said of itself.
        process: The child of this process that it may be.
    """

    def __init__(
        self,
        recipe: WorkerRecipe,
        device: Device,
        channel: Channel,
        hello: Message,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self._recipe = recipe
        self._device = device
        self._channel = channel
        self._numbers = itertools.count(1)
        self.pid = int(hello["pid"])
        self.process = process if process is not None and process.pid == self.pid else None
        self.key = str(hello["config_key"])
        self.is_gone = False

    def lease(self) -> int | None:
        """Lease the worker, and return a descriptor that holds its device, too; None if somebody else has it.

        Raises:
            ClosedError, JunkError: If it is gone, or no worker.
        """
        self._channel.send({"op": "lease", "owner": self._recipe.owner})
        answer = self._channel.receive(ANSWER_S)
        if answer is None or answer.get("event") != "leased":
            return None
        return self._channel.take_descriptor()

    def run(self, job: Job, *, options: Mapping[str, str], watch: Watch, since: float) -> JobResult:
        """Run a job to its end. Whatever else ends this call, the worker's process group is gone when it returns.

        Args:
            job: What to do.
            options: Of the rung.
            watch: How it is watched.
            since: When its time began to run, by ``time.monotonic()``: the start of the worker counts.

        Raises:
            OutOfMemoryError, RenderError, EngineLostError, CancelledError, StorageError: See ``Lane.run``.
        """
        try:
            with _job_log(watch.log) as log:
                asked = json.dumps({**job.request, "options": dict(options)}, ensure_ascii=False)
                log(self._recipe.redacted(f"$ worker {self.pid} on {self._device.name}: {asked}"))
                ending = self._ending(job, options, watch, log, since)
        except BaseException:
            self.kill()
            raise
        return self._result(ending)

    def retire(self) -> None:
        """Have a leased worker end, and wait until it is gone.

        Raises:
            EngineLostError: If it does not go.
        """
        with contextlib.suppress(ClosedError):
            self._channel.send({"op": "retire"})
        if self._is_gone_within(GONE_S):
            self.is_gone = True
            self._channel.close()
        else:
            self.kill()

    def kill(self) -> None:
        """End the worker's process group at once, and wait until it is gone.

        Raises:
            EngineLostError: If it does not go, as where a driver does not let go of it.
        """
        self.is_gone = True
        kill_group(self.pid)
        is_gone = self._is_gone_within(GONE_S)
        self._channel.close()
        if not is_gone:
            name = self._device.name
            raise EngineLostError(
                f"{name}: process {self.pid} does not end though it was killed: restart the machine", device=name
            )

    def close(self) -> None:
        """End the lease; the worker stays, and is free for the next one at once."""
        with contextlib.suppress(ClosedError, JunkError):
            self._channel.send({"op": "release"})
            self._channel.receive(ANSWER_S)
        self._channel.close()

    def _ending(self, job: Job, options: Mapping[str, str], watch: Watch, log: Callable[[str], None], since: float) -> Message:
        """Give out a job and return the message that ends it."""
        number = next(self._numbers)
        request = {**job.request, "options": dict(options)}
        heard = time.monotonic()
        try:
            self._channel.send(
                {
                    "op": "job",
                    "id": number,
                    "clip": job.clip,
                    "backend": job.backend,
                    "request": request,
                    "output": str(job.output),
                }
            )
            while True:
                if watch.cancelled():
                    raise CancelledError(f"{job.clip}: called off", clip=job.clip)
                message = self._channel.receive(_POLL_S)
                now = time.monotonic()
                if message is not None and message.get("id") == number:
                    heard = now
                    if message.get("event") in ("done", "failed"):
                        return message
                    if message.get("event") == "line":
                        line = self._recipe.redacted(str(message.get("text", "")))
                        log(line)
                        watch.on_line(line)
                if now - since >= watch.timeout_s:
                    message = (
                        f"{job.clip}: still rendering after {watch.timeout_s:g} s and was stopped: raise VTX_RENDER_TIMEOUT_S"
                    )
                    raise RenderError(message, clip=job.clip, timeout_s=watch.timeout_s)
                if now - heard >= self._recipe.silence_s:
                    self._lost(f"gave no sign of life for {self._recipe.silence_s:g} s")
        except (ClosedError, JunkError):
            self._lost("ended while it rendered", end="" if self.process is None else _end_of_process(self.process))

    def _result(self, ending: Message) -> JobResult:
        if ending["event"] == "done":
            facts = {"peak_memory_bytes": ending.get("peak_memory_bytes"), **(ending.get("facts") or {})}
            return JobResult(model_loads=int(ending.get("model_loads", 0)), facts=facts)
        tail = self._recipe.redacted(str(ending.get("tail", "")))
        told = self._recipe.redacted(str(ending.get("message")))
        last = telling_line(tail)
        message = f"{told}; see the log" if last in told else f"{told}: {last}; see the log"
        details = {"device": self._device.name, "exit_code": ending.get("exit_code"), "tail": tail}
        kind = ending.get("kind")
        if kind == "lost":
            # It ends by itself; what follows must not meet it on the way out.
            self.kill()
            raise EngineLostError(message, **details)
        if kind == "storage":
            raise StorageError(message, **details)
        raise (OutOfMemoryError if kind == "oom" else RenderError)(message, **details)

    def _lost(self, what: str, *, end: str = "") -> NoReturn:
        name = self._device.name
        path = log_path(self._recipe.folder, self._device)
        tail = self._recipe.redacted(_end_of(path))
        how = f" ({end})" if end else ""
        message = f"the worker on {name} (process {self.pid}) {what}{how}: {telling_line(tail)}; see {path}"
        raise EngineLostError(message, device=name, tail=tail, end=end) from None

    def _is_gone_within(self, limit_s: float) -> bool:
        deadline = time.monotonic() + limit_s
        try:
            while time.monotonic() < deadline:
                self._channel.receive(_POLL_S)
        except (ClosedError, JunkError):
            return _has_ended(self.pid, deadline)
        return False


def start_worker(
    recipe: WorkerRecipe,
    device: Device,
    *,
    key: str,
    env: Mapping[str, str],
    lock_descriptor: int,
    limit_s: float,
    cancelled: Callable[[], bool] = never,
) -> WorkerClient:
    """Start a worker on a device that this process holds, and lease it. It outlives this process.

    Args:
        recipe: How.
        device: Where.
        key: What it answers as its ``config_key``.
        env: Added to its environment.
        lock_descriptor: Of the device's lock; the worker holds it from now on, too.
        limit_s: Of the job that it is started for, whatever the recipe allows for a start.
        cancelled: Polled while it starts.

    Raises:
        RenderError: If the interpreter cannot be started at all, or the job's limit was reached.
        EngineLostError: If the worker ends, or does not answer in the time that the recipe allows.
        CancelledError: If it was called off.
    """
    log = log_path(recipe.folder, device)
    ours, theirs = socket.socketpair()
    config = WorkerConfig(
        folder=str(recipe.folder),
        device=device.name,
        backend=recipe.backend,
        config_key=key,
        idle_s=recipe.idle_s or BETWEEN_CLIPS_S,
        lock_descriptor=lock_descriptor,
        client_descriptor=theirs.fileno(),
        owner=recipe.owner,
        log=str(log),
    )
    with theirs, storage_errors(log), log.open("ab") as output:
        if output.tell() > MAX_WORKER_LOG_BYTES:
            output.truncate(0)
        output.write(_BEGINNING.encode())
        output.flush()
        try:
            process = subprocess.Popen(
                [recipe.python, str(Path(launcher.__file__)), json.dumps(asdict(config))],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=recipe.folder,
                env={**recipe.env, **env},
                pass_fds=[lock_descriptor, theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise RenderError(f"{recipe.python} cannot be started ({error.strerror}): correct the path of the Python") from error
    # It may end at any time: the kernel keeps a process until its parent has taken note.
    threading.Thread(target=process.wait, name=f"worker on {device.name}", daemon=True).start()
    channel = Channel(ours, accepts_descriptor=True)
    try:
        return _started(recipe, device, process, channel, limit_s=limit_s, cancelled=cancelled)
    except BaseException:
        channel.close()
        kill_group(process.pid)
        _has_ended(process.pid, time.monotonic() + GONE_S)
        raise


def find_worker(recipe: WorkerRecipe, device: Device, *, child: subprocess.Popen[bytes] | None = None) -> WorkerClient | None:
    """Return the worker that is there for a device, not leased yet, or None if none is there or answers.

    Args:
        recipe: How it is watched.
        device: Which device.
        child: The worker that this process started last for it, if it did.
    """
    greeted = _greeted(recipe.folder, device)
    return WorkerClient(recipe, device, *greeted, process=child) if greeted else None


def look_at_worker(folder: Path, device: Device) -> Message | None:
    """Return what the worker of a device says of itself (``hello``), or None if none is there or answers."""
    greeted = _greeted(folder, device)
    if greeted is None:
        return None
    channel, hello = greeted
    channel.close()
    return hello


def silent_worker(folder: Path, device: Device) -> int | None:
    """Return the process of a worker that takes a connection and does not answer; None if there is none, or it answers."""
    connection = connect(str(socket_path(folder, device)), timeout_s=ANSWER_S)
    if connection is None:
        return None
    pid = peer_of(connection)
    channel = Channel(connection)
    try:
        channel.send({"op": "hello"})
        return pid if channel.receive(ANSWER_S) is None else None
    except (ClosedError, JunkError):
        return None
    finally:
        channel.close()


def peer_of(connection: socket.socket) -> int | None:
    """Return the process at the other end of a connection, as the kernel knows it; None where it does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", credentials)[0]


def kill_group(pid: int) -> None:
    """End a worker's process group at once, if the process still leads one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)


def _greeted(folder: Path, device: Device) -> tuple[Channel, Message] | None:
    """Return a connection to the worker of a device, and what it says of itself."""
    connection = connect(str(socket_path(folder, device)), timeout_s=ANSWER_S)
    if connection is None:
        return None
    pid = peer_of(connection)
    channel = Channel(connection, accepts_descriptor=True)
    try:
        channel.send({"op": "hello"})
        hello = channel.receive(ANSWER_S)
    except (ClosedError, JunkError):
        hello = None
    # Who is at the other end is the kernel's word, because its process may have to be killed.
    if hello is None or hello.get("protocol") != VERSION or pid not in (None, hello.get("pid")):
        channel.close()
        return None
    return channel, hello


def _started(
    recipe: WorkerRecipe,
    device: Device,
    process: subprocess.Popen[bytes],
    channel: Channel,
    *,
    limit_s: float,
    cancelled: Callable[[], bool],
) -> WorkerClient:
    started = time.monotonic()
    try:
        channel.send({"op": "hello"})
        while not cancelled():
            hello = channel.receive(_POLL_S)
            if hello is not None:
                return WorkerClient(recipe, device, channel, hello, process)
            took_s = time.monotonic() - started
            if took_s >= limit_s:
                raise _no_time_left(device, limit_s)
            if took_s >= recipe.start_s:
                raise _not_started(recipe, device, f"did not answer within {recipe.start_s:g} s")
    except (ClosedError, JunkError) as error:
        end = _end_of_process(process)
        what = f"ended with {end}" if end else "closed its connection and did not end"
        raise _not_started(recipe, device, what, end=end) from error
    raise CancelledError(f"called off while the worker on {device.name} was started")


def _no_time_left(device: Device, limit_s: float) -> RenderError:
    message = f"the worker on {device.name} was not ready after {max(limit_s, 0):g} s, the limit: raise VTX_RENDER_TIMEOUT_S"
    return RenderError(message, device=device.name, timeout_s=limit_s)


def _not_started(recipe: WorkerRecipe, device: Device, what: str, *, end: str = "") -> EngineLostError:
    path = log_path(recipe.folder, device)
    tail = recipe.redacted(_end_of(path))
    message = f"the worker on {device.name} {what} as it was started by {recipe.python}: {telling_line(tail)}; see {path}"
    return EngineLostError(message, device=device.name, tail=tail, end=end)


def _end_of_process(process: subprocess.Popen[bytes]) -> str:
    """Say how a process ended that has closed its connection; empty where it does not end."""
    try:
        code = process.wait(GONE_S)
    except subprocess.TimeoutExpired:
        return ""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _has_ended(pid: int, deadline: float) -> bool:
    """Wait until a process has ended, its open devices closed; where the kernel cannot tell, say yes."""
    if not hasattr(os, "pidfd_open"):
        return True
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
    finally:
        os.close(descriptor)


def _end_of(path: Path) -> str:
    with storage_errors(path, doing="read"), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        text = file.read().decode(errors="replace").replace("\r", "\n")
    # What an earlier worker said is of no help.
    return text.rpartition(_BEGINNING)[2].strip()


@contextlib.contextmanager
def _job_log(path: Path) -> Iterator[Callable[[str], None]]:
    """Yield what appends a line to a log, as long as there is room."""
    room = MAX_LOG_BYTES
    with storage_errors(path):
        file = path.open("ab", buffering=0)

    def write(line: str) -> None:
        nonlocal room
        data = line.encode() + b"\n"
        if room > 0:
            with storage_errors(path):
                file.write(data)
            room -= len(data)

    with file:
        yield write
