import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtx_dagster.engines.ltx.worker.protocol import MAX_MESSAGE_BYTES, Channel, ClosedError, JunkError, connect


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    one, two = socket.socketpair()
    channel = Channel(one)
    with two:
        yield channel, two
        channel.close()


def test_messages_cross_whole_however_they_are_cut(ends):
    channel, other = ends
    data = json.dumps({"op": "hello", "text": "é\n"}).encode() + b"\n"
    other.sendall(data[:5])
    assert channel.receive(0.01) is None
    other.sendall(data[5:] + data)
    assert [channel.receive(1), channel.receive(1)] == [{"op": "hello", "text": "é\n"}] * 2
    channel.send({"event": "line"})
    assert other.recv(100) == b'{"event":"line"}\n'


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"GET / HTTP/1.1\n", "no JSON", id="text"),
        pytest.param(b"\xff\xfe\n", "no JSON", id="bytes"),
        pytest.param(b"[1]\n", "no JSON object", id="list"),
    ],
)
def test_junk_is_refused(ends, sent, reason):
    channel, other = ends
    other.sendall(sent)
    with pytest.raises(JunkError, match=reason):
        channel.receive(1)


def test_a_line_without_end_is_not_kept_for_ever():
    one, two = socket.socketpair()
    channel = Channel(one)
    with two:
        two.setblocking(False)
        sent = 0
        with pytest.raises(JunkError, match="without end"):  # noqa: PT012 - sending and receiving take turns
            while sent < 2 * MAX_MESSAGE_BYTES:
                try:
                    sent += two.send(b"x" * 65536)
                except BlockingIOError:
                    channel.receive(0.001)
            channel.receive(0.1)
        channel.close()
    assert sent < 2 * MAX_MESSAGE_BYTES


def test_too_long_a_message_is_not_sent(ends):
    channel, _ = ends
    with pytest.raises(ValueError, match="longer than"):
        channel.send({"text": "x" * MAX_MESSAGE_BYTES})


def test_the_end_of_the_other_side_is_an_error_of_its_own(ends):
    channel, other = ends
    other.close()
    with pytest.raises(ClosedError):
        channel.receive(1)
    with pytest.raises(ClosedError):
        channel.send({"op": "hello"})


def test_receiving_on_a_closed_channel_says_so(ends):
    channel, _ = ends
    channel.close()
    with pytest.raises(ClosedError):
        channel.receive(1)
    channel.close()


def test_a_descriptor_comes_along_once_and_is_not_inherited(tmp_path):
    one, two = socket.socketpair()
    giver, taker = Channel(one), Channel(two, accepts_descriptor=True)
    with (tmp_path / "file").open("wb") as file:
        giver.send({"event": "leased"}, descriptors=[file.fileno()])
        assert taker.receive(1) == {"event": "leased"}
        descriptor = taker.take_descriptor()
        assert descriptor is not None
        assert os.fstat(descriptor).st_ino == os.fstat(file.fileno()).st_ino
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
        assert taker.take_descriptor() is None
        giver.send({"event": "leased"}, descriptors=[file.fileno()])
        taker.receive(1)
        open_before = len(list(Path("/dev/fd").iterdir()))
        taker.close()
        assert len(list(Path("/dev/fd").iterdir())) == open_before - 2, "the socket and the descriptor that nobody took"
    giver.close()


def test_connecting_where_nobody_listens(tmp_path):
    assert connect(str(tmp_path / "none.sock")) is None
