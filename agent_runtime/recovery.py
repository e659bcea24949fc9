"""What becomes of a step that fails: another try, a value in its place, another branch. The same for all kinds.

A limit of the whole run is no such failure: it ends the run whatever the step's builder decided.
"""

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from agent_runtime.errors import LimitReached, RunFailed, StepTimedOut
from agent_runtime.graph import OnError
from agent_runtime.node_kinds.declare import NodeKind, Outputs, Settings, SocketType
from agent_runtime.node_kinds.values import Answer, Data, Passages, Value, is_object

log = logging.getLogger(__name__)
T = TypeVar("T")


class Failure(NamedTuple):
    """Why a step failed, in words that a person may see."""

    code: str
    message: str


def told(error: Exception, *, run_id: str) -> Failure:
    """An error in words. Those of an error that is none of ours may hold a document's: they are not told."""
    if isinstance(error, RunFailed):
        return Failure(error.code, str(error))
    return Failure(
        "unexpected",
        "A step broke in a way it should not. Ask again; if it happens again, "
        f"tell the operator the run's id, {run_id}.",
    )


def note(error: Exception, *, run_id: str, node_id: str | None) -> None:
    """Log where an unforeseen error arose, never its message: that may hold a document's words."""
    if not isinstance(error, RunFailed):
        log.error(
            "run.step_broke run_id=%s node_id=%s error=%s\n%s",
            run_id,
            node_id,
            type(error).__name__,
            "".join(traceback.format_tb(error.__traceback__)),
        )


def may_retry(error: Exception) -> bool:
    """Whether doing the same again may help; nothing is known to the contrary of an unforeseen error."""
    return error.can_retry if isinstance(error, RunFailed) else True


def may_recover(error: Exception) -> bool:
    return not isinstance(error, LimitReached)


async def within(limit_s: float | None, title: str, behave: Callable[[], Awaitable[T]]) -> T:
    """What a behaviour gives, cut off after so many seconds.

    Raises:
        StepTimedOut: it took longer.
    """
    try:
        async with asyncio.timeout(limit_s) as clock:
            return await behave()
    except TimeoutError as error:
        if limit_s is None or not clock.expired():
            raise
        raise StepTimedOut(title, limit_s=limit_s) from error


def instead(plan: OnError, kind: NodeKind[Settings], failure: Failure) -> Outputs | None:
    """What is handed on in place of what the step could not give; None when the run is to end."""
    if plan.then == "branch":
        return {"error": failure.message}
    if plan.then == "default":
        return {socket.name: _default(socket.type, plan.default) for socket in kind.outputs}
    return None


def _default(wanted: SocketType, text: str) -> Value:
    if wanted == "passages":
        return Passages(())
    if wanted == "values":
        return Data(json.loads(text) if is_object(text) else {})
    return Answer(text, found=False) if wanted == "answer" else text
