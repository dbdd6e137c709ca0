"""The client through the real SDK, over real HTTP on loopback."""

import base64
import json
import logging
import socket
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from model_server import KEY, Behaviour, ModelServer, answer, body, broken, refusal, slow, status, truncated

from vtx_dagster.core.errors import (
    CredentialsError,
    InvalidRequestError,
    MissingSettingError,
    RejectedRequestError,
    ServiceError,
    VtxError,
)
from vtx_dagster.engines.language_model.client import APIS, OPENAI_URL, Api, Ending, ModelRequest, OpenAiModel, Usage
from vtx_dagster.engines.language_model.prompt import Message

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
REQUEST = ModelRequest(
    name="scene.one",
    messages=(
        Message(role="system", text="You write."),
        Message(role="user", text="Write é."),
        Message(role="assistant", text="{}"),
        Message(role="user", text="Again."),
    ),
    schema=SCHEMA,
    max_output_tokens=100,
)
TALK = [("system", "You write."), ("user", "Write é."), ("assistant", "{}"), ("user", "Again.")]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda request: {"a": 1}, flags=("blood",)) as running:
        yield running


def model_at(address: str, **changes: Any) -> OpenAiModel:
    options = {"name": "gpt-5-mini", "key": lambda: KEY, "base_url": address, "timeout_s": 5.0, **changes}
    return OpenAiModel(**options)


@pytest.mark.parametrize("api", APIS)
def test_a_question_is_answered(server: ModelServer, api: Api):
    reply = model_at(server.url, api=api).complete(REQUEST)

    assert reply.text == '{"a": 1}'
    assert reply.ending == Ending.COMPLETE
    assert reply.detail == ""
    assert reply.model == "gpt-5-mini"
    assert reply.response_id == "resp_0001"
    assert reply.usage == Usage(input_tokens=8, cached_tokens=4, output_tokens=2)
    assert isinstance(reply.raw, dict)
    assert reply.raw["id"] == "resp_0001"
    assert 0 < reply.seconds < 5


@pytest.mark.parametrize("api", APIS)
def test_what_is_sent_is_the_body_and_nothing_else(server: ModelServer, api: Api):
    model = model_at(server.url, api=api, temperature=Decimal("0.7"), reasoning="low")
    model.complete(REQUEST)

    request = server.requests[0]
    assert request.body == model.body(REQUEST)
    assert request.messages == TALK
    assert request.schema_name == "scene_one"
    assert request.schema == SCHEMA
    assert request.body["temperature"] == 0.7


def test_bodies_of_the_responses_api_are_strict_and_not_kept_by_the_service():
    plain = model_at(OPENAI_URL).body(REQUEST)

    assert plain["text"] == {"format": {"type": "json_schema", "name": "scene_one", "schema": SCHEMA, "strict": True}}
    assert plain["store"] is False
    assert plain["max_output_tokens"] == 100
    assert plain.keys() == {"model", "input", "text", "store", "max_output_tokens"}
    assert model_at(OPENAI_URL, reasoning="low").body(REQUEST)["reasoning"] == {"effort": "low"}


def test_bodies_of_chat_completions_name_store_only_to_openai():
    plain = model_at("http://localhost:1/v1", api="chat").body(REQUEST)

    form = {"name": "scene_one", "schema": SCHEMA, "strict": True}
    assert plain["response_format"] == {"type": "json_schema", "json_schema": form}
    assert plain.keys() == {"model", "messages", "response_format", "max_completion_tokens"}
    assert model_at(OPENAI_URL, api="chat").body(REQUEST)["store"] is False
    assert model_at(OPENAI_URL, api="chat", reasoning="low").body(REQUEST)["reasoning_effort"] == "low"


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("behaviour", "ending", "detail"),
    [
        pytest.param(truncated("{half"), Ending.TRUNCATED, {"responses": "max_output_tokens", "chat": "length"}, id="truncated"),
        pytest.param(refusal("I will not."), Ending.REFUSED, dict.fromkeys(APIS, "I will not."), id="refused"),
        pytest.param(body("<html>"), Ending.FAILED, dict.fromkeys(APIS, "the body is not JSON"), id="html"),
        pytest.param(
            body("[]"),
            Ending.FAILED,
            {
                "responses": "the body is no answer: the top: Input should be a valid dictionary or instance of _Responses",
                "chat": "the body is no answer: the top: Input should be a valid dictionary or instance of _Chat",
            },
            id="list",
        ),
    ],
)
def test_endings(server: ModelServer, api: Api, behaviour: Behaviour, ending: Ending, detail: dict[str, str]):
    server.will(behaviour)
    reply = model_at(server.url, api=api).complete(REQUEST)

    assert (reply.ending, reply.detail) == (ending, detail[api])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("api", "text", "ending", "detail"),
    [
        pytest.param(
            "responses",
            '{"output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}}',
            Ending.REFUSED,
            "content_filter",
            id="filtered",
        ),
        pytest.param("responses", '{"output": [], "status": "incomplete"}', Ending.TRUNCATED, "no reason given", id="incomplete"),
        pytest.param(
            "responses",
            '{"output": [], "status": "failed", "error": {"code": "server_error", "message": "it broke"}}',
            Ending.FAILED,
            "status failed: it broke",
            id="failed",
        ),
        pytest.param(
            "responses", '{"output": [], "status": "queued"}', Ending.FAILED, "status queued: no reason given", id="queued"
        ),
        pytest.param("responses", '{"output": [{"type": "message"}]}', Ending.COMPLETE, "", id="silent"),
        pytest.param(
            "chat",
            '{"choices": [{"finish_reason": "content_filter", "message": {"content": ""}}]}',
            Ending.REFUSED,
            "content_filter",
            id="chat filtered",
        ),
        pytest.param("chat", '{"choices": [{"message": {}}]}', Ending.COMPLETE, "", id="chat silent"),
        pytest.param("chat", '{"choices": []}', Ending.FAILED, "no choices", id="chat empty"),
    ],
)
def test_endings_of_other_services(server: ModelServer, api: Api, text: str, ending: Ending, detail: str):
    server.will(body(text))
    reply = model_at(server.url, api=api).complete(REQUEST)

    assert (reply.ending, reply.detail, reply.text, reply.usage) == (ending, detail, "", None)


def test_a_half_of_a_character_can_be_kept(server: ModelServer):
    server.will(body(r'{"output": [{"type": "message", "content": [{"type": "output_text", "text": "a\ud83d \ud83d\ude00"}]}]}'))
    reply = model_at(server.url).complete(REQUEST)

    assert reply.text == "a? \N{GRINNING FACE}"
    assert reply.text in str(reply.raw)


def test_a_body_that_is_too_deep_to_be_kept_is_kept_as_text(server: ModelServer):
    for text in ("[" * 200_000, '{"output": ' + "[" * 250 + "]" * 250 + "}"):
        server.will(body(text))
        reply = model_at(server.url).complete(REQUEST)

        assert (reply.ending, reply.detail, reply.raw) == (Ending.FAILED, "the body is not JSON", text)


COUNTS = {"responses": ("input_tokens", "output_tokens"), "chat": ("prompt_tokens", "completion_tokens")}


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("sent", "cached", "came", "usage"),
    [
        pytest.param(5, 0, 0, Usage(input_tokens=5, cached_tokens=0, output_tokens=0), id="nothing came"),
        pytest.param(5, None, 3, Usage(input_tokens=5, cached_tokens=0, output_tokens=3), id="no cache"),
        pytest.param(5, 5, 3, Usage(input_tokens=5, cached_tokens=5, output_tokens=3), id="all cached"),
        pytest.param(-5, 0, 3, None, id="negative input"),
        pytest.param(5, 0, -100_000, None, id="negative output"),
        pytest.param(5, -100_000, 3, None, id="negative cache"),
        pytest.param(5, 6, 3, None, id="more cached than sent"),
        pytest.param(None, 0, 3, None, id="input unknown"),
        pytest.param(5, 0, None, None, id="output unknown"),
    ],
)
def test_counts_that_cannot_be_are_none(
    server: ModelServer, api: Api, sent: int | None, cached: int | None, came: int | None, usage: Usage | None
):
    names = COUNTS[api]
    told = {names[0]: sent, names[1]: came, f"{names[0]}_details": {"cached_tokens": cached}}
    server.will(body(json.dumps({"output": [], "choices": [{"message": {}}], "usage": told})))

    reply = model_at(server.url, api=api).complete(REQUEST)
    assert reply.ending == Ending.COMPLETE
    assert reply.usage == usage


@pytest.mark.parametrize(
    ("behaviour", "error", "may_have_cost", "says"),
    [
        pytest.param(
            status(400, says="no such parameter"), RejectedRequestError, None, "no such parameter.*VTX_STORY_MODEL", id="400"
        ),
        pytest.param(status(404), RejectedRequestError, None, "gpt-5-mini", id="404"),
        pytest.param(status(422), RejectedRequestError, None, "OPENAI_BASE_URL", id="422"),
        pytest.param(status(401), CredentialsError, None, "OPENAI_API_KEY", id="401"),
        pytest.param(status(403), CredentialsError, None, "OPENAI_API_KEY", id="403"),
        pytest.param(status(408), ServiceError, True, "failed", id="408"),
        pytest.param(status(409), ServiceError, False, "failed", id="409"),
        pytest.param(status(429), ServiceError, False, "failed.*the service says no.*VTX_STORY_CONCURRENCY", id="429"),
        pytest.param(status(500), ServiceError, False, "failed", id="500"),
        pytest.param(status(503), ServiceError, False, "failed", id="503"),
        pytest.param(status(504), ServiceError, True, "failed", id="504"),
        pytest.param(status(524), ServiceError, True, "failed", id="524"),
    ],
)
def test_errors_of_the_service(
    server: ModelServer, behaviour: Behaviour, error: type[VtxError], may_have_cost: bool | None, says: str
):
    server.will(behaviour)
    with pytest.raises(error, match=says) as caught:
        model_at(server.url).complete(REQUEST)

    assert type(caught.value) is error
    assert caught.value.details["status"] == behaviour.status
    assert caught.value.details.get("may_have_cost") is may_have_cost
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "wanted_s"),
    [
        pytest.param({"retry-after-ms": "250"}, 0.25, id="milliseconds"),
        pytest.param({"retry-after": "7"}, 7, id="seconds"),
        pytest.param({"retry-after-ms": "soon", "retry-after": "7"}, 7, id="both"),
        pytest.param({"retry-after": "Fri, 21 Nov 2036 04:00:00 GMT"}, 2_110_852_800 - 1_800_000_000, id="date"),
        pytest.param({"retry-after": "Fri, 21 Nov 2036 04:00:00 -0000"}, 2_110_852_800 - 1_800_000_000, id="date without zone"),
        pytest.param({"retry-after": "Fri, 21 Nov 2014 04:00:00 GMT"}, None, id="past"),
        pytest.param({"retry-after": "0"}, None, id="zero"),
        pytest.param({"retry-after": "-3"}, None, id="negative"),
        pytest.param({"retry-after": "nan"}, None, id="no number"),
        pytest.param({"retry-after": "soon"}, None, id="words"),
        pytest.param({}, None, id="none"),
    ],
)
def test_how_long_a_service_wants_to_be_left_alone(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], wanted_s: float | None
):
    monkeypatch.setattr("vtx_dagster.engines.language_model.client.time", FrozenTime())
    server.will(status(429, headers=headers))
    with pytest.raises(ServiceError) as caught:
        model_at(server.url).complete(REQUEST)

    assert caught.value.details["retry_after_s"] == wanted_s


class FrozenTime:
    def time(self) -> float:
        return 1_800_000_000.0

    def monotonic(self) -> float:
        return 0.0


def test_a_lost_connection_may_have_cost_something(server: ModelServer):
    server.will(broken())
    with pytest.raises(ServiceError, match="cannot be reached") as caught:
        model_at(server.url).complete(REQUEST)

    assert caught.value.details["may_have_cost"] is True
    assert caught.value.retryable
    assert len(server.requests) == 1


def test_a_service_that_is_too_slow(server: ModelServer):
    server.will(slow(30))
    with pytest.raises(ServiceError, match=r"did not answer within 0\.2 s: .*VTX_STORY_TIMEOUT_S") as caught:
        model_at(server.url, timeout_s=0.2).complete(REQUEST)

    assert caught.value.details["may_have_cost"] is True
    assert len(server.requests) == 1


def test_a_service_that_is_not_there_costs_nothing():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://someone:hunter2hunter2@127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ServiceError, match=r"cannot be reached.*OPENAI_BASE_URL") as caught:
            model_at(address).complete(REQUEST)

    assert caught.value.details["may_have_cost"] is False
    assert "hunter2" not in str(caught.value)
    assert "someone" not in str(caught.value)


def test_the_key_is_nowhere(server: ModelServer):
    key = "sk-secret-0123456789"
    model = model_at(server.url, key=lambda: key)
    with pytest.raises(CredentialsError, match="Bearer \\[hidden\\]") as caught:
        model.complete(REQUEST)

    assert key not in "".join(traceback.format_exception(caught.value))
    assert key not in repr(model)
    assert key not in str(model.body(REQUEST))
    assert key not in str(caught.value.to_json())


def test_a_service_that_echoes_the_key_has_it_hidden(server: ModelServer):
    server.will(answer(f"your key is {KEY}"))
    reply = model_at(server.url).complete(REQUEST)

    assert reply.text == "your key is [hidden]"
    assert KEY not in str(reply.raw)


@pytest.mark.parametrize("ending", ["\r", "\n", " \r\n"])
def test_what_an_editor_leaves_behind_a_key_is_no_part_of_it(server: ModelServer, ending: str):
    model = model_at(server.url, key=lambda: KEY + ending)
    model.ready()

    server.will(answer(f"your key is {KEY}"))
    assert model.complete(REQUEST).text == "your key is [hidden]"


@pytest.mark.parametrize("key", ["sk-secret-abc\ndefgh", "sk-secret-abcdefgh\N{HORIZONTAL ELLIPSIS}", "sk-secret-\x7fabcdefgh"])
def test_what_cannot_be_a_key_is_not_sent_and_not_shown(server: ModelServer, key: str):
    model = model_at(server.url, key=lambda: key)
    for use in (model.ready, lambda: model.complete(REQUEST)):
        with pytest.raises(InvalidRequestError, match="OPENAI_API_KEY has characters") as caught:
            use()
        assert caught.value.details == {"setting": "OPENAI_API_KEY"}
        assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert server.requests == []


def test_a_key_is_hidden_as_it_is_quoted(server: ModelServer):
    server.key = 'sk-"secret"\\0123456789'
    server.will(answer({"json": server.key}), answer(repr([server.key])))
    model = model_at(server.url, key=lambda: server.key)
    assert model.complete(REQUEST).text == '{"json": "[hidden]"}'
    assert model.complete(REQUEST).text == "['[hidden]']"


PASSWORD = "hunter2/hunter2 \N{LATIN SMALL LETTER E WITH ACUTE}"


@pytest.fixture
def address(server: ModelServer) -> str:
    """Address of the server with user and password in it; it wants these now."""
    server.login = f"some one:{PASSWORD}"
    return server.url.replace("http://", f"http://some%20one:{quote(PASSWORD, safe='')}@")


def test_user_and_password_of_an_address_are_sent(server: ModelServer, address: str):
    assert model_at(address).complete(REQUEST).text == '{"a": 1}'
    assert KEY not in str(server.requests[0].headers)
    server.login = "some one:"
    assert model_at(server.url.replace("http://", "http://some%20one@")).complete(REQUEST).text == '{"a": 1}'


def test_user_and_password_of_an_address_are_nowhere(server: ModelServer, address: str, caplog: pytest.LogCaptureFixture):
    encoded = base64.b64encode(server.login.encode()).decode()
    echo = f"{PASSWORD} {quote(PASSWORD)} {quote(PASSWORD, safe='')} {json.dumps(PASSWORD)} Basic {encoded}"
    server.will(answer(echo), status(400, says=echo))
    with caplog.at_level(logging.DEBUG):
        reply = model_at(address).complete(REQUEST)
        with pytest.raises(RejectedRequestError) as caught:
            model_at(address).complete(REQUEST)

    assert reply.text == '[hidden] [hidden] [hidden] "[hidden]" Basic [hidden]'
    assert any("/v1/responses" in record.getMessage() for record in caplog.records)
    told = "".join([caplog.text, str(reply.raw), str(caught.value.to_json()), *traceback.format_exception(caught.value)])
    for secret in ("hunter2", encoded):
        assert secret not in told


def test_a_placeholder_is_no_secret(server: ModelServer):
    server.key = "none"
    server.will(answer("none of it"))

    assert model_at(server.url, key=lambda: "none").complete(REQUEST).text == "none of it"


def test_a_missing_key_is_told_before_anything_is_sent(server: ModelServer):
    def no_key() -> str:
        raise MissingSettingError("OPENAI_API_KEY is not set")

    model = model_at(server.url, key=no_key)
    with pytest.raises(MissingSettingError):
        model.ready()
    with pytest.raises(MissingSettingError):
        model.complete(REQUEST)
    assert server.requests == []
    model_at(server.url).ready()


def test_a_client_can_be_given(server: ModelServer):
    import openai

    with openai.OpenAI(api_key=KEY, base_url=server.url, max_retries=5) as client:
        model = model_at("http://127.0.0.1:9/v1", client=client)
        assert model.complete(REQUEST).text == '{"a": 1}'
        server.will(status(429))
        with pytest.raises(ServiceError):
            model.complete(REQUEST)
        assert len(server.requests) == 2
        assert not client.is_closed()


def test_several_threads_may_ask_at_once(server: ModelServer):
    model = model_at(server.url)
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: model.complete(REQUEST), range(8)))

    assert {reply.text for reply in replies} == {'{"a": 1}'}
    assert len({reply.response_id for reply in replies}) == 8


def test_moderation_names_what_it_flags(server: ModelServer):
    model = model_at(server.url, moderation="omni-moderation-latest")

    assert model.moderate("a quiet morning") == ()
    assert model.moderate("blood everywhere") == ("violence",)
    assert server.moderated == ["a quiet morning", "blood everywhere"]
    assert server.requests == []


def test_moderation_that_makes_no_sense_is_an_error(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_moderation", lambda text: {"results": None})
    with pytest.raises(ServiceError, match=r"results: .*VTX_STORY_MODERATION"):
        model_at(server.url, moderation="m").moderate("x")
