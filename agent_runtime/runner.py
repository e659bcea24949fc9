"""Drive one run from its first event to its last, whatever happens on the way.

Sees to limits of time, cancelling, and that the pieces shown add up to the answer given. It knows the
compiled graph and the events, and nothing of what a node does.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from agent_runtime import recovery
from agent_runtime.compiler import Compiled, RunContext, compiled, drive, take_up
from agent_runtime.earlier import NOTHING, Earlier
from agent_runtime.errors import LimitReached, RunFailed
from agent_runtime.events import (
    AnswerDelta,
    Event,
    RunCancelled,
    RunFailedEvent,
    RunFinished,
    RunParked,
    RunStarted,
    Usage,
)
from agent_runtime.graph import Graph
from agent_runtime.limits import Meter, RunLimits
from agent_runtime.node_kinds.values import Answer
from agent_runtime.people import AwaitsPerson, PersonSaid
from agent_runtime.ports import Tools
from agent_runtime.sentences import unsupported_sentences

if TYPE_CHECKING:
    from agent_runtime.checkpoints import SealedCheckpoints

CANCEL_WITHIN_S = 1.0
MAX_QUESTION_CHARACTERS = 20_000


async def run(
    graph: Graph,
    question: str,
    tools: Tools,
    *,
    run_id: str,
    limits: RunLimits,
    cancelled: asyncio.Event | None = None,
    checkpoints: "SealedCheckpoints | None" = None,
    earlier: Earlier = NOTHING,
    replies: Mapping[str, PersonSaid] | None = None,
    within: Meter | None = None,
    is_new: bool = False,
) -> AsyncGenerator[Event, None]:
    """See `service.run`."""
    ready = await asyncio.to_thread(compiled, graph)
    loop = asyncio.get_running_loop()
    began = loop.time()
    told: asyncio.Queue[Event] = asyncio.Queue()
    meter = Meter(limits, within=within)
    context = RunContext(
        run_id, question, tools, meter, told.put_nowait, earlier=earlier, replies=replies or {}
    )
    outcomes = await take_up(context, checkpoints) if checkpoints and not is_new else None
    goes_on = outcomes is not None
    yield RunStarted(run_id=run_id) if outcomes is None else context.resumed(outcomes)
    # In a context of its own: the engine would take a run inside a step of another one for a part of that.
    apart = contextvars.Context()
    answering = _answer(ready, context, checkpoints, goes_on)
    driver = asyncio.create_task(answering, name=f"run {run_id}", context=apart)
    stop = asyncio.create_task(cancelled.wait()) if cancelled else None
    waiting_for: set[asyncio.Task[Any]] = {driver, stop} if stop else {driver}
    try:
        while True:
            heard = asyncio.create_task(told.get())
            left_s = limits.wall_time_s - (loop.time() - began) + context.meter.waited_s(loop.time())
            await asyncio.wait(
                {heard, *waiting_for}, timeout=max(0.0, left_s), return_when=asyncio.FIRST_COMPLETED
            )
            if heard.done() and not (stop and stop.done()) and left_s > 0:
                yield heard.result()
                continue
            heard.cancel()
            ended = any(task.done() for task in {heard, *waiting_for})
            if not ended and left_s > 0 and context.meter.is_in_line:
                continue  # waiting for others does not use up a run's own time
            break
        if driver.done() and not (stop and stop.done()):
            while not told.empty():
                yield told.get_nowait()
        else:
            await _end(driver)
        usage = context.usage(loop.time() - began)
        if stop and stop.done():
            yield RunCancelled(usage=usage)
        elif driver.done() and not driver.cancelled():
            for event in _ending(context, driver, usage):
                yield event
        else:
            late = LimitReached(
                "seconds", allowed=limits.wall_time_s, advice="Ask again, or let the agent do less at once."
            )
            yield RunFailedEvent(node_id=None, code=late.code, message=str(late), usage=usage)
    finally:
        for task in waiting_for:
            await _end(task)


async def _answer(
    ready: Compiled, context: RunContext, checkpoints: "SealedCheckpoints | None", goes_on: bool
) -> Answer:
    question = context.question
    if not question.strip():
        raise RunFailed("The question is empty: write what you would like to know.")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise RunFailed(f"The question is longer than {MAX_QUESTION_CHARACTERS:,} characters: shorten it.")
    return await drive(ready, context, checkpoints=checkpoints, goes_on=goes_on)


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has let go, but never longer than we promise to take."""
    task.cancel()
    await asyncio.wait({task}, timeout=CANCEL_WITHIN_S)


def _ending(context: RunContext, driver: asyncio.Task[Answer], usage: Usage) -> list[Event]:
    error = driver.exception()
    if error is None:
        answer = driver.result()
        shown: list[Event] = [] if context.speaker or not answer.text else [AnswerDelta(text=answer.text)]
        return [
            *shown,
            RunFinished(
                answer=answer.text,
                found=answer.found,
                citations=list(answer.citations),
                sentences=list(answer.sentences) or unsupported_sentences(answer.text),
                not_ready=context.unsearched.told(),
                left_out=context.left_out.told(),
                usage=usage,
            ),
        ]
    if isinstance(error, AwaitsPerson):
        return [RunParked(asked=list(error.asked), usage=usage)]
    if not isinstance(error, Exception):
        raise error
    recovery.note(error, run_id=context.run_id, node_id=context.failed_at)
    failure = recovery.told(error, run_id=context.run_id)
    return [
        RunFailedEvent(node_id=context.failed_at, code=failure.code, message=failure.message, usage=usage)
    ]
