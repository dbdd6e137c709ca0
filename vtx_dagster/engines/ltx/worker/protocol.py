"""How clients and a resident worker speak: JSON objects, a line each, over a Unix socket. Version 1.

A worker holds a device (an ``flock`` on ``<device>.lock``) and listens on ``<device>.sock`` in the same folder, mode 0600. The
client asks, with the key ``op``; the worker tells, with the key ``event``. A line has at most 1 MiB. Whoever sends something else
is cut off; others do not notice.

``hello``
    Answered by ``hello``: ``protocol``, ``pid``, ``device``, ``backend``, ``config_key``, ``versions``, ``state`` (``idle`` or
    ``busy``), ``owner`` and ``clip`` of the lease, ``model_loads``, ``peak_memory_bytes``, ``idle_s``, ``num_jobs``, ``log``.
``lease`` with ``owner`` (who, for people)
    Answered by ``leased``, with the descriptor of the device's lock attached (SCM_RIGHTS), so that the device stays the client's
    even where the worker dies; or by ``busy`` with ``owner``.
``job`` with ``id``, ``clip``, ``backend``, ``request``, ``output``
    While it runs, each with its ``id``: ``heartbeat`` every second, and ``line`` with ``text``: what was printed, where carriage
    returns end lines, too. At its end ``done`` with ``model_loads``, ``peak_memory_bytes``, ``seconds`` and ``facts``; or
    ``failed`` with ``kind`` (``oom``, ``error``, ``exit``, ``storage``, ``lost``), ``message``, ``exit_code``, ``tail`` and
    ``seconds``. After ``lost`` the worker ends.
``release``
    The lease is over. Answered by ``released``.
``retire``
    The worker ends. Answered by ``retiring``; or by ``busy``, where another client has the lease.

One lease at a time, one connection each. Whoever starts a worker has a connection that it inherits, with the first lease. If the
connection of the lease ends while a job runs, the worker kills its process group at once, because nobody waits for what it makes.
Otherwise it stays for the next client, until nobody has had a lease for ``idle_s`` seconds.
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

VERSION: Final = 1
MAX_MESSAGE_BYTES: Final = 1024 * 1024
MAX_LINE_CHARACTERS: Final = 4096
HEARTBEAT_S: Final = 1.0

_READ_BYTES: Final = 64 * 1024
# Linux can mark received descriptors at once, so that no child started meanwhile inherits the lock.
_RECEIVE_FLAGS: Final = getattr(socket, "MSG_CMSG_CLOEXEC", 0)

Message = dict[str, Any]


class ClosedError(Exception):
    """The other side is gone."""


class JunkError(Exception):
    """The other side sent something that is no message."""


class Channel:
    """One end of a connection. One thread receives; any may send.

    Args:
        connection: A connected stream socket, which the channel owns.
        accepts_descriptor: Whether a file descriptor may come along with a message.
    """

    def __init__(self, connection: socket.socket, *, accepts_descriptor: bool = False) -> None:
        self._socket = connection
        self._accepts_descriptor = accepts_descriptor
        self._descriptors: list[int] = []
        self._received = b""
        self._sending = threading.Lock()

    def send(self, message: Mapping[str, Any], *, descriptors: Sequence[int] = ()) -> None:
        """Send a message.

        Raises:
            ClosedError: If the other side is gone.
            ValueError: If the message is too long, or no JSON.
        """
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(data) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {len(data)} bytes is longer than {MAX_MESSAGE_BYTES}")
        with self._sending:
            try:
                if descriptors:
                    # One byte is always taken whole, so the descriptors are sent exactly once.
                    socket.send_fds(self._socket, [data[:1]], list(descriptors))
                    data = data[1:]
                self._socket.sendall(data)
            except OSError as error:
                raise ClosedError(str(error)) from error

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Return the next message, or None if none came in time.

        Raises:
            ClosedError: If the other side is gone.
            JunkError: If what came is no message.
        """
        while b"\n" not in self._received:
            if len(self._received) > MAX_MESSAGE_BYTES:
                raise JunkError("a line without end")
            try:
                self._socket.settimeout(timeout_s)
                chunk = self._read()
            except TimeoutError:
                return None
            except OSError as error:
                raise ClosedError(str(error)) from error
            if not chunk:
                raise ClosedError("the connection ended")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        try:
            message = json.loads(line)
        except ValueError as error:
            raise JunkError("no JSON") from error
        if not isinstance(message, dict):
            raise JunkError("no JSON object")
        return message

    def take_descriptor(self) -> int | None:
        """Return the descriptor that came with a message, once; the caller closes it."""
        return self._descriptors.pop() if self._descriptors else None

    def close(self) -> None:
        """End the connection; a thread that is receiving on it learns so."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        with contextlib.suppress(OSError):  # it may have been closed from the other side
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _read(self) -> bytes:
        if not self._accepts_descriptor:
            return self._socket.recv(_READ_BYTES)
        data, descriptors, _, _ = socket.recv_fds(self._socket, _READ_BYTES, 4, _RECEIVE_FLAGS)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's signature
        self._descriptors.extend(descriptors)
        return data


def connect(path: str, *, timeout_s: float = 5.0) -> socket.socket | None:
    """Return a connection to the worker that listens on a socket, or None if there is none."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection
