"""The asker with the real client, over real HTTP on loopback, and a project on disk."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from model_server import KEY, Behaviour, ModelServer, Request, answer, body, broken, refusal, slow, status, truncated
from pydantic import BaseModel

from vtx_dagster.core.errors import (
    BudgetError,
    CredentialsError,
    InvalidAnswerError,
    InvalidFileError,
    InvalidRequestError,
    MissingSettingError,
    PolicyError,
    RefusedAnswerError,
    RejectedRequestError,
    ServiceError,
    TruncatedAnswerError,
    UnparseableAnswerError,
    VtxError,
)
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.engines.language_model.asking import Answered, AnswerProblems, Asker, model_asker
from vtx_dagster.engines.language_model.client import OpenAiModel
from vtx_dagster.engines.language_model.prompt import Message, Prompt
from vtx_dagster.engines.language_model.strict_schema import strict_schema
from vtx_dagster.studio.calls import CallStore
from vtx_dagster.studio.project import Project, Studio

GOOD = {"title": "The Last Ferry", "seconds": 12}


class Pitch(BaseModel):
    title: str
    seconds: int


class Unseen(BaseModel):
    names: list[str]
    told: dict[str, str]
    seconds: int


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(lambda request: GOOD, flags=("blood",)) as running:
        yield running


@pytest.fixture
def asker_of(tmp_path: Path, server: ModelServer) -> Callable[..., Asker]:
    """Make an asker from settings; the project stays the same."""
    root = Studio.init(tmp_path / "studio").root
    Studio.open(root, {}).create_project("film", title="The Film")

    def make(**settings: str) -> Asker:
        environ = {**server.settings, "VTX_STORY_RETRIES": "0", **settings}
        return model_asker(Project(studio=Studio.open(root, environ), slug="film"))

    return make


@pytest.fixture
def store(asker_of: Callable[..., Asker], tmp_path: Path) -> CallStore:
    return CallStore(Studio.open(tmp_path / "studio", {}).project("film"))


def prompt_of(text: str = "Pitch a film.", *, max_output_tokens: int = 1000) -> Prompt[Pitch]:
    messages = (Message(role="system", text="You write films."), Message(role="user", text=text))
    return Prompt(
        name="pitch",
        template="pitch 1",
        messages=messages,
        answer=Pitch,
        schema=strict_schema(Pitch),
        max_output_tokens=max_output_tokens,
    )


def ask(asker: Asker, prompt: Prompt[Pitch] | None = None, check: Callable[[Pitch], Any] | None = None) -> Answered[Any]:
    return asker.ask(prompt or prompt_of(), check or (lambda pitch: pitch), stage="outline", part="A01")


def short(pitch: Pitch) -> str:
    """A check that wants short films."""
    if pitch.seconds > 60:
        raise AnswerProblems(["it is too long", "it has no end"], partial=f"{pitch.title}, cut")
    return pitch.title


def files(store: CallStore, folder: str = "") -> list[str]:
    place = store.path("x").parent / folder
    return sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []


def test_a_question_is_answered_and_remembered(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    first = ask(asker_of())
    again = ask(asker_of())

    assert first.value == again.value == Pitch(**GOOD)
    assert first.remarks == ()
    [call], [reused] = first.calls, again.calls
    assert (call.reused, reused.reused) == (False, True)
    assert reused.model_copy(update={"reused": False}) == call
    assert call.model == "gpt-5-mini"
    assert call.response_id == "resp_0001"
    assert (call.input_tokens, call.cached_tokens, call.output_tokens) == (8, 4, 11)
    assert call.usd == Decimal(4 * 250 + 4 * 25 + 11 * 2000) / 1_000_000_000
    assert len(server.requests) == 1
    assert store.spent() == call.usd


def test_what_is_kept_is_all_that_was_sent_and_came_back(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    asker = asker_of()
    [facts] = ask(asker).calls
    call = store.find(facts.key)

    assert call is not None
    assert call.request == server.requests[0].body == asker.request_body(prompt_of())
    assert (call.stage, call.part, call.attempt, call.ending) == ("outline", "A01", 1, "complete")
    assert isinstance(call.raw, dict)
    assert call.raw["status"] == "completed"
    text = store.path(facts.key).read_text(encoding="utf-8")
    assert KEY not in text
    assert "127.0.0.1" not in text


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"VTX_STORY_MODEL": "gpt-5"}, id="model"),
        pytest.param({"VTX_STORY_API": "chat"}, id="api"),
        pytest.param({"VTX_STORY_TEMPERATURE": "0.5"}, id="temperature"),
        pytest.param({"VTX_STORY_REASONING": "low"}, id="reasoning"),
    ],
)
def test_another_question_has_another_key(asker_of: Callable[..., Asker], server: ModelServer, settings: dict[str, str]):
    ask(asker_of())
    ask(asker_of(**settings))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"VTX_STORY_RETRIES": "1"}, id="retries"),
        pytest.param({"VTX_STORY_TIMEOUT_S": "7"}, id="timeout"),
        pytest.param({"VTX_STORY_BUDGET_USD": "9"}, id="budget"),
        pytest.param({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, id="address"),
    ],
)
def test_the_same_question_is_never_sent_again(asker_of: Callable[..., Asker], server: ModelServer, settings: dict[str, str]):
    ask(asker_of())
    assert ask(asker_of(**settings)).value == Pitch(**GOOD)
    assert len(server.requests) == 1


REPAIRED = [
    pytest.param(answer("{not JSON"), "the answer is not JSON: Expecting property name", id="json"),
    pytest.param(answer("[" * 100_000), "the answer is not JSON: maximum recursion depth", id="too deep for JSON"),
    pytest.param(answer("[" * 5000 + "]" * 5000), "the answer is not JSON: maximum recursion depth", id="too deep for Python"),
    pytest.param(answer("[" * 300 + "]" * 300), "Invalid JSON: recursion limit exceeded", id="too deep for the schema"),
    pytest.param(answer({"title": "x"}), "seconds: Field required", id="schema"),
    pytest.param(answer("[1]"), "Input should be an object", id="list"),
    pytest.param(answer({"title": "x", "seconds": 99}), "it is too long; it has no end", id="check"),
    pytest.param(truncated(), "cut off at the limit of 1000 tokens: give the same in fewer words", id="truncated"),
    pytest.param(answer({"title": "An Old  lamp", "seconds": 1}), "the answer must not say 'old lamp'", id="policy"),
]


@pytest.fixture
def policy(tmp_path: Path, asker_of: Callable[..., Asker]) -> None:
    (tmp_path / "studio/config/policy.yaml").write_text("banned_phrases: [old lamp]\n", encoding="utf-8")


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(("behaviour", "problem"), REPAIRED)
def test_what_is_wrong_is_told_to_the_model(
    asker_of: Callable[..., Asker], server: ModelServer, store: CallStore, behaviour: Behaviour, problem: str
):
    server.will(behaviour)
    answered = ask(asker_of(), check=short)

    assert answered.value == "The Last Ferry"
    assert len(answered.calls) == 2
    [remark] = answered.remarks
    assert remark.startswith("repair 1: ")
    assert problem in remark
    repair = server.requests[1]
    assert repair.messages[:2] == server.requests[0].messages
    assert repair.messages[2] == ("assistant", behaviour.text)
    assert "1. " in repair.repairs[0]
    assert problem.split("; ")[0] in repair.repairs[0]
    assert [call.attempt for call in map(store.find, (facts.key for facts in answered.calls)) if call] == [1, 2]


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(("behaviour", "problem"), REPAIRED)
def test_repairs_are_remembered_too(asker_of: Callable[..., Asker], server: ModelServer, behaviour: Behaviour, problem: str):
    server.will(behaviour)
    first = ask(asker_of(), check=short)
    again = ask(asker_of(), check=short)

    assert len(server.requests) == 2
    assert again.value == first.value
    assert again.remarks == first.remarks
    assert [call.reused for call in again.calls] == [True, True]


def test_the_second_repair_has_the_whole_conversation(asker_of: Callable[..., Asker], server: ModelServer):
    server.will(answer({"title": "a"}), answer({"title": "b", "seconds": 61}))
    answered = ask(asker_of(), check=short)

    assert [role for role, _ in server.requests[2].messages] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert "1. seconds: Field required" in server.requests[2].repairs[0]
    assert "1. it is too long\n2. it has no end" in server.requests[2].repairs[1]
    assert [remark[:10] for remark in answered.remarks] == ["repair 1: ", "repair 2: "]


def test_a_model_that_said_nothing_is_not_quoted(asker_of: Callable[..., Asker], server: ModelServer):
    server.will(truncated(""))
    ask(asker_of())
    assert [role for role, _ in server.requests[1].messages] == ["system", "user", "user"]


def test_many_problems_are_told_in_part(asker_of: Callable[..., Asker], server: ModelServer):
    def picky(pitch: Pitch) -> Pitch:
        if len(server.requests) == 1:
            raise AnswerProblems([f"problem {number}" for number in range(1, 24)])
        return pitch

    ask(asker_of(), check=picky)
    assert "20. problem 20\n(3 more problems like these.)" in server.requests[1].repairs[0]


@pytest.mark.parametrize(
    "text",
    [f"```json\n{json.dumps(GOOD)}\n```", f"  ```\n{json.dumps(GOOD)}\n```\n", f"\n{json.dumps(GOOD)}\n"],
    ids=["json", "plain", "space"],
)
def test_a_code_block_around_the_json_is_no_problem(asker_of: Callable[..., Asker], server: ModelServer, text: str):
    server.will(answer(text))
    assert ask(asker_of()).remarks == ()


def test_what_nobody_sees_does_not_come_through(asker_of: Callable[..., Asker], server: ModelServer):
    prompt = replace(prompt_of(), answer=Unseen)
    server.will(answer({"names": ["Ma\u200bra", "the\x00lamp", "a\nb"], "told": {"by": "\ufeffIda"}, "seconds": 1}))
    answered = asker_of().ask(prompt, lambda value: value, stage="outline", part="")
    assert answered.value == Unseen(names=["Mara", "the lamp", "a\nb"], told={"by": "Ida"}, seconds=1)


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize(
    ("behaviour", "error", "num_requests", "says"),
    [
        pytest.param(answer("{"), UnparseableAnswerError, 3, "after 2 repairs: the answer is not JSON", id="json"),
        pytest.param(answer({"title": "x"}), InvalidAnswerError, 3, "seconds: Field required", id="schema"),
        pytest.param(truncated(), TruncatedAnswerError, 3, "max_output_tokens", id="truncated"),
        pytest.param(refusal("I will not."), RefusedAnswerError, 1, "the model refused: I will not.", id="refused"),
        pytest.param(answer({"title": "old lamp", "seconds": 1}), PolicyError, 3, "config/policy.yaml", id="policy"),
        pytest.param(body("<html>"), ServiceError, 1, "the service failed: the body is not JSON", id="html"),
    ],
)
def test_answers_that_cannot_be_used(
    asker_of: Callable[..., Asker],
    server: ModelServer,
    store: CallStore,
    behaviour: Behaviour,
    error: type[VtxError],
    num_requests: int,
    says: str,
):
    server.will(*[behaviour] * num_requests)
    with pytest.raises(error, match=says) as caught:
        ask(asker_of())

    assert type(caught.value) is error
    assert caught.value.message.startswith("outline A01: gpt-5-mini gave no answer that can be used")
    details = caught.value.details
    assert (details["stage"], details["part"], details["attempt"]) == ("outline", "A01", num_requests)
    assert str(details["raw"]) in caught.value.message
    assert Path(str(details["raw"])).parent.name == "failed"
    assert json.loads(Path(str(details["raw"])).read_text(encoding="utf-8"))["attempt"] == num_requests
    assert len(server.requests) == num_requests
    assert (files(store), len(files(store, "failed"))) == ([], num_requests)

    assert ask(asker_of()).value == Pitch(**GOOD)
    assert len(server.requests) == num_requests + 1


def test_a_partial_answer_is_better_than_none(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.author = lambda request: {"title": f"take {len(request.repairs)}", "seconds": 99}
    first = ask(asker_of(), check=short)
    again = ask(asker_of(), check=short)

    assert first.value == again.value == "take 2, cut"
    assert len(server.requests) == 3
    assert first.remarks[2:] == ("left as it is: it is too long", "left as it is: it has no end")
    assert files(store, "failed") == []


@pytest.mark.parametrize("last", [refusal(), answer("{"), body("gone")], ids=["refused", "json", "failed"])
def test_the_last_partial_answer_stands_where_a_repair_fails(
    asker_of: Callable[..., Asker], server: ModelServer, last: Behaviour
):
    server.will(answer({"title": "a", "seconds": 99}), answer({"title": "b", "seconds": 99}), last)
    assert ask(asker_of(), check=short).value == "b, cut"


def test_moderation_flags_are_not_told_to_the_model(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.will(answer({"title": "blood", "seconds": 1}))
    asker = asker_of(VTX_STORY_MODERATION="omni-moderation-latest")
    with pytest.raises(PolicyError, match="omni-moderation-latest flagged the answer: violence"):
        ask(asker)

    assert len(server.requests) == 1
    assert len(files(store, "failed")) == 1
    assert ask(asker).value == Pitch(**GOOD)


def test_moderation_is_asked_once_per_answer_and_model(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    ask(asker_of())
    assert server.moderated == []
    for name in ("one", "one", "two"):
        ask(asker_of(VTX_STORY_MODERATION=name))
    assert server.moderated == [json.dumps(GOOD)] * 2
    assert len(server.requests) == 1
    assert store.spent() > 0


def test_moderation_that_fails_for_now_is_asked_again(
    asker_of: Callable[..., Asker], server: ModelServer, monkeypatch: pytest.MonkeyPatch
):
    told = iter([ServiceError("busy", retry_after_s=0.01), ()])

    def moderate(model: OpenAiModel, text: str) -> tuple[str, ...]:
        found = next(told)
        if isinstance(found, ServiceError):
            raise found
        return found

    monkeypatch.setattr(OpenAiModel, "moderate", moderate)
    assert ask(asker_of(VTX_STORY_MODERATION="m", VTX_STORY_RETRIES="1")).value == Pitch(**GOOD)
    assert next(told, None) is None


def test_parts_with_the_same_question_can_both_fail(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    asker = asker_of()
    together = threading.Barrier(2)
    asked = store.path("").parent / "failed"

    def one(part: str) -> VtxError:
        def check(pitch: Pitch) -> None:
            nonlocal num_checks
            num_checks += 1
            if num_checks == 3:
                together.wait(10)  # both have looked at all answers, and none was set aside
            raise AnswerProblems(["no"])

        num_checks = 0
        with pytest.raises(InvalidAnswerError) as caught:
            asker.ask(prompt_of(), check, stage="outline", part=part)
        return caught.value

    with ThreadPoolExecutor(2) as pool:
        errors = list(pool.map(one, ("A01", "A02")))

    assert [error.details["part"] for error in errors] == ["A01", "A02"]
    assert {Path(str(error.details["raw"])) for error in errors} >= {asked}
    assert len(files(store, "failed")) == 3
    assert len(server.requests) == 3


def test_an_answer_is_stored_before_anything_looks_at_it(
    asker_of: Callable[..., Asker], server: ModelServer, store: CallStore, monkeypatch: pytest.MonkeyPatch
):
    def crash(pitch: Pitch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(asker_of(), check=crash)
    monkeypatch.setattr(server, "_moderation", lambda text: {})
    with pytest.raises(ServiceError, match=r"^outline A01: .*moderation"):
        ask(asker_of(VTX_STORY_MODERATION="m"))
    assert len(files(store)) == 1
    assert ask(asker_of()).calls[0].reused


# Worst cases: a prompt of these tests is priced by its own estimate.
def worst_usd(asker: Asker, prompt: Prompt) -> Decimal:
    usd = asker.price(input_tokens=prompt.input_tokens, output_tokens=prompt.max_output_tokens)
    assert usd is not None
    return usd


def test_nothing_is_sent_that_could_pass_the_budget(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    worst = worst_usd(asker_of(), prompt_of())
    with pytest.raises(BudgetError, match=r"^outline A01 could cost 0\.002\d USD, and of the budget of .* are left") as caught:
        ask(asker_of(VTX_STORY_BUDGET_USD=str(worst - Decimal("0.000000001"))))

    assert caught.value.details["usd"] == str(worst)
    assert caught.value.details["spent_usd"] == "0"
    assert server.requests == []
    assert files(store) == []
    assert ask(asker_of(VTX_STORY_BUDGET_USD=str(worst))).value


def test_what_was_spent_counts_and_stored_answers_are_free(asker_of: Callable[..., Asker], server: ModelServer):
    worst = str(worst_usd(asker_of(), prompt_of()))
    asker = asker_of(VTX_STORY_BUDGET_USD=worst)
    ask(asker)
    with pytest.raises(BudgetError, match="choose a cheaper VTX_STORY_MODEL"):
        ask(asker, prompt_of("Pitch a film!"))
    assert ask(asker).calls[0].reused


def test_repairs_are_paid_from_the_budget(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.will(answer("{"))
    asker = asker_of(VTX_STORY_BUDGET_USD=str(worst_usd(asker_of(), prompt_of())))
    with pytest.raises(BudgetError) as caught:
        ask(asker)

    assert caught.value.details["attempt"] == 2
    assert len(files(store)) == 1
    assert ask(asker_of()).calls[0].reused


def test_threads_together_cannot_pass_the_budget(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    prompts = [prompt_of(f"Pitch film {number}.", max_output_tokens=5000) for number in range(6)]
    worst = worst_usd(asker_of(), prompts[0])
    asker = asker_of(VTX_STORY_BUDGET_USD=str(worst * 2))
    server.will(slow(0.3), slow(0.3))

    def one(prompt: Prompt[Pitch]) -> str:
        try:
            return ask(asker, prompt).value.title
        except BudgetError:
            return "over budget"

    with ThreadPoolExecutor(6) as pool:
        titles = list(pool.map(one, prompts))

    assert sorted(titles) == ["The Last Ferry"] * 2 + ["over budget"] * 4
    assert len(server.requests) == 2
    assert store.spent() < worst * 2


def test_threads_with_the_same_question_send_it_once(asker_of: Callable[..., Asker], server: ModelServer):
    server.will(slow(0.1))
    asker = asker_of()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(asker), range(4)))

    assert len(server.requests) == 1
    assert sorted(one.calls[0].reused for one in answers) == [False, True, True, True]


@pytest.mark.parametrize(
    ("behaviour", "settings", "error", "costs"),
    [
        pytest.param(status(401), {}, CredentialsError, False, id="401"),
        pytest.param(status(400), {}, RejectedRequestError, False, id="400"),
        pytest.param(status(429), {}, ServiceError, False, id="429"),
        pytest.param(status(500), {}, ServiceError, False, id="500"),
        pytest.param(status(503), {}, ServiceError, False, id="503"),
        pytest.param(status(504), {}, ServiceError, True, id="504"),
        pytest.param(broken(), {}, ServiceError, True, id="broken"),
        pytest.param(slow(30), {"VTX_STORY_TIMEOUT_S": "1"}, ServiceError, True, id="timeout"),
    ],
)
def test_a_question_without_an_answer_counts_if_it_may_have_cost_something(
    asker_of: Callable[..., Asker],
    server: ModelServer,
    store: CallStore,
    behaviour: Behaviour,
    settings: dict[str, str],
    error: type[VtxError],
    costs: bool,
):
    server.will(behaviour)
    with pytest.raises(error, match=r"^outline A01: the language model service at") as caught:
        ask(asker_of(**settings))

    assert type(caught.value) is error
    assert caught.value.details["part"] == "A01"
    worst = worst_usd(asker_of(), prompt_of())
    assert store.spent() == (worst if costs else 0)

    answered = ask(asker_of())
    assert answered.calls[0].usd is not None
    assert store.spent() == answered.calls[0].usd + (worst if costs else 0)


def test_a_service_that_fails_for_now_is_asked_again(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.will(status(429), status(500), status(503))
    [call] = ask(asker_of(VTX_STORY_RETRIES="3")).calls

    assert len(server.requests) == 4
    assert {str(request.body) for request in server.requests} == {str(server.requests[0].body)}
    assert store.spent() == call.usd


def test_the_last_try_is_named(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.will(*[status(503)] * 3)
    with pytest.raises(ServiceError, match=r"^outline A01, try 3: the language model service at") as caught:
        ask(asker_of(VTX_STORY_RETRIES="2"))

    assert (caught.value.details["part"], caught.value.details["status"]) == ("A01", 503)
    assert (len(server.requests), files(store)) == (3, [])


def test_every_try_that_may_have_cost_something_counts(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    server.will(status(504), status(429), status(504))
    [call] = ask(asker_of(VTX_STORY_RETRIES="3")).calls
    worst = worst_usd(asker_of(), prompt_of())

    assert call.usd is not None
    assert store.spent() == call.usd + 2 * worst

    server.will(*[status(504)] * 3)
    with pytest.raises(ServiceError):
        ask(asker_of(VTX_STORY_RETRIES="2"), prompt_of("Another."))
    [lost] = store.unanswered()
    assert lost.total_usd == 3 * worst_usd(asker_of(), prompt_of("Another."))


def test_no_try_can_pass_the_budget(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    worst = worst_usd(asker_of(), prompt_of())
    server.will(*[status(504)] * 5)
    with pytest.raises(BudgetError, match=r"^outline A01, try 3, could cost"):
        ask(asker_of(VTX_STORY_RETRIES="4", VTX_STORY_BUDGET_USD=str(2 * worst)))

    assert len(server.requests) == 2
    assert store.spent() == 2 * worst


@pytest.mark.parametrize("key", ["sk-secret-abc\ndefgh", "sk-secret-abc\N{HORIZONTAL ELLIPSIS}"])
def test_what_cannot_be_a_key_leaves_no_note(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore, key: str):
    asker = asker_of(OPENAI_API_KEY=key)
    with pytest.raises(InvalidRequestError, match=r"^outline A01: OPENAI_API_KEY has characters in it") as caught:
        ask(asker)
    assert "secret" not in str(caught.value.to_json())
    with pytest.raises(InvalidRequestError, match=r"^OPENAI_API_KEY"):
        asker.afford(asker.forecast([prompt_of()]), stage="outline")
    assert (server.requests, files(store)) == ([], [])


def test_a_crash_while_a_question_is_open_counts(
    asker_of: Callable[..., Asker], server: ModelServer, store: CallStore, monkeypatch: pytest.MonkeyPatch
):
    def crash(*_: object) -> None:
        assert files(store) == [store._sent_path(key).name]
        raise KeyboardInterrupt

    [facts] = ask(asker_of()).calls
    key = facts.key
    store.forget(Stage.OUTLINE, {"A01"})
    before = store.spent()
    with monkeypatch.context() as patch:
        patch.setattr(OpenAiModel, "complete", crash)
        with pytest.raises(KeyboardInterrupt):
            ask(asker_of())

    assert store.spent() == before + worst_usd(asker_of(), prompt_of())
    assert not ask(asker_of()).calls[0].reused


def test_without_a_key_nothing_is_noted(asker_of: Callable[..., Asker], store: CallStore):
    asker = asker_of(OPENAI_BASE_URL="", OPENAI_API_KEY="")
    with pytest.raises(MissingSettingError, match=r"^outline A01: OPENAI_API_KEY is not set .*config/models\.env"):
        ask(asker)
    with pytest.raises(MissingSettingError, match=r"^OPENAI_API_KEY is not set"):
        asker.afford(asker.forecast([prompt_of()]), stage="outline")
    assert files(store) == []


def test_a_server_without_keys_needs_none(asker_of: Callable[..., Asker], server: ModelServer):
    server.key = "none"
    assert ask(asker_of(OPENAI_API_KEY="")).value == Pitch(**GOOD)


def test_a_service_that_counts_no_tokens_may_cost_the_most(asker_of: Callable[..., Asker], server: ModelServer):
    output = [{"type": "message", "content": [{"type": "output_text", "text": json.dumps(GOOD)}]}]
    server.will(body(json.dumps({"status": "completed", "output": output})))
    [call] = ask(asker_of()).calls

    assert call.usd == worst_usd(asker_of(), prompt_of())
    assert (call.input_tokens, call.output_tokens, call.model) == (0, 0, "gpt-5-mini")


def test_a_model_without_a_price_runs_without_a_budget_only(asker_of: Callable[..., Asker], server: ModelServer, tmp_path: Path):
    local = {"VTX_STORY_MODEL": "llama3.3:70b"}
    assert ask(asker_of(**local)).calls[0].usd is None
    assert asker_of(**local).price(input_tokens=1, output_tokens=1) is None
    other = prompt_of("Another.")
    assert asker_of(**local).forecast([other]).usd is None
    with pytest.raises(BudgetError, match=r"nobody knows what the model llama3\.3:70b costs.*config/prices\.yaml"):
        ask(asker_of(**local, VTX_STORY_BUDGET_USD="100"), other)

    prices = "models: {'*': {input: 0, output: 0}}\n"
    (tmp_path / "studio/config/prices.yaml").write_text(prices, encoding="utf-8")
    assert ask(asker_of(**local, VTX_STORY_BUDGET_USD="0"), other).calls[0].usd == 0


def test_a_forecast_leaves_out_what_is_stored(asker_of: Callable[..., Asker], server: ModelServer):
    asker = asker_of()
    one, two = prompt_of("one"), prompt_of("two", max_output_tokens=500)
    assert asker.forecast([one, two, one]) == Forecast(
        num_calls=2,
        input_tokens=one.input_tokens + two.input_tokens,
        output_tokens=1500,
        usd=worst_usd(asker, one) + worst_usd(asker, two),
    )
    ask(asker, one)
    assert asker.forecast([one, two]).num_calls == 1
    ask(asker, two)
    assert asker.forecast([one, two]) == Forecast()


def test_a_job_that_cannot_be_paid_is_not_begun(asker_of: Callable[..., Asker], server: ModelServer):
    prompts = [prompt_of(f"film {number}") for number in range(3)]
    forecast = asker_of().forecast(prompts)
    assert forecast.usd is not None
    asker_of(VTX_STORY_BUDGET_USD=str(forecast.usd)).afford(forecast, stage="screenplay")
    asker_of().afford(forecast, stage="screenplay")
    asker_of(VTX_STORY_BUDGET_USD="0", OPENAI_BASE_URL="", OPENAI_API_KEY="").afford(Forecast(), stage="screenplay")
    with pytest.raises(BudgetError, match=r"^screenplay \(3 questions\) could cost") as caught:
        asker_of(VTX_STORY_BUDGET_USD="0.001").afford(forecast, stage="screenplay")
    assert caught.value.details["stage"] == "screenplay"
    assert server.requests == []


def test_a_part_that_is_wanted_anew_is_asked_again(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    ask(asker_of())
    store.forget(Stage.OUTLINE, {"A01"})
    assert not ask(asker_of()).calls[0].reused
    assert len(server.requests) == 2


def test_a_damaged_answer_is_not_bought_again(asker_of: Callable[..., Asker], server: ModelServer, store: CallStore):
    [facts] = ask(asker_of()).calls
    store.path(facts.key).write_text("{", encoding="utf-8")
    with pytest.raises(InvalidFileError, match="is damaged"):
        ask(asker_of())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "address", ["localhost:11434/v1", "ftp://host/v1", "https://", "http:///v1", "http://[::1", "http://a b/v1", "http://h:x/v1"]
)
def test_bad_addresses(asker_of: Callable[..., Asker], address: str):
    with pytest.raises(InvalidRequestError, match="OPENAI_BASE_URL is not the address of a service"):
        asker_of(OPENAI_BASE_URL=address)


@pytest.mark.parametrize("address", ["http://[::1]:8000/v1/", "https://me:secret@host.example/v1", " HTTP://localhost "])
def test_good_addresses(asker_of: Callable[..., Asker], address: str):
    assert asker_of(OPENAI_BASE_URL=address).model == "gpt-5-mini"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("VTX_STORY_API", "completions"),
        ("VTX_STORY_TIMEOUT_S", "0"),
        ("VTX_STORY_RETRIES", "-1"),
        ("VTX_STORY_TEMPERATURE", "2.1"),
        ("VTX_STORY_BUDGET_USD", "ten"),
    ],
)
def test_bad_settings(asker_of: Callable[..., Asker], setting: str, value: str):
    with pytest.raises(InvalidRequestError, match=f"^environment: {setting}: "):
        asker_of(**{setting: value})


@pytest.mark.parametrize(("name", "text"), [("prices.yaml", "models: {m: {}}\n"), ("policy.yaml", "banned: [x]\n")])
def test_bad_files(asker_of: Callable[..., Asker], tmp_path: Path, name: str, text: str):
    (tmp_path / "studio/config" / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFileError, match=f"^config/{name}:1: "):
        asker_of()


def test_a_studio_without_files_of_its_own_has_those_of_the_package(asker_of: Callable[..., Asker], tmp_path: Path):
    for name in ("prices.yaml", "policy.yaml"):
        (tmp_path / "studio/config" / name).unlink(missing_ok=True)
    assert ask(asker_of()).calls[0].usd is not None


def test_settings_reach_the_service(asker_of: Callable[..., Asker], server: ModelServer):
    asker = asker_of(VTX_STORY_MODEL="gpt-4.1", VTX_STORY_API="chat", VTX_STORY_TEMPERATURE="0.3")
    ask(asker)
    request: Request = server.requests[0]

    assert asker.model == "gpt-4.1"
    assert request.is_chat
    assert (request.body["model"], request.body["temperature"]) == ("gpt-4.1", 0.3)
