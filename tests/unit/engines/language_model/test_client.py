"""The client through the real SDK, over real HTTP on loopback."""

import socket
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from model_server import KEY, Behaviour, ModelServer, answer, body, broken, refusal, slow, status, truncated

from vtx_dagster.core.errors import CredentialsError, MissingSettingError, RejectedRequestError, ServiceError, VtxError
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
    options = {"name": "gpt-5-mini", "key": lambda: KEY, "base_url": address, "timeout_s": 5.0, "retries": 2, **changes}
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


def test_an_overloaded_service_is_asked_again(server: ModelServer):
    server.will(status(429), status(500), answer({"a": 2}))

    assert model_at(server.url).complete(REQUEST).text == '{"a": 2}'
    assert len(server.requests) == 3


def test_retry_after_is_heeded(server: ModelServer):
    server.will(status(429, retry_after_s=0.3))

    assert model_at(server.url).complete(REQUEST).seconds >= 0.3


@pytest.mark.parametrize(
    ("behaviour", "error", "num_requests", "may_have_cost", "says"),
    [
        pytest.param(
            status(400, says="no such parameter"), RejectedRequestError, 1, None, "no such parameter.*VTX_STORY_MODEL", id="400"
        ),
        pytest.param(status(404), RejectedRequestError, 1, None, "gpt-5-mini", id="404"),
        pytest.param(status(422), RejectedRequestError, 1, None, "OPENAI_BASE_URL", id="422"),
        pytest.param(status(401), CredentialsError, 1, None, "OPENAI_API_KEY", id="401"),
        pytest.param(status(403), CredentialsError, 1, None, "OPENAI_API_KEY", id="403"),
        pytest.param(status(429), ServiceError, 3, False, "failed after 2 retries.*VTX_STORY_CONCURRENCY", id="429"),
        pytest.param(status(503), ServiceError, 3, True, "failed after 2 retries", id="503"),
    ],
)
def test_errors_of_the_service(
    server: ModelServer, behaviour: Behaviour, error: type[VtxError], num_requests: int, may_have_cost: bool | None, says: str
):
    server.will(*[behaviour] * 3)
    with pytest.raises(error, match=says) as caught:
        model_at(server.url).complete(REQUEST)

    assert type(caught.value) is error
    assert caught.value.details["status"] == behaviour.status
    assert caught.value.details.get("may_have_cost") is may_have_cost
    assert len(server.requests) == num_requests


def test_a_lost_connection_may_have_cost_something(server: ModelServer):
    server.will(broken())
    with pytest.raises(ServiceError, match="cannot be reached") as caught:
        model_at(server.url, retries=0).complete(REQUEST)

    assert caught.value.details["may_have_cost"] is True
    assert caught.value.retryable


def test_a_service_that_is_too_slow(server: ModelServer):
    server.will(slow(30))
    with pytest.raises(ServiceError, match=r"did not answer within 0\.2 s, 1 times: .*VTX_STORY_TIMEOUT_S") as caught:
        model_at(server.url, retries=0, timeout_s=0.2).complete(REQUEST)

    assert caught.value.details["may_have_cost"] is True


def test_a_service_that_is_not_there_costs_nothing():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://someone:hunter2hunter2@127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ServiceError, match=r"cannot be reached.*OPENAI_BASE_URL") as caught:
            model_at(address, retries=0).complete(REQUEST)

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

    with openai.OpenAI(api_key=KEY, base_url=server.url, max_retries=0) as client:
        assert model_at("http://127.0.0.1:9/v1", client=client).complete(REQUEST).text == '{"a": 1}'
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
