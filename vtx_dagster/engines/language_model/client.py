"""One request to a language model service, and what came back: a thin use of OpenAI's SDK.

Nothing is sent twice here: each sending may cost something, and who sends again has to count it.
"""

import base64
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Literal, Protocol
from urllib.parse import quote, unquote, urlsplit

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import from_json

from vtx_dagster.core.errors import CredentialsError, InvalidRequestError, RejectedRequestError, ServiceError, VtxError
from vtx_dagster.engines.language_model.prompt import Message

Api = Literal["responses", "chat"]
"""``responses`` is OpenAI's API of 2025; ``chat`` is chat completions, which other services and local servers have, too."""

APIS: tuple[Api, ...] = ("responses", "chat")

OPENAI_URL = "https://api.openai.com/v1"
"""Where requests go when no other address is set."""

_HIDDEN = "[hidden]"
_MIN_SECRET_CHARS = 8  # shorter keys are placeholders for servers that want none, and may be words of a story
_MAX_SHOWN_CHARS = 600
_HTTP_SERVER_ERROR = 500
_HTTP_MAY_PASS = (408, 409, 429)
"""Errors of the request, by their numbers, that another try may not have; as all from 500 on."""
_HTTP_TIMED_OUT = (408, 504, 524)
"""Someone on the way stopped waiting; the model may have gone on. 524 is Cloudflare's."""
_NAME_MARKS = re.compile(r"[^a-zA-Z0-9_-]")
# Exceptions of the SDK's transport (httpx, or httpx2 since SDK 3) after which the service has seen nothing of the request.
_NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "InvalidURL", "ProxyError"})


class Ending(StrEnum):
    """How an answer ended."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A question, complete but for the model and its parameters.

    Attributes:
        name: Name of the answer's schema.
        schema: Strict JSON Schema of the answer.
        max_output_tokens: Where the answer is cut off, reasoning included.
    """

    name: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]
    max_output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The tokens that a service counted; cached ones are part of the input, those of reasoning part of the output."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReply:
    """What a service answered.

    Attributes:
        text: What the model said.
        ending: How it ended. ``FAILED``: what came back is no answer.
        detail: What the service says about an ending that is not ``COMPLETE``.
        model: Name of the model that answered, as the service gives it; it may be a dated one.
        usage: None if the service does not count.
        raw: The body that came back; as text where it is not JSON.
        seconds: From the request to the answer.
    """

    text: str
    ending: Ending = Ending.COMPLETE
    detail: str = ""
    model: str = ""
    response_id: str = ""
    usage: Usage | None = None
    raw: JsonValue = None
    seconds: float = 0.0


class LanguageModel(Protocol):
    """A language model that answers in JSON. Several threads may ask at once."""

    @property
    def name(self) -> str:
        """Name of the model."""
        ...

    @property
    def moderation(self) -> str:
        """Name of the moderation model; empty if answers are not moderated."""
        ...

    def ready(self) -> None:
        """Return if there is all that a question needs; sends nothing.

        Raises:
            MissingSettingError: If there is no key.
            InvalidRequestError: If it cannot be a key.
        """
        ...

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """Return exactly what ``complete`` sends; sends nothing."""
        ...

    def complete(self, request: ModelRequest) -> ModelReply:
        """Send a question once, and return the answer, whatever it is.

        Raises:
            CredentialsError: If the service does not accept the key.
            RejectedRequestError: If it will not serve the request.
            MissingSettingError: If there is no key.
            InvalidRequestError: If it cannot be a key.
            ServiceError: If it cannot be reached, is overloaded or too slow, so that another try may succeed. In the details are
                ``may_have_cost``, False if no work was done or none is charged; the HTTP ``status`` if there is one; and
                ``retry_after_s``, the pause that the service wants, or None.
        """
        ...

    def moderate(self, text: str) -> tuple[str, ...]:
        """Return the categories for which the moderation model flags a text; as ``complete`` raises."""
        ...


@dataclass(frozen=True, kw_only=True)
class OpenAiModel:
    """A model of OpenAI, or of a service that speaks one of its two APIs.

    Attributes:
        name: Name of the model.
        key: Returns the key of the service, when it is needed. It is in no error, body, repr or log.
        api: How it is asked.
        base_url: Address of the service. A user and password in it are sent instead of the key, and as little seen.
        timeout_s: How long an answer may take, in seconds.
        temperature: Sent if set.
        reasoning: Reasoning effort; sent if not empty.
        moderation: Name of the moderation model; empty for none.
        client: An ``openai.OpenAI`` to use, instead of a new one per question from the above.
    """

    name: str
    key: Callable[[], str] = field(repr=False)
    api: Api = "responses"
    base_url: str = field(default=OPENAI_URL, repr=False)
    timeout_s: float = 300.0
    temperature: Decimal | None = None
    reasoning: str = ""
    moderation: str = ""
    client: Any = field(default=None, repr=False, compare=False)

    def ready(self) -> None:
        """Return if there is a key; as ``LanguageModel.ready`` raises."""
        self._good_key()

    def body(self, request: ModelRequest) -> dict[str, Any]:
        """Return exactly what ``complete`` sends; sends nothing."""
        messages = [{"role": message.role, "content": message.text} for message in request.messages]
        form = {"name": _NAME_MARKS.sub("_", request.name)[:64], "schema": dict(request.schema), "strict": True}
        temperature = {} if self.temperature is None else {"temperature": float(self.temperature)}
        if self.api == "chat":
            reasoning = {"reasoning_effort": self.reasoning} if self.reasoning else {}
            # OpenAI keeps chats unless told not to; other services do not know the word, and some refuse what they do not know.
            store = {"store": False} if self.base_url == OPENAI_URL else {}
            return {
                "model": self.name,
                "messages": messages,
                "response_format": {"type": "json_schema", "json_schema": form},
                "max_completion_tokens": request.max_output_tokens,
                **store,
                **temperature,
                **reasoning,
            }
        reasoning = {"reasoning": {"effort": self.reasoning}} if self.reasoning else {}
        return {
            "model": self.name,
            "input": messages,
            "text": {"format": {"type": "json_schema", **form}},
            "max_output_tokens": request.max_output_tokens,
            "store": False,
            **temperature,
            **reasoning,
        }

    def complete(self, request: ModelRequest) -> ModelReply:
        """Send a question once, and return the answer, whatever it is; as ``LanguageModel.complete`` raises."""
        started = time.monotonic()
        with self._connected() as client:
            create = client.chat.completions if self.api == "chat" else client.responses
            text = self._hidden(create.with_raw_response.create(**self.body(request)).text)
        return _reply(text, self.api, seconds=time.monotonic() - started)

    def moderate(self, text: str) -> tuple[str, ...]:
        """Return the categories for which the moderation model flags a text; as ``LanguageModel.complete`` raises."""
        with self._connected() as client:
            body = client.moderations.with_raw_response.create(model=self.moderation, input=text).text
        try:
            results = _Moderation.model_validate_json(body).results
        except ValidationError as error:
            message = f"{self._address} answered to a moderation with {_first_problem(error)}: check VTX_STORY_MODERATION"
            raise ServiceError(message) from error
        return tuple(sorted({name for result in results if result.flagged for name, holds in result.categories.items() if holds}))

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give a client; errors of the SDK become errors of this project."""
        import openai  # takes half a second, and plans need none of it

        try:
            if self.client is not None:
                yield self.client.with_options(max_retries=0)
                return
            parts, login = urlsplit(self.base_url), self._login
            # In the address itself they would be in the logs of the transport, which has the whole of it there.
            address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
            headers = {"Authorization": f"Basic {_base64(login)}"} if login else {}
            # One per question: connecting takes nothing beside an answer, and no connection is left open behind anyone's back.
            with openai.OpenAI(
                api_key=self._good_key(),
                base_url=address,
                default_headers=headers,
                timeout=self.timeout_s,
                max_retries=0,
            ) as client:
                yield client
        except openai.APIError as error:
            # The SDK's error has the request and the service's words in it, and so perhaps the key: no traceback may show it.
            raise self._error_of(error) from None

    def _error_of(self, error: Any) -> VtxError:
        import openai

        said = self._hidden(str(error.message))[:_MAX_SHOWN_CHARS]
        if isinstance(error, openai.APITimeoutError):
            message = (
                f"{self._address} did not answer within {self.timeout_s:g} s: try again later, or set VTX_STORY_TIMEOUT_S or "
                "VTX_STORY_RETRIES higher"
            )
            return ServiceError(message, may_have_cost=not _is_never_sent(error))
        if isinstance(error, openai.APIConnectionError):
            cause = self._hidden(str(error.__cause__ or said))[:_MAX_SHOWN_CHARS]
            message = f"{self._address} cannot be reached ({cause}): check the network and OPENAI_BASE_URL, or try again later"
            return ServiceError(message, may_have_cost=not _is_never_sent(error))
        status = getattr(error, "status_code", None)
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            message = (
                f"{self._address} does not accept the key ({said}): check OPENAI_API_KEY, and whether it may use {self.name}"
            )
            return CredentialsError(message, status=status)
        if isinstance(status, int) and (status in _HTTP_MAY_PASS or status >= _HTTP_SERVER_ERROR):
            message = (
                f"{self._address} failed ({said}): try again later, or check the account's limits and credit, and lower "
                "VTX_STORY_CONCURRENCY"
            )
            # An error is an answer without tokens, and nothing is charged for it.
            may_have_cost = status in _HTTP_TIMED_OUT
            wanted_s = _retry_after_s(error.response.headers)
            return ServiceError(message, status=status, may_have_cost=may_have_cost, retry_after_s=wanted_s)
        message = (
            f"{self._address} will not serve the request ({said}): check VTX_STORY_MODEL ({self.name}), "
            f"VTX_STORY_API ({self.api}), VTX_STORY_TEMPERATURE, VTX_STORY_REASONING and OPENAI_BASE_URL"
        )
        return RejectedRequestError(message, status=status)

    @property
    def _address(self) -> str:
        parts = urlsplit(self.base_url)
        return f"the language model service at {parts.netloc.rpartition('@')[2] or self.base_url}"

    def _good_key(self) -> str:
        key = self.key().strip()
        if not (key.isascii() and key.isprintable()):
            # Sent, it would come back in an error of the transport.
            message = (
                "OPENAI_API_KEY has characters in it that no key has, such as a line break or a letter that is not ASCII: copy "
                "the key again; `vtx doctor` says where it is set"
            )
            raise InvalidRequestError(message, setting="OPENAI_API_KEY")
        return key

    @property
    def _login(self) -> str:
        """User and password of the address as ``user:password``; empty if there are none in it."""
        parts = urlsplit(self.base_url)
        return f"{unquote(parts.username or '')}:{unquote(parts.password or '')}" if "@" in parts.netloc else ""

    def _hidden(self, text: str) -> str:
        """Return a text without the key and the password that it may repeat, in any of the forms that they travel in."""
        login = self._login
        password = login.partition(":")[2]
        forms = {self._good_key(), password}
        for _ in range(2):  # a body of JSON, and the JSON of the model inside it
            forms |= {escaped(secret)[1:-1] for secret in forms for escaped in (repr, json.dumps)}
        forms |= {urlsplit(self.base_url).password or "", quote(password), quote(password, safe=""), _base64(login)}
        for secret in sorted(forms, key=len, reverse=True):
            if len(secret) >= _MIN_SECRET_CHARS:
                text = text.replace(secret, _HIDDEN)
        return text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _is_never_sent(error: Any) -> bool:
    return type(error.__cause__).__name__ in _NEVER_SENT


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the pause that a service wants before the next try, in seconds, or None: RFC 9110 10.2.3, or in milliseconds."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with suppress(ValueError):
            return _pause(float(headers.get(name, "")) * unit_s)
    with suppress(ValueError):
        day = parsedate_to_datetime(headers.get("retry-after", ""))
        return _pause(day.replace(tzinfo=day.tzinfo or UTC).timestamp() - time.time())
    return None


def _pause(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and seconds > 0 else None


# What both APIs answer, as far as it is read. Other fields are ignored, and what is not of this form is no answer.


class _Details(BaseModel):
    cached_tokens: int | None = None
    reason: str | None = None
    message: str | None = None


class _Part(BaseModel):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Item(BaseModel):
    type: str = ""
    content: list[_Part] | None = None


class _ResponsesUsage(BaseModel):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _Details | None = None


class _Responses(BaseModel):
    id: str = ""
    model: str = ""
    status: str | None = None
    error: _Details | None = None
    incomplete_details: _Details | None = None
    output: list[_Item]
    usage: _ResponsesUsage | None = None


class _ChatMessage(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _ChatMessage


class _ChatUsage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class _Chat(BaseModel):
    id: str = ""
    model: str = ""
    choices: list[_Choice]
    usage: _ChatUsage | None = None


class _Flags(BaseModel):
    flagged: bool
    categories: dict[str, bool | None]


class _Moderation(BaseModel):
    results: list[_Flags]


def _reply(text: str, api: Api, *, seconds: float) -> ModelReply:
    """Return what a body says. Raises nothing: the answer was paid for, and has to be kept first."""
    try:
        # Halves of surrogate pairs, which JSON can hold and no file can, become question marks.
        clean = json.dumps(json.loads(text), ensure_ascii=False).encode(errors="replace")
        [raw] = from_json(b"[" + clean + b"]")  # as deep as it is kept: what could not be read again is kept as text
    except (ValueError, RecursionError):
        return ModelReply(text="", ending=Ending.FAILED, detail="the body is not JSON", raw=text, seconds=seconds)
    try:
        reply = _chat_reply(_Chat.model_validate(raw)) if api == "chat" else _responses_reply(_Responses.model_validate(raw))
    except ValidationError as error:
        reply = ModelReply(text="", ending=Ending.FAILED, detail=f"the body is no answer: {_first_problem(error)}")
    return replace(reply, raw=raw, seconds=seconds)


def _responses_reply(body: _Responses) -> ModelReply:
    parts = [part for item in body.output if item.type == "message" for part in item.content or ()]
    refusals = [part.refusal or "" for part in parts if part.type == "refusal"]
    incomplete = (body.incomplete_details or _Details()).reason or "no reason given"
    count = body.usage or _ResponsesUsage()
    if refusals:
        ending, detail = Ending.REFUSED, " ".join(refusals)
    elif body.status == "incomplete":
        ending, detail = (Ending.REFUSED if incomplete == "content_filter" else Ending.TRUNCATED), incomplete
    elif body.status in ("completed", None):
        ending, detail = Ending.COMPLETE, ""
    else:
        ending, detail = Ending.FAILED, f"status {body.status}: {(body.error or _Details()).message or 'no reason given'}"
    return ModelReply(
        text="".join(part.text or "" for part in parts if part.type == "output_text"),
        ending=ending,
        detail=detail,
        model=body.model,
        response_id=body.id,
        usage=_usage(count.input_tokens, count.output_tokens, details=count.input_tokens_details),
    )


def _chat_reply(body: _Chat) -> ModelReply:
    choice = body.choices[0] if body.choices else _Choice(finish_reason="no choices", message=_ChatMessage())
    count = body.usage or _ChatUsage()
    endings = {"stop": Ending.COMPLETE, None: Ending.COMPLETE, "length": Ending.TRUNCATED, "content_filter": Ending.REFUSED}
    ending = Ending.REFUSED if choice.message.refusal else endings.get(choice.finish_reason, Ending.FAILED)
    return ModelReply(
        text=choice.message.content or "",
        ending=ending,
        detail="" if ending == Ending.COMPLETE else choice.message.refusal or choice.finish_reason or "",
        model=body.model,
        response_id=body.id,
        usage=_usage(count.prompt_tokens, count.completion_tokens, details=count.prompt_tokens_details),
    )


def _usage(input_tokens: int | None, output_tokens: int | None, *, details: _Details | None) -> Usage | None:
    """Return what a service counted; None where it did not, or counted what cannot be, which must not give money back."""
    cached_tokens = (details.cached_tokens if details is not None else None) or 0
    if input_tokens is None or output_tokens is None or output_tokens < 0 or not 0 <= cached_tokens <= input_tokens:
        return None
    return Usage(input_tokens=input_tokens, cached_tokens=cached_tokens, output_tokens=output_tokens)


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the top'}: {first['msg']}"
