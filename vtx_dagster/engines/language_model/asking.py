"""Asking a language model one question: answered from memory where it can be, within the budget, checked and repaired.

Every answer is stored before it is used. What is wrong with one is told to the model, at most twice; each of these repairs is a
question of its own, with its own place in the memory.
"""

import hashlib
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from vtx_dagster.core.errors import (
    AnswerError,
    BudgetError,
    InvalidAnswerError,
    InvalidRequestError,
    NotFoundError,
    PolicyError,
    RefusedAnswerError,
    ServiceError,
    TruncatedAnswerError,
    UnparseableAnswerError,
    VtxError,
)
from vtx_dagster.core.plain_form import without_unseen
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.policy import Policy
from vtx_dagster.core.prices import Price, PriceTable
from vtx_dagster.core.story import CallFacts
from vtx_dagster.engines.language_model.client import (
    APIS,
    OPENAI_URL,
    Ending,
    LanguageModel,
    ModelReply,
    ModelRequest,
    OpenAiModel,
)
from vtx_dagster.engines.language_model.prompt import Message, Prompt
from vtx_dagster.engines.language_model.retries import persistently
from vtx_dagster.studio.calls import CallStore, SentCall, StoredCall
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.problems import model_problems
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.settings import KNOWN, Settings
from vtx_dagster.studio.yaml_source import path_text

A = TypeVar("A", bound=BaseModel)
D = TypeVar("D", PriceTable, Policy)
T = TypeVar("T")

MAX_REPAIRS = 2
"""How often a model is told what is wrong with its answer."""

_MAX_PROBLEMS = 20
_NO_KEY = "none"
_PACKAGE_PRICES = Path(__file__).parent / "prices.yaml"
_ADDRESS = re.compile(r"https?://([^/\s@]*@)?([\w.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]+)?(/[^\s?#]*)?", re.ASCII | re.IGNORECASE)
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(?P<text>.*)\n\s*```\s*", re.DOTALL | re.IGNORECASE)


class AnswerProblems(Exception, Generic[T]):  # noqa: N818 - what a check found, and not yet an error
    """What a check finds wrong with an answer that has the right form.

    Args:
        problems: What is wrong, in words for the model, one problem each.
        partial: What can be used of the answer when no repair is left; None if nothing.
    """

    def __init__(self, problems: Sequence[str], *, partial: T | None = None) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.partial = partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """A question that was answered.

    Attributes:
        value: What the check made of the answer.
        calls: Every call that it took, the repairs included, in order.
        remarks: Repairs that were made, and problems that are left in a partial answer.
    """

    value: T
    calls: tuple[CallFacts, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Conversation(Generic[T]):
    """A question with its repairs so far."""

    stage: str
    part: str
    prompt: Prompt
    calls: list[tuple[StoredCall, bool]] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    partial: T | None = None
    left: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.stage} {self.part}".rstrip()

    @property
    def attempt(self) -> int:
        """Number of the question that is asked now: 1, then 2 and 3 for repairs."""
        return len(self.repaired) + 1


class _Unusable(Exception):  # noqa: N818 - becomes an error when no repair is left
    """What is wrong with an answer, and which error it is if it stays so."""

    def __init__(self, error: type[AnswerError], *problems: str, can_be_repaired: bool = True) -> None:
        super().__init__(*problems)
        self.error = error
        self.problems = problems
        self.can_be_repaired = can_be_repaired


class Asker:
    """Asks a language model for one project. Any thread may call any method."""

    def __init__(
        self,
        *,
        model: LanguageModel,
        store: CallStore,
        price: Price | None = None,
        budget_usd: Decimal | None = None,
        policy: Policy | None = None,
        retries: int = 0,
    ) -> None:
        """Make an asker.

        Args:
            model: Who answers.
            store: Where questions and answers are kept.
            price: What the model costs; None if nobody knows.
            budget_usd: The most that all questions of the project may cost together; None for no limit.
            policy: What no answer may say.
            retries: How often a question is sent again after the service failed. Each sending has to fit the budget.
        """
        self._model = model
        self._store = store
        self._price = price
        self._budget_usd = budget_usd
        self._policy = policy or Policy()
        self._retries = retries
        self._money = threading.Lock()
        self._open: dict[str, threading.Lock] = {}

    @property
    def model(self) -> str:
        """Name of the model that answers."""
        return self._model.name

    def ask(self, prompt: Prompt[A], check: Callable[[A], T], *, stage: str, part: str) -> Answered[T]:
        """Return what a check makes of the answer to a prompt.

        Args:
            prompt: The question.
            check: Makes a value of the answer; raises ``AnswerProblems`` if the model should mend something.
            stage: The stage that asks, such as ``screenplay``.
            part: The part of the stage, such as ``A01_S02``.

        Raises:
            AnswerError: If no answer can be used, after every repair; the answers are set aside then, so that the next run asks
                again. ``details`` hold stage, part, attempt, and the path of the last answer as ``raw``.
            BudgetError: If the answer could cost more than is left of the budget; nothing was sent.
            CredentialsError, InvalidRequestError, MissingSettingError, RejectedRequestError, ServiceError: If the service does
                not answer, after every retry.
            InvalidFileError: If a file of the memory is damaged.
            StorageError: If the disk refuses.
        """
        talk: _Conversation[T] = _Conversation(stage=stage, part=part, prompt=prompt)
        while True:
            call = self._answer(talk)
            try:
                value = self._used(call, prompt.answer, check, talk)
            except _Unusable as found:
                if talk.attempt <= MAX_REPAIRS and found.can_be_repaired:
                    _add_repair(talk, call, found)
                    continue
                if talk.partial is not None:
                    return _answered(talk, talk.partial, left=talk.left)
                raise self._failure(talk, found) from None
            return _answered(talk, value)

    def forecast(self, prompts: Iterable[Prompt]) -> Forecast:
        """Return what some prompts would cost at most, without those whose answer is stored. Repairs are not in it.

        Raises:
            InvalidFileError: If a file of the memory is damaged.
            StorageError: If it cannot be read.
        """
        due = {_key(self.request_body(prompt)): prompt for prompt in prompts}
        asked = [prompt for key, prompt in due.items() if self._store.find(key) is None]
        input_tokens = sum(prompt.input_tokens for prompt in asked)
        output_tokens = sum(prompt.max_output_tokens for prompt in asked)
        usd = self.price(input_tokens=input_tokens, output_tokens=output_tokens) if asked else Decimal(0)
        return Forecast(num_calls=len(asked), input_tokens=input_tokens, output_tokens=output_tokens, usd=usd)

    def price(self, *, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what tokens cost in USD, or None if the model has no known price."""
        return None if self._price is None else self._price.usd(input_tokens=input_tokens, output_tokens=output_tokens)

    def afford(self, forecast: Forecast, *, stage: str) -> None:
        """Return if a stage, at its most, fits into what is left of the budget, and there is a key to ask with.

        Args:
            forecast: What the stage costs at most.
            stage: What the error calls it.

        Raises:
            BudgetError: If it does not fit, or if nobody knows the price.
            InvalidRequestError, MissingSettingError: If there is no key, or none that can be one.
            InvalidFileError: If a file of the memory is damaged, so that nobody knows what was spent.
            StorageError: If it cannot be read.
        """
        if forecast.num_calls:
            self._model.ready()
            with self._money:
                self._check_budget(forecast.usd, what=f"{stage} ({forecast.num_calls} questions)", stage=stage)

    def request_body(self, prompt: Prompt) -> dict[str, object]:
        """Return exactly what would be sent first for a prompt."""
        return dict(self._model.body(_request(prompt)))

    def _answer(self, talk: _Conversation) -> StoredCall:
        """Return the answer to the question as it stands: the stored one, or a new one, which is stored now."""
        body = self._model.body(_request(talk.prompt))
        key = _key(body)
        with self._alone(key):
            call = self._store.find(key)
            is_new = call is None
            if call is None:
                call = self._store.store(self._sent(talk, key, body))
            talk.calls.append((call, not is_new))
            return call

    def _sent(self, talk: _Conversation, key: str, body: dict[str, Any]) -> StoredCall:
        request = _request(talk.prompt)
        worst_usd = self.price(input_tokens=talk.prompt.input_tokens, output_tokens=talk.prompt.max_output_tokens)
        tries = itertools.count(1)

        def send() -> ModelReply:
            number = next(tries)
            with self._money:
                what = talk.where if number == 1 else f"{talk.where}, try {number},"
                self._check_budget(worst_usd, what=what, stage=talk.stage, part=talk.part, attempt=talk.attempt)
                # Noted under the lock, because the note is what other questions count as spent.
                self._store.mark_sent(SentCall(key=key, stage=talk.stage, part=talk.part, model=self._model.name, usd=worst_usd))
            try:
                return self._model.complete(request)
            except VtxError as error:
                if not (isinstance(error, ServiceError) and error.details.get("may_have_cost", True)):
                    self._store.unmark(key)
                raise _placed(error, talk, number=number) from error

        reply = persistently(send, retries=self._retries)
        usage = reply.usage
        return StoredCall(
            key=key,
            stage=talk.stage,
            part=talk.part,
            attempt=talk.attempt,
            model=reply.model or self._model.name,
            response_id=reply.response_id,
            # A service that does not count tokens may have charged for as many as there can be.
            usd=self._cost(reply) if usage is not None else worst_usd,
            input_tokens=usage.input_tokens if usage is not None else 0,
            cached_tokens=usage.cached_tokens if usage is not None else 0,
            output_tokens=usage.output_tokens if usage is not None else 0,
            seconds=round(reply.seconds, 3),
            ending=reply.ending,
            detail=reply.detail,
            text=reply.text,
            request=body,
            raw=reply.raw,
        )

    def _cost(self, reply: ModelReply) -> Decimal | None:
        if self._price is None or reply.usage is None:
            return None
        usage = reply.usage
        return self._price.usd(
            input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cached_tokens=usage.cached_tokens
        )

    def _check_budget(self, usd: Decimal | None, *, what: str, **details: JsonValue) -> None:
        if self._budget_usd is None:
            return
        if usd is None:
            message = (
                f"{what}: nobody knows what the model {self._model.name} costs, and VTX_STORY_BUDGET_USD is set: give its price "
                "in config/prices.yaml, or take the budget away"
            )
            raise BudgetError(message, model=self._model.name, **details)
        spent = self._store.spent()
        left = self._budget_usd - spent
        if usd > left:
            message = (
                f"{what} could cost {usd:.4f} USD, and of the budget of {self._budget_usd} USD {max(left, Decimal(0)):.4f} are "
                "left: set VTX_STORY_BUDGET_USD higher, or choose a cheaper VTX_STORY_MODEL"
            )
            raise BudgetError(message, usd=str(usd), spent_usd=str(spent), budget_usd=str(self._budget_usd), **details)

    def _used(self, call: StoredCall, answer: type[A], check: Callable[[A], T], talk: _Conversation[T]) -> T:
        """Return what the check makes of an answer.

        Raises:
            _Unusable: If something is wrong with it; a partial value is kept in ``talk``.
        """
        if call.ending == Ending.FAILED:
            raise _Unusable(UnparseableAnswerError, f"the service failed: {call.detail}", can_be_repaired=False)
        if call.ending == Ending.REFUSED:
            raise _Unusable(RefusedAnswerError, f"the model refused: {call.detail}", can_be_repaired=False)
        if call.ending == Ending.TRUNCATED:
            limit = talk.prompt.max_output_tokens
            problem = f"the answer was cut off at the limit of {limit} tokens: give the same in fewer words"
            raise _Unusable(TruncatedAnswerError, problem)
        try:
            value = _seen(json.loads(_unfenced(call.text)))
            texts = list(_texts(value))
        except (ValueError, RecursionError) as error:
            raise _Unusable(UnparseableAnswerError, f"the answer is not JSON: {error}") from error
        self._check_moderation(call, talk)
        if banned := self._policy.banned_in(texts):
            raise _Unusable(PolicyError, *(f"the answer must not say {phrase!r}" for phrase in banned))
        try:
            return check(answer.model_validate_json(json.dumps(value)))
        except ValidationError as error:
            problems = (f"{path_text(problem.path)}: {problem.text}".removeprefix(": ") for problem in model_problems(error))
            raise _Unusable(InvalidAnswerError, *problems) from error
        except AnswerProblems as error:
            if error.partial is not None:
                talk.partial, talk.left = error.partial, error.problems
            raise _Unusable(InvalidAnswerError, *error.problems) from error

    def _check_moderation(self, call: StoredCall, talk: _Conversation) -> None:
        name = self._model.moderation
        if not name:
            return
        flags = call.moderation.get(name)
        if flags is None:
            try:
                flags = persistently(lambda: self._model.moderate(call.text), retries=self._retries)
            except VtxError as error:
                raise _placed(error, talk) from error
            self._store.store(call.model_copy(update={"moderation": {**call.moderation, name: flags}}))
        if flags:
            raise _Unusable(PolicyError, f"{name} flagged the answer: {', '.join(flags)}", can_be_repaired=False)

    def _failure(self, talk: _Conversation, found: _Unusable) -> VtxError:
        """Return the error of a conversation that came to nothing; its answers are set aside."""
        last, _ = talk.calls[-1]
        with self._money:  # two parts may have asked the same, and only one of them can move the answers
            paths = self._store.set_aside(call.key for call, _ in talk.calls)
        raw = str(paths[-1] if paths else self._store.path(last.key).parent / "failed")
        tried = f" after {talk.attempt - 1} repairs" if talk.attempt > 1 else ""
        message = (
            f"{talk.where}: {last.model} gave no answer that can be used{tried}: {'; '.join(found.problems[:_MAX_PROBLEMS])}. "
            f"See {raw}, and {_REMEDIES[found.error]}"
        )
        kind = ServiceError if last.ending == Ending.FAILED else found.error
        return kind(message, stage=talk.stage, part=talk.part, attempt=talk.attempt, raw=raw, problems=list(found.problems))

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Let only one thread ask a question; another that has the same one finds the answer."""
        with self._money:
            lock = self._open.setdefault(key, threading.Lock())
        with lock:
            yield


def model_asker(project: Project) -> Asker:
    """Return the asker of a project, as its settings and the files of the studio want it.

    Nothing is sent, and a key is not needed before there is something to send.

    Raises:
        InvalidFileError, InvalidRequestError: If a setting, ``config/prices.yaml`` or ``config/policy.yaml`` is not valid.
        StorageError: If one of the files cannot be read.
    """
    settings, root = project.settings(), project.studio.root
    address = settings.get("OPENAI_BASE_URL")
    model = OpenAiModel(
        name=settings.get("VTX_STORY_MODEL") or KNOWN["VTX_STORY_MODEL"].default,
        key=lambda: _key_of(settings),
        api=settings.choice("VTX_STORY_API", APIS),
        base_url=OPENAI_URL if address is None else _checked_address(address.strip()),
        timeout_s=settings.integer("VTX_STORY_TIMEOUT_S", default=300, minimum=1, maximum=86_400),
        temperature=settings.decimal("VTX_STORY_TEMPERATURE", minimum=0, maximum=2),
        reasoning=(settings.get("VTX_STORY_REASONING") or "").strip(),
        moderation=(settings.get("VTX_STORY_MODERATION") or "").strip(),
    )
    return Asker(
        model=model,
        store=CallStore(project),
        price=price_table(root).price_of(model.name),
        budget_usd=settings.decimal("VTX_STORY_BUDGET_USD", minimum=0),
        policy=_optional(root / "config/policy.yaml", Policy, root=root),
        retries=settings.integer("VTX_STORY_RETRIES", default=4, minimum=0, maximum=20),
    )


def _key_of(settings: Settings) -> str:
    """Return the key, or for a server at an own address that may want none a word in its place.

    Raises:
        MissingSettingError: If OpenAI would be asked without a key.
    """
    has_address = settings.get("OPENAI_BASE_URL") is not None
    return settings.get("OPENAI_API_KEY") or _NO_KEY if has_address else settings.require("OPENAI_API_KEY")


def _checked_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        message = "OPENAI_BASE_URL is not the address of a service: write it like https://host/v1 or http://localhost:11434/v1"
        raise InvalidRequestError(message, setting="OPENAI_BASE_URL")
    return address.rstrip("/")


def price_table(root: Path) -> PriceTable:
    """Return the prices of the package with those of a studio's ``config/prices.yaml`` over them.

    Raises:
        InvalidFileError: If the file is not valid.
        StorageError: If it cannot be read.
    """
    own = _optional(root / "config/prices.yaml", PriceTable, root=root)
    return load_document(_PACKAGE_PRICES, PriceTable).overridden_by(own)


def _optional(path: Path, model: type[D], *, root: Path) -> D:
    try:
        return load_document(path, model, root=root)
    except NotFoundError:
        return model()


_REMEDIES: Mapping[type[AnswerError], str] = {
    UnparseableAnswerError: "run again, or choose another VTX_STORY_MODEL",
    InvalidAnswerError: "run again, or choose another VTX_STORY_MODEL",
    TruncatedAnswerError: "raise max_output_tokens in the front matter of an own template, or make the part shorter",
    RefusedAnswerError: "change what the story asks for, or choose another VTX_STORY_MODEL",
    PolicyError: "change what the story asks for, or config/policy.yaml",
}


def _request(prompt: Prompt) -> ModelRequest:
    return ModelRequest(
        name=prompt.name, messages=prompt.messages, schema=prompt.schema, max_output_tokens=prompt.max_output_tokens
    )


def _key(body: Mapping[str, object]) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _add_repair(talk: _Conversation, call: StoredCall, found: _Unusable) -> None:
    shown = found.problems[:_MAX_PROBLEMS]
    numbered = "\n".join(f"{number}. {problem}" for number, problem in enumerate(shown, start=1))
    more = f"\n({len(found.problems) - len(shown)} more problems like these.)" if len(found.problems) > len(shown) else ""
    request = f"This answer cannot be used:\n\n{numbered}{more}\n\nGive the whole answer again, with these problems mended."
    # A model that spent all its tokens on reasoning said nothing, and services refuse messages without text.
    said = (Message(role="assistant", text=call.text),) if call.text.strip() else ()
    talk.prompt = replace(talk.prompt, messages=(*talk.prompt.messages, *said, Message(role="user", text=request)))
    talk.repaired.append("; ".join(shown))


def _answered(talk: _Conversation, value: T, *, left: tuple[str, ...] = ()) -> Answered[T]:
    repairs = [f"repair {number}: {problems}" for number, problems in enumerate(talk.repaired, start=1)]
    calls = tuple(_facts(call, is_reused=is_reused) for call, is_reused in talk.calls)
    return Answered(value=value, calls=calls, remarks=(*repairs, *(f"left as it is: {problem}" for problem in left)))


def _facts(call: StoredCall, *, is_reused: bool) -> CallFacts:
    return CallFacts(
        key=call.key,
        model=call.model,
        response_id=call.response_id,
        input_tokens=call.input_tokens,
        cached_tokens=call.cached_tokens,
        output_tokens=call.output_tokens,
        usd=call.usd,
        seconds=call.seconds,
        reused=is_reused,
    )


def _placed(error: VtxError, talk: _Conversation, *, number: int = 1) -> VtxError:
    """Return an error of the service with what was asked, and at which try."""
    where = talk.where if number == 1 else f"{talk.where}, try {number}"
    return type(error)(f"{where}: {error.message}", **error.details, stage=talk.stage, part=talk.part, attempt=talk.attempt)


def _unfenced(text: str) -> str:
    """Return the inside of a Markdown code block, which some local models put around their JSON."""
    fenced = _FENCED.fullmatch(text)
    return fenced["text"] if fenced else text


def _seen(value: JsonValue) -> JsonValue:
    """Return a JSON value whose texts have no control characters and nothing else that nobody sees."""
    if isinstance(value, str):
        return without_unseen(value)
    if isinstance(value, list):
        return [_seen(item) for item in value]
    return {key: _seen(item) for key, item in value.items()} if isinstance(value, dict) else value


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield every text in a JSON value, without the keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
