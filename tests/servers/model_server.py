"""A language model service on loopback that answers as it is told: what OpenAI's SDK, unchanged, talks to in tests.

It serves ``/v1/responses``, ``/v1/chat/completions`` and ``/v1/moderations``, records every request, and counts tokens as the
length of the texts divided by 4, half of the input as cached.

    from model_server import ModelServer, answer, status

    with ModelServer(author) as server:          # author: (Request) -> what the answer is, as JSON
        server.will(status(429), answer({"title": "X"}))   # the next two requests; after them the author again
        ... OPENAI_BASE_URL=server.url, OPENAI_API_KEY=server.key ...
        assert [request.schema_name for request in server.requests] == [...]

An author is the simplest way to have a whole film written: it looks at ``request.schema_name`` (the template's name), at
``request.user`` (the question) or at ``request.schema`` (with the enums of keys), and returns a dict. It may be called by
several threads at once. It may also return a behaviour, such as ``refusal()``, to choose per request.

Behaviours of the queue, each for one request (retries are requests of their own):

- ``answer(value)``: the value as JSON; a text is sent as it is (``answer("{not JSON")``).
- ``status(429, retry_after_s=0.01)``: an error of the service; 401, 400, 404, 500, ...; ``says`` is its message.
- ``truncated(text)``: the answer ended at the limit of tokens.
- ``refusal(text)``: the model refused.
- ``slow(seconds)``: waits that long, then answers as the author.
- ``broken()``: closes the connection without an answer.
- ``body(text)``: any body with status 200, such as a page of HTML.
"""

import base64
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "sk-loopback-0123456789abcdef"
"""The key that the server wants; others get a 401."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it arrived; the names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def is_chat(self) -> bool:
        return self.path.endswith("/chat/completions")

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Role and text of each message."""
        return [(one["role"], one["content"]) for one in self.body["messages" if self.is_chat else "input"]]

    @property
    def system(self) -> str:
        """The first message."""
        return self.messages[0][1]

    @property
    def user(self) -> str:
        """The first message of the user: the question, also when the request is a repair."""
        return next(text for role, text in self.messages if role == "user")

    @property
    def repairs(self) -> list[str]:
        """What the model was told to mend so far."""
        return [text for role, text in self.messages if role == "user"][1:]

    @property
    def schema_name(self) -> str:
        return self._form["name"]

    @property
    def schema(self) -> dict[str, Any]:
        return self._form["schema"]

    @property
    def _form(self) -> dict[str, Any]:
        return self.body["response_format"]["json_schema"] if self.is_chat else self.body["text"]["format"]


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What the server does with one request."""

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: str = "complete"
    wait_s: float = 0.0
    by_author: bool = False
    raw: str | None = None
    is_broken: bool = False


Author = Callable[[Request], Any]


def answer(value: object) -> Behaviour:
    """Answer with a value as JSON, or with a text as it is."""
    return Behaviour(text=value if isinstance(value, str) else json.dumps(value))


def status(
    code: int,
    *,
    retry_after_s: float = 0.01,
    says: str = "the service says no",
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """Answer with an error; ``retry_after_s`` is how long it wants to be left alone before the next try;
    ``headers`` say something else about that.
    """
    wait = {"retry-after-ms": f"{retry_after_s * 1000:g}"} if headers is None else headers
    return Behaviour(status=code, headers=wait, raw=json.dumps({"error": {"message": says, "type": "error", "code": None}}))


def truncated(text: str = '{"title": "half an ans') -> Behaviour:
    """Answer with a text that ended at the limit of tokens."""
    return Behaviour(text=text, ending="truncated")


def refusal(text: str = "I cannot help with that.") -> Behaviour:
    """Refuse."""
    return Behaviour(text=text, ending="refused")


def slow(seconds: float) -> Behaviour:
    """Wait, then answer as the author."""
    return Behaviour(wait_s=seconds, by_author=True)


def broken() -> Behaviour:
    """Close the connection without an answer."""
    return Behaviour(is_broken=True)


def body(text: str) -> Behaviour:
    """Answer with any body and status 200."""
    return Behaviour(raw=text)


class ModelServer:
    """The service. A context manager; it stops with the block.

    Args:
        author: Writes the answers to requests that no behaviour is queued for.
        flags: Words that moderation flags, each under the category ``violence``.

    Attributes:
        requests: Every request for an answer, in the order in which they came, also those that failed.
        moderated: Every text that was sent to moderation.
        most_open: The most requests for answers that were open at one time.
        key: The key that it accepts.
        login: ``user:password`` that it accepts instead; a key is refused then.
    """

    key = KEY

    def __init__(self, author: Author | None = None, *, flags: tuple[str, ...] = ()) -> None:
        self.author = author or (lambda request: {})
        self.flags = flags
        self.login = ""
        self.requests: list[Request] = []
        self.moderated: list[str] = []
        self.most_open = 0
        self._num_open = 0
        self._queue: deque[Behaviour] = deque()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def settings(self) -> dict[str, str]:
        """Settings that make a project ask this server."""
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": self.key}

    def will(self, *behaviours: Behaviour) -> None:
        """Queue behaviours, one for each of the next requests."""
        self._queue.extend(behaviours)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5  # a kept connection does not hold up the end of a test

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(
                    path=self.path,
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=json.loads(content),
                )
                server._serve(self, request)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}" if self.login else f"Bearer {self.key}"
        if request.headers.get("authorization") != wanted:
            _send(handler, status(401, says=f"Incorrect API key: {request.headers.get('authorization')}"))
            return
        if request.path.endswith("/moderations"):
            self.moderated.append(request.body["input"])
            _send(handler, Behaviour(raw=json.dumps(self._moderation(request.body["input"]))))
            return
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            behaviour = self._queue.popleft() if self._queue else Behaviour(by_author=True)
            self._num_open += 1
            self.most_open = max(self.most_open, self._num_open)
        try:
            self._act(handler, request, behaviour, number)
        finally:
            with self._lock:
                self._num_open -= 1

    def _act(self, handler: BaseHTTPRequestHandler, request: Request, behaviour: Behaviour, number: int) -> None:
        self._stopped.wait(behaviour.wait_s)
        if behaviour.by_author:
            value = self.author(request)
            behaviour = value if isinstance(value, Behaviour) else answer(value)
        if behaviour.is_broken:
            handler.close_connection = True
            return
        if behaviour.raw is None:
            write = _chat_body if request.is_chat else _responses_body
            behaviour = Behaviour(raw=json.dumps(write(request, behaviour, f"resp_{number:04d}"), ensure_ascii=False))
        _send(handler, behaviour)

    def _moderation(self, text: str) -> dict[str, Any]:
        is_flagged = any(word in text for word in self.flags)
        categories = {"violence": is_flagged, "harassment/threatening": False, "illicit": None}
        result = {"flagged": is_flagged, "categories": categories, "category_scores": {}, "category_applied_input_types": {}}
        return {"id": "modr_1", "model": "omni-moderation", "results": [result]}


def _send(handler: BaseHTTPRequestHandler, behaviour: Behaviour) -> None:
    content = (behaviour.raw or "").encode()
    try:
        handler.send_response(behaviour.status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        for name, value in behaviour.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
    except (BrokenPipeError, ConnectionResetError):
        handler.close_connection = True  # the client did not wait


def _tokens(text: str) -> int:
    return -(-len(text) // 4)


def _responses_body(request: Request, behaviour: Behaviour, response_id: str) -> dict[str, Any]:
    sent, came = sum(_tokens(text) for _, text in request.messages), _tokens(behaviour.text)
    kind = (
        {"type": "refusal", "refusal": behaviour.text}
        if behaviour.ending == "refused"
        else {"type": "output_text", "text": behaviour.text, "annotations": []}
    )
    is_truncated = behaviour.ending == "truncated"
    return {
        "id": response_id,
        "object": "response",
        "created_at": int(time.time()),
        "model": request.body["model"],
        "status": "incomplete" if is_truncated else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if is_truncated else None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [kind]},
        ],
        "usage": {
            "input_tokens": sent,
            "input_tokens_details": {"cached_tokens": sent // 2, "cache_write_tokens": 0},
            "output_tokens": came,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": sent + came,
        },
    }


def _chat_body(request: Request, behaviour: Behaviour, response_id: str) -> dict[str, Any]:
    sent, came = sum(_tokens(text) for _, text in request.messages), _tokens(behaviour.text)
    is_refused = behaviour.ending == "refused"
    message = {
        "role": "assistant",
        "content": None if is_refused else behaviour.text,
        "refusal": behaviour.text if is_refused else None,
    }
    return {
        "id": response_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.body["model"],
        "choices": [{"index": 0, "finish_reason": "length" if behaviour.ending == "truncated" else "stop", "message": message}],
        "usage": {
            "prompt_tokens": sent,
            "prompt_tokens_details": {"cached_tokens": sent // 2},
            "completion_tokens": came,
            "total_tokens": sent + came,
        },
    }
