"""The lanes of resident workers: which clip goes to which device, and what happens when a worker is lost."""

import contextlib
import hashlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import vtx_dagster
from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import CancelledError, EngineLostError, OutOfMemoryError, RenderError
from vtx_dagster.engines.ltx.devices import POLL_S, ask_to_retire, device_environment, socket_path, try_device
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Rung, Watch
from vtx_dagster.engines.ltx.memory_ladder import host_kills
from vtx_dagster.engines.ltx.quarantine import forget_failures, note_failure, quarantine_of
from vtx_dagster.engines.ltx.worker.device_lock import sign
from vtx_dagster.engines.ltx.worker.protocol import ClosedError, JunkError
from vtx_dagster.engines.ltx.worker_client import (
    SIGKILLED,
    WorkerClient,
    WorkerRecipe,
    find_worker,
    kill_group,
    silent_worker,
    start_worker,
)

_NOTE_CHARACTERS: Final = 500


class WorkerLanes:
    """Devices with a resident worker each; see ``Lanes``.

    A device is held for one clip at a time: a run that kept it would deadlock with one that holds a clip's lock and waits for the
    device. Its worker stays, for this run's next clip and for whoever comes then.

    Args:
        devices: Which devices; at least one.
        recipe: How workers are started.
    """

    def __init__(self, devices: Sequence[Device], recipe: WorkerRecipe) -> None:
        self._recipe = recipe
        self._slots = tuple(_Slot(device, recipe) for device in devices)
        self._hand = threading.Lock()

    @property
    def devices(self) -> tuple[Device, ...]:
        """Which devices, quarantined ones included."""
        return tuple(slot.device for slot in self._slots)

    @contextmanager
    def lane(self, *, cancelled: Callable[[], bool] = never) -> Iterator["_WorkerLane"]:
        """Hold a free device for one clip; see ``Lanes.lane``.

        Raises:
            EngineLostError: If every device is quarantined.
            CancelledError: If it was called off while it waited.
        """
        slot = self._taken(cancelled)
        try:
            yield _WorkerLane(slot)
        finally:
            self._give_back(slot)

    def close(self) -> None:
        """End the workers that were used here where none is to stay idle; else they stay until they were for long enough."""
        if self._recipe.idle_s:
            return
        for slot in self._slots:
            if slot.was_used:
                ask_to_retire(self._recipe.folder, slot.device)

    def _taken(self, cancelled: Callable[[], bool]) -> "_Slot":
        while not cancelled():
            reasons = {slot: found for slot in self._slots if (found := quarantine_of(self._recipe.folder, slot.device))}
            if len(reasons) == len(self._slots):
                told = "; ".join(f"{slot.device.name}: {found.reason}" for slot, found in reasons.items())
                raise EngineLostError(
                    f"every device is left out because renders on it were lost again and again: mend what is wrong, then "
                    f"`vtx workers release`, or wait an hour ({told})",
                    devices=[slot.device.name for slot in self._slots],
                )
            # A device whose models are loaded comes first: by this run, then by one before it.
            for slot in sorted(self._slots, key=lambda slot: (not slot.was_used, not slot.has_worker)):
                if slot not in reasons and self._is_taken_now(slot):
                    return slot
            time.sleep(POLL_S)
        names = ", ".join(device.name for device in self.devices)
        raise CancelledError(f"called off while it waited for {names}")

    def _is_taken_now(self, slot: "_Slot") -> bool:
        with self._hand:
            if slot.is_in_hand:
                return False
            slot.is_in_hand = True
        is_held = False
        try:
            is_held = slot.try_hold()
        finally:
            slot.is_in_hand = is_held
        return is_held

    def _give_back(self, slot: "_Slot") -> None:
        slot.let_go()
        slot.is_in_hand = False


class _WorkerLane:
    """A held device; see ``Lane``."""

    def __init__(self, slot: "_Slot") -> None:
        self._slot = slot

    @property
    def device(self) -> Device:
        """Which device."""
        return self._slot.device

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        """Run a job on the device's worker, which is started where there is none for the rung; see ``Lane.run``."""
        return self._slot.run(job, rung=rung, watch=watch)


class _Slot:
    """A device of a ``WorkerLanes``: not held, held without a worker, or held with one. Used by one thread at a time.

    Attributes:
        device: Which.
        is_in_hand: Whether a thread has it.
        was_used: Whether a clip was rendered on it.
    """

    def __init__(self, device: Device, recipe: WorkerRecipe) -> None:
        self.device = device
        self.is_in_hand = False
        self.was_used = False
        self._recipe = recipe
        self._lock: int | None = None
        self._worker: WorkerClient | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._silent_since: float | None = None

    @property
    def has_worker(self) -> bool:
        return socket_path(self._recipe.folder, self.device).exists()

    def try_hold(self) -> bool:
        """Take the device if nobody has it, or lease the worker that does; return whether that worked."""
        self._lock = try_device(self._recipe.folder, self.device)
        if self._lock is not None:
            sign(self._lock, what=self._recipe.owner)
            return True
        worker = find_worker(self._recipe, self.device, child=self._child)
        if worker is None:
            self._watch_silence()
            return False
        self._silent_since = None
        with contextlib.suppress(ClosedError, JunkError):
            self._lock = worker.lease()
        if self._lock is None:
            worker.close()
            return False
        self._worker = worker
        return True

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        folder = self._recipe.folder
        self.was_used = True
        kills, since = host_kills(), time.monotonic()
        try:
            worker = self._ready(rung, watch, since)
            result = worker.run(job, options=rung.options, watch=watch, since=since)
        except EngineLostError as error:
            if error.details.get("end") == SIGKILLED and host_kills() > kills:
                message = f"{self.device.name}: the kernel killed the worker because the computer has too little memory"
                raise OutOfMemoryError(message, **error.details) from error
            note_failure(folder, self.device, clip=job.clip, reason=error.message[:_NOTE_CHARACTERS])
            raise
        except RenderError:
            # The worker lives, and gave a reason.
            forget_failures(folder, self.device)
            raise
        finally:
            if self._worker is not None and self._worker.is_gone:
                self._worker = None
        forget_failures(folder, self.device)
        return result

    def let_go(self) -> None:
        """End the lease, if a worker is there, and the hold on the device."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        lock, self._lock = self._lock, None
        assert lock is not None  # noqa: S101 - a lane is of a device that is held
        os.close(lock)

    def _ready(self, rung: Rung, watch: Watch, since: float) -> WorkerClient:
        """Return a leased worker for a rung; one that runs otherwise is ended before."""
        env = {**device_environment(self.device), **rung.env}
        key = _key(self._recipe, env)
        if self._worker is not None and self._worker.key != key:
            worker, self._worker = self._worker, None
            worker.retire()
        if self._worker is None:
            assert self._lock is not None  # noqa: S101 - a lane is of a device that is held
            self._worker = start_worker(
                self._recipe,
                self.device,
                key=key,
                env=env,
                lock_descriptor=self._lock,
                limit_s=watch.timeout_s - (time.monotonic() - since),
                cancelled=watch.cancelled,
            )
            self._child = self._worker.process
        return self._worker

    def _watch_silence(self) -> None:
        """End a worker that has taken connections and not answered for too long: its own client may be gone."""
        pid = silent_worker(self._recipe.folder, self.device)
        now = time.monotonic()
        if pid is None:
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since >= self._recipe.silence_s:
            kill_group(pid)


def _key(recipe: WorkerRecipe, env: Mapping[str, str]) -> str:
    """Return what tells workers apart that do not render alike."""
    parts = (vtx_dagster.__version__, recipe.python, recipe.backend, recipe.config_key, sorted(env.items()))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
