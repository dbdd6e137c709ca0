"""Every error that a user can cause or mend, in one tree.

Unknown exceptions are not wrapped: a bug must look like a bug. A class exists only where something handles it differently.
"""

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # Errors are all that `vtx --help` needs of this package, and pydantic would add a fifth to its time.
    from pydantic import JsonValue


class VtxError(Exception):
    """An error with a remedy.

    Args:
        message: What was wrong with which value, where (``file:line``), and what to do about it.
        details: JSON-ready facts for machines: project, clip, path, setting.

    Attributes:
        code: Stable identifier of the class, for ``--json`` output and logs.
        retryable: Whether the same call may succeed later without anyone changing anything.
    """

    code: ClassVar[str] = "error"
    retryable: bool = False

    def __init__(self, message: str, **details: "JsonValue") -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, JsonValue] = details

    def to_json(self) -> "dict[str, JsonValue]":
        """Return the error as ``{"code", "message", "retryable", "details"}``."""
        return {"code": self.code, "message": self.message, "retryable": self.retryable, "details": self.details}

    @classmethod
    def from_json(cls, facts: "Mapping[str, Any]") -> "VtxError":
        """Return the error that ``to_json`` told of."""
        kind = next((kind for kind in _below(VtxError) if kind.code == facts["code"]), VtxError)
        error = kind.__new__(kind)
        VtxError.__init__(error, facts["message"], **facts["details"])
        error.retryable = facts["retryable"]
        return error


def _below(kind: type[VtxError]) -> "Iterator[type[VtxError]]":
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


class InvalidRequestError(VtxError):
    """A value given to a function or a command is outside what it accepts."""

    code = "invalid_request"


class InvalidFileError(VtxError):
    """A file of the studio does not hold what it should; the message starts with ``file:line: path:``."""

    code = "invalid_file"


class NotFoundError(VtxError):
    """A project, clip, act, scene or file that was named does not exist."""

    code = "not_found"


class AlreadyExistsError(VtxError):
    """Something would be overwritten that was not asked to be."""

    code = "already_exists"


class MissingSettingError(VtxError):
    """A setting is needed and not set; the message names it and the files where it can be set."""

    code = "missing_setting"


class MissingInputError(VtxError):
    """A file that a clip needs is not there: the clip is blocked until it is."""

    code = "missing_input"

    def __init__(self, message: str, *, retryable: bool = False, **details: "JsonValue") -> None:
        super().__init__(message, **details)
        self.retryable = retryable


class ChangedInputError(VtxError):
    """A file that a clip was rendered from changed meanwhile: nothing was kept, and its plan is another one now."""

    code = "changed_input"
    retryable = True


class IncompleteLineupError(VtxError):
    """An act or film was asked for while clips of it are missing; the message lists them."""

    code = "incomplete_lineup"


class StorageError(VtxError):
    """The disk refused: full, read-only or no permission. Nothing that was finished is lost."""

    code = "storage"
    retryable = True


class BusyError(VtxError):
    """Another process holds the lock and did not let go of it in time; the message says who."""

    code = "busy"
    retryable = True


class ProcessError(VtxError):
    """A subprocess failed, timed out or could not be started; details hold its exit code and last output."""

    code = "process"


class RenderError(VtxError):
    """An engine could not render a clip."""

    code = "render"


class OutOfMemoryError(RenderError):
    """The GPU has too little memory for a clip, with every setting that does not change the picture tried."""

    code = "out_of_memory"


class EngineLostError(RenderError):
    """What renders clips died, hung or cannot be reached, which says nothing about the clip; details hold what was tried."""

    code = "engine_lost"
    retryable = True


class CancelledError(VtxError):
    """The work was called off from outside; nothing is on record against anything."""

    code = "cancelled"
    retryable = True


class VerificationError(VtxError):
    """A file is not what it should be: truncated, black, frozen, of the wrong size or length, without its audio track."""

    code = "verification"


class AnswerError(VtxError):
    """A language model's answer cannot be used; details hold stage, part, attempt and where the raw answer is kept."""

    code = "answer"


class UnparseableAnswerError(AnswerError):
    """The answer is not JSON."""

    code = "unparseable_answer"


class InvalidAnswerError(AnswerError):
    """The answer is JSON and breaks the schema, or says what the story cannot have."""

    code = "invalid_answer"


class TruncatedAnswerError(AnswerError):
    """The answer ended at the limit of tokens."""

    code = "truncated_answer"


class RefusedAnswerError(AnswerError):
    """The model refused to answer."""

    code = "refused_answer"


class PolicyError(AnswerError):
    """The answer has a banned phrase in it, or the moderation service flagged it."""

    code = "policy"


class BudgetError(VtxError):
    """A question or a render costs more than is left of the project's budget, or may, or nobody knows: it was not begun.

    A render that reached the end of the budget all the same was stopped there; nothing is on record against the clip.
    """

    code = "over_budget"


class CredentialsError(VtxError):
    """The service did not accept the key."""

    code = "credentials"


class RejectedRequestError(VtxError):
    """The service understood the request and will not serve it: no such model, or a parameter that the model does not take."""

    code = "rejected_request"


class ServiceError(VtxError):
    """The service cannot be reached, is overloaded or too slow, after every retry."""

    code = "service"
    retryable = True


class UnfinishedStageError(VtxError):
    """Some parts of a story stage could not be written; the others are stored. Details hold the error of each part."""

    code = "unfinished_stage"

    def __init__(self, message: str, *, retryable: bool = False, **details: "JsonValue") -> None:
        super().__init__(message, **details)
        self.retryable = retryable
