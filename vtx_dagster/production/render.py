"""Rendering one clip: find its take, or render, verify and keep it.

A clip is rendered under a file lock, so that of two processes that want the same clip one renders and the other finds the take.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from vtx_dagster.core.engines import MediaTool, Progress, RenderRequest, RenderSession, never, no_progress
from vtx_dagster.core.errors import (
    ChangedInputError,
    MissingInputError,
    NotFoundError,
    ProcessError,
    RenderError,
    VerificationError,
    VtxError,
)
from vtx_dagster.production.cut import replacing_take
from vtx_dagster.production.gpu_time import GpuAttempt, unmetered
from vtx_dagster.production.resolve import ResolvedClip
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors, write_atomic
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import FailureRecord, Take, TakeRecord, TakeStore

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
"""Returns the present time with its time zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A clip's take.

    Attributes:
        was_reused: It was found, and nothing was rendered.
        is_shown: It is the one in ``renders/clips``.
    """

    take: Take
    record: TakeRecord
    was_reused: bool
    is_shown: bool


def write_plan(project: Project, resolved: ResolvedClip) -> bool:
    """Write a clip's plan to ``renders/plans`` unless it is there already; say whether it was written."""
    path = project.plan_path(resolved.plan.clip)
    text = resolved.plan.model_dump_json(indent=2) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
        return False
    write_atomic(path, text)
    return True


def render_clip(
    project: Project,
    resolved: ResolvedClip,
    *,
    session: RenderSession,
    media: MediaTool,
    clock: Clock,
    force: bool = False,
    broken: VtxError | None = None,
    show: bool = True,
    may_degrade: bool = False,
    attempt: Callable[[], AbstractContextManager[GpuAttempt]] = unmetered,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = never,
) -> Rendered:
    """Make sure that a take of a plan exists, and show it.

    Args:
        project: The clip's project.
        resolved: The clip's plan and the files that it names.
        session: The engine, ready to render.
        media: Verifies what the engine made.
        clock: Dates the take.
        force: Render even if there is a take; it is replaced only by one that was verified. If it is shown, its act and the
            film are due again. So is a take replaced that goes on from one which was itself replaced since.
        broken: Why the clip that this one continues was just not rendered, if so: then this one is not, either.
        show: Make the take the one in ``renders/clips``; not wanted for a take in another profile than the film's.
        may_degrade: Whether a smaller picture, scaled up, is better than none where memory is short.
        attempt: Returns the block in which the clip is rendered, which knows how long it may take and notes how long it took.
        progress: Told about frames.
        cancelled: Says whether the render was called off.

    Returns:
        The take; ``was_reused`` if nothing had to be rendered.

    Raises:
        RenderError, ProcessError: If the engine failed; the failure is on record for this plan, unless it may pass by itself.
        VerificationError: If what it made is not what was planned; likewise on record, and the file is kept for a look.
        MissingInputError: If the clip that it continues has no take of its present plan; nothing is on record against this one.
            Retryable if what broke that one is.
        BudgetError: If the project's GPU time does not do for it; likewise not on record.
        EngineLostError, CancelledError: If what renders was lost, or the render called off; likewise not on record.
        ChangedInputError: If an input or LoRA file is not the one that was planned any more, or the take that the clip goes on
            from was replaced; nothing is kept.
        StorageError: If the disk refused; nothing is on record against the clip.
    """
    store = TakeStore(project)
    clip, clip_hash = resolved.plan.clip, resolved.clip_hash
    with clip_lock(project, clip, cancelled=cancelled):
        take, previous = store.find(clip, clip_hash), _previous_take(store, resolved)
        is_replaced = force or (take is not None and previous is not None and not take.goes_on_from(previous))
        was_reused = take is not None and not is_replaced
        if take is None or is_replaced:
            replacing = replacing_take(project, clip) if is_replaced and show else nullcontext()
            _check_previous(store, resolved, previous, broken)
            take = _render(
                store,
                resolved,
                previous,
                _Means(
                    session=session,
                    media=media,
                    clock=clock,
                    may_degrade=may_degrade,
                    attempt=attempt,
                    progress=progress,
                    cancelled=cancelled,
                ),
                storing=replacing,
            )
        if show:
            store.make_current(take)
    # Not INFO: Dagster would write it to its event log, at half the cost of the materialisation that says the same.
    logger.debug("%s/%s: %s take %s", project.slug, clip, "found" if was_reused else "rendered", clip_hash[:12])
    return Rendered(take=take, record=store.record(take, plan=resolved.plan), was_reused=was_reused, is_shown=show)


def find_take(project: Project, resolved: ResolvedClip) -> Rendered:
    """Return the take of a plan, without rendering.

    Raises:
        NotFoundError: If there is none.
    """
    store = TakeStore(project)
    take = store.find(resolved.plan.clip, resolved.clip_hash)
    if take is None:
        raise NotFoundError(f"{project.slug}/{resolved.plan.clip} has no take of its present plan: render it first")
    return Rendered(take=take, record=store.record(take, plan=resolved.plan), was_reused=True, is_shown=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """What a clip is rendered with, as the arguments of ``render_clip``."""

    session: RenderSession
    media: MediaTool
    clock: Clock
    may_degrade: bool
    attempt: Callable[[], AbstractContextManager[GpuAttempt]]
    progress: Progress
    cancelled: Callable[[], bool]


def _render(
    store: TakeStore,
    resolved: ResolvedClip,
    previous: Take | None,
    means: _Means,
    *,
    storing: AbstractContextManager[None],
) -> Take:
    plan, clip_hash, clock = resolved.plan, resolved.clip_hash, means.clock
    files, looked_at = dict(resolved.files), dict[str, FileIdentity | None](resolved.looked_at)
    if previous is not None:
        files[previous.clip_hash] = previous.path
        looked_at[str(previous.path)] = file_identity(previous.path)
    with store.scratch(plan.clip) as folder, means.attempt() as attempt:
        output, log = folder / "clip.mp4", folder / "log.txt"
        request = RenderRequest(
            plan=plan,
            files=files,
            output=output,
            log=log,
            progress=means.progress,
            cancelled=means.cancelled,
            on_gpu=attempt.on_gpu,
            limit_s=attempt.limit_s,
            may_degrade=means.may_degrade,
        )
        started = clock()
        try:
            with storage_errors(output):
                report = attempt.report = means.session.render(request)
            finished = clock()
            facts = means.media.verify(output, plan)
        except (RenderError, ProcessError, VerificationError) as error:
            _check_inputs(plan.clip, looked_at)
            if error.retryable:
                raise
            failure = FailureRecord(
                clip=plan.clip,
                clip_hash=clip_hash,
                code=error.code,
                message=error.message,
                details=error.details,
                failed_at=clock().isoformat(),
            )
            kept = store.record_failure(failure, rendered=output, log=log)
            if kept is not None:
                error.details["log"] = str(kept)
            raise
        _check_inputs(plan.clip, looked_at)
        record = TakeRecord.of(
            plan,
            project=store.project.slug,
            clip_hash=clip_hash,
            engine={**report.facts, **({"gpu_s": report.gpu_s} if report.gpu_s else {})},
            verification=facts.to_json(),
            started_at=started.isoformat(),
            finished_at=finished.isoformat(),
            render_s=(finished - started).total_seconds(),
            previous_sha256=previous.sha256 if previous is not None else "",
        )
        with storing:
            return store.store(output, record, log=log)


def _previous_take(store: TakeStore, resolved: ResolvedClip) -> Take | None:
    """Return the take of the clip that this one continues, if it continues one that has a take of its present plan."""
    previous = resolved.plan.previous
    return store.find(previous.clip, previous.clip_hash) if previous is not None else None


def _check_previous(store: TakeStore, resolved: ResolvedClip, take: Take | None, broken: VtxError | None) -> None:
    """Say so if a clip cannot be rendered because the one that it continues was not."""
    clip, previous = resolved.plan.clip, resolved.plan.previous
    if previous is None or (take is not None and broken is None):
        return
    if broken is not None:
        message = f"{clip} continues {previous.clip}, which was not rendered: {broken.message}"
        raise MissingInputError(message, retryable=broken.retryable, clip=clip, previous=previous.clip)
    failure = store.failure(previous.clip, previous.clip_hash)
    why = f"which failed: {failure.message}" if failure is not None else "which has no take of its present plan yet"
    there, option = (f" in profile {resolved.profile}", f" --profile {resolved.profile}") if resolved.profile else ("", "")
    raise MissingInputError(
        f"{clip} continues {previous.clip}, {why}; render that one first{there} "
        f"(vtx render clip {store.project.slug} {previous.clip}{option})",
        clip=clip,
        previous=previous.clip,
    )


def _check_inputs(clip: str, looked_at: Mapping[str, FileIdentity | None]) -> None:
    """Say so if a take, or a failure, is not one of the plan: the plan names the content of its files by hash."""
    for path, was in looked_at.items():
        if file_identity(path) != was:
            raise ChangedInputError(f"{clip}: {path} changed while the clip was rendered: render it again", clip=clip, path=path)
