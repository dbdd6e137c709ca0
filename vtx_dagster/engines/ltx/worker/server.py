"""The resident worker: one device, one client at a time, one job at a time on the main thread.

``protocol`` tells what clients and worker say.
"""

import contextlib
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from vtx_dagster.engines.ltx.worker.device_lock import sign
from vtx_dagster.engines.ltx.worker.jobs import JobError, Jobs, WorkerConfig
from vtx_dagster.engines.ltx.worker.printed import PrintedLines
from vtx_dagster.engines.ltx.worker.protocol import HEARTBEAT_S, VERSION, Channel, ClosedError, JunkError, Message

_TICK_S: Final = 0.2
_BACKLOG: Final = 16


def kill_own_group() -> None:
    """End this process and every child that is still in its group, at once."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


class Server:
    """A worker.

    Args:
        config: How it was started.
        jobs: What it does.
        kill: What ends the process group when the client of a running job is gone.
    """

    def __init__(self, config: WorkerConfig, jobs: Jobs, *, kill: Callable[[], None] = kill_own_group) -> None:
        self._config = config
        self._jobs = jobs
        self._kill = kill
        self._versions = jobs.versions()
        # Guards what follows: the threads of the connections and the main thread use it.
        self._state = threading.Lock()
        self._lessee: Channel | None = None
        self._owner = ""
        self._clip = ""
        self._is_ending = False
        self._idle_since = time.monotonic()
        self._model_loads = 0
        self._peak_memory_bytes = 0
        self._num_jobs = 0
        self._tasks: queue.SimpleQueue[tuple[Channel, Message] | None] = queue.SimpleQueue()

    def serve(self) -> None:
        """Serve clients until told to retire, idle for too long, or lost; then remove the socket.

        Raises:
            OSError: If the socket cannot be made.
        """
        path = Path(self._config.folder, f"{self._config.device}.sock")
        # Whoever made it is gone: this process holds the device.
        path.unlink(missing_ok=True)
        sign(self._config.lock_descriptor, what=f"worker ({self._config.backend})")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            # No other thread runs yet that could make a file meanwhile.
            before = os.umask(0o177)
            try:
                listener.bind(str(path))
            finally:
                os.umask(before)
            listener.listen(_BACKLOG)
            self._greet_first_client()
            threading.Thread(target=self._accept, args=(listener,), name="connections", daemon=True).start()
            try:
                while not self._must_end():
                    self._work()
            finally:
                path.unlink(missing_ok=True)
                # Wakes the thread that accepts.
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)

    def _work(self) -> None:
        try:
            task = self._tasks.get(timeout=_TICK_S)
        except queue.Empty:
            return
        if task is not None:
            self._run(*task)

    def _must_end(self) -> bool:
        with self._state:
            waited_s = time.monotonic() - self._idle_since
            if self._lessee is None and waited_s >= self._config.idle_s:
                self._is_ending = True
            return self._is_ending

    def _greet_first_client(self) -> None:
        # It has the lease from the start, so that nobody is quicker.
        channel = Channel(socket.socket(fileno=self._config.client_descriptor))
        self._lessee, self._owner = channel, self._config.owner
        threading.Thread(target=self._converse, args=(channel,), name="client", daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the listener was closed
            threading.Thread(target=self._converse, args=(Channel(connection),), name="client", daemon=True).start()

    def _converse(self, channel: Channel) -> None:
        """Answer a client until it is gone."""
        try:
            while True:
                message = channel.receive()
                assert message is not None  # noqa: S101 - without a limit it waits
                self._answer(channel, message)
        except (ClosedError, JunkError):
            pass  # others go on
        finally:
            self._let_go(channel)
            channel.close()

    def _answer(self, channel: Channel, message: Message) -> None:
        match message:
            case {"op": "hello"}:
                channel.send(self._hello())
            case {"op": "lease", "owner": str(owner)}:
                self._lease(channel, owner)
            case {"op": "release"}:
                self._let_go(channel)
                channel.send({"event": "released"})
            case {"op": "retire"}:
                self._retire(channel)
            case {"op": "job", "id": _, "clip": str(clip), "backend": str(), "request": dict(), "output": str()}:
                self._begin(channel, message, clip)
            case _:
                raise JunkError("not a request of this protocol")

    def _hello(self) -> Message:
        with self._state:
            is_busy = self._lessee is not None
            return {
                "event": "hello",
                "protocol": VERSION,
                "pid": os.getpid(),
                "device": self._config.device,
                "backend": self._config.backend,
                "config_key": self._config.config_key,
                "versions": self._versions,
                "state": "busy" if is_busy else "idle",
                "owner": self._owner,
                "clip": self._clip,
                "model_loads": self._model_loads,
                "peak_memory_bytes": self._peak_memory_bytes,
                "num_jobs": self._num_jobs,
                "idle_s": 0.0 if is_busy else round(time.monotonic() - self._idle_since, 1),
                "log": self._config.log,
            }

    def _lease(self, channel: Channel, owner: str) -> None:
        with self._state:
            is_free = self._lessee in (None, channel) and not self._is_ending
            if is_free:
                self._lessee, self._owner = channel, owner
        if is_free:
            channel.send({"event": "leased"}, descriptors=[self._config.lock_descriptor])
        else:
            channel.send(self._busy())

    def _retire(self, channel: Channel) -> None:
        with self._state:
            may_end = self._lessee in (None, channel) and not self._clip
            self._is_ending = self._is_ending or may_end
        channel.send({"event": "retiring"} if may_end else self._busy())
        if may_end:
            self._tasks.put(None)

    def _busy(self) -> Message:
        with self._state:
            return {"event": "busy", "owner": self._owner, "clip": self._clip}

    def _begin(self, channel: Channel, message: Message, clip: str) -> None:
        with self._state:
            if self._lessee is not channel or self._clip or message["backend"] != self._config.backend:
                raise JunkError("a job without a lease, during another, or for another kind of worker")
            self._clip = clip or "?"
        self._tasks.put((channel, message))

    def _let_go(self, channel: Channel) -> None:
        """End a client's lease. With a job under way its process group ends: nobody waits for what it makes."""
        with self._state:
            if self._lessee is not channel:
                return
            if self._clip:
                self._kill()
            self._lessee, self._owner = None, ""
            self._idle_since = time.monotonic()
        self._tasks.put(None)

    def _run(self, channel: Channel, message: Message) -> None:
        number = message["id"]

        def tell(event: Message) -> None:
            # A client that is gone is noticed by the thread that listens to it.
            with contextlib.suppress(ClosedError):
                channel.send({**event, "id": number})

        def say(text: str) -> None:
            tell({"event": "line", "text": text})

        started = time.monotonic()
        printed = PrintedLines(self._config.log, say)
        ending: Message
        with _heartbeat(lambda: tell({"event": "heartbeat"})), printed:
            try:
                facts = self._jobs.run(message["request"], message["output"], say)
            except JobError as error:
                ending = {"event": "failed", "kind": error.kind, "message": error.message, "exit_code": error.exit_code}
            else:
                ending = _done(facts)
        if ending["event"] == "failed":
            ending["tail"] = printed.tail
        with self._state:
            self._clip = ""
            self._num_jobs += 1
            self._model_loads += ending.get("model_loads", 0)
            self._peak_memory_bytes = max(self._peak_memory_bytes, ending.get("peak_memory_bytes") or 0)
            self._is_ending = self._is_ending or ending.get("kind") == "lost"
        tell({**ending, "seconds": round(time.monotonic() - started, 3)})


@contextlib.contextmanager
def _heartbeat(beat: Callable[[], None]):
    """Call something every second while the block runs."""
    ended = threading.Event()

    def go_on() -> None:
        while not ended.wait(HEARTBEAT_S):
            beat()

    thread = threading.Thread(target=go_on, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _done(facts: dict[str, Any]) -> Message:
    rest = dict(facts)
    return {
        "event": "done",
        "model_loads": rest.pop("model_loads", 0),
        "peak_memory_bytes": rest.pop("peak_memory_bytes", None),
        "facts": rest,
    }
