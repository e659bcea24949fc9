"""Turn a checked graph into a LangGraph and drive it. With `checkpoints` the only home of `langgraph`.

Every node is visited once, when all nodes before it have been. A node whose required input carries
nothing, because it hangs on a branch not taken, is skipped: it passes nothing on, tells nothing and
costs nothing. The engine's own step limit is set from the graph, so that it never surfaces.
"""

import asyncio
import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from pydantic import Field, TypeAdapter

from agent_runtime import checks, node_kinds, recovery
from agent_runtime.earlier import NOTHING, Earlier, Outcome
from agent_runtime.errors import GraphInvalid, NothingToAnswer
from agent_runtime.events import (
    AnswerDelta,
    Arrived,
    Event,
    NodeFinished,
    NodeRecovered,
    NodeRetried,
    NodeStarted,
    PersonAsked,
    Round,
    RunResumed,
    RunWaiting,
    StepEvent,
    Usage,
)
from agent_runtime.graph import NO_PLAN, Digest, Edge, Graph, Node, canonical_json
from agent_runtime.journal import InMemory
from agent_runtime.left_out import LeftOut
from agent_runtime.limits import Meter
from agent_runtime.migrations import migrate
from agent_runtime.node_kinds.declare import Body, NodeKind, Outputs, Settings
from agent_runtime.node_kinds.values import Answer, Value, as_json, as_text
from agent_runtime.not_ready import Unsearched
from agent_runtime.people import AwaitsPerson, PersonSaid
from agent_runtime.ports import Tools
from agent_runtime.rounds import Inner, Outcomes, Rounds
from agent_runtime.scopes import Scopes
from agent_runtime.step import Step

if TYPE_CHECKING:
    from agent_runtime.checkpoints import SealedCheckpoints
    from agent_runtime.keeping import Worth

_TOLD: TypeAdapter[StepEvent] = TypeAdapter(Annotated[StepEvent, Field(discriminator="type")])
COMPILED_KEPT = 64
METERED = ("steps", "prompt_tokens", "completion_tokens", "model_calls")


def _merge(left: Mapping[str, Outcome], right: Mapping[str, Outcome]) -> dict[str, Outcome]:
    return {**left, **right}


class State(TypedDict):
    outcomes: Annotated[Mapping[str, Outcome], _merge]
    marks: Annotated[Mapping[str, Mapping[str, Any]], _merge]
    """What each node that ended knew of the run, so that the run can go on without it."""


@dataclass
class RunContext:
    """What belongs to one run and to no other; handed to each node by the engine."""

    run_id: str
    question: str
    tools: Tools
    meter: Meter
    tell: Callable[[Event], None]
    speaker: str | None = None
    """The node whose words are being shown; its answer is the run's answer."""
    failed_at: str | None = None
    unsearched: Unsearched = field(default_factory=Unsearched)
    left_out: LeftOut = field(default_factory=LeftOut)
    earlier: Earlier = NOTHING
    replies: Mapping[str, PersonSaid] = field(default_factory=dict)
    """What people have said to this run, by the id of the request."""
    stories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What was told of each node and the steps inside it, to be told again when the run goes on after a pause."""

    def usage(self, took_s: float) -> Usage:
        meter = self.meter
        return Usage(
            prompt_tokens=meter.prompt_tokens,
            completion_tokens=meter.completion_tokens,
            model_calls=meter.model_calls,
            steps=meter.steps,
            model=", ".join(meter.models),
            took_ms=round(took_s * 1000),
        )

    def mark(self, node_id: str) -> dict[str, Any]:
        """What the run has used, said and missed so far, as it is kept beside what a node handed on."""
        used = {name: getattr(self.meter, name) for name in METERED}
        return {
            "used": used,
            "models": list(self.meter.models),
            "speaker": self.speaker,
            "unsearched": self.unsearched.vaults,
            "left_out": self.left_out.passages,
            "story": self.stories.get(node_id),
        }

    def go_on_from(self, outcomes: Mapping[str, Outcome], marks: Mapping[str, Mapping[str, Any]]) -> None:
        """Take up what a run that was cut off had used, said and missed."""
        for mark in marks.values():
            for name in METERED:  # nodes at one time each saw a part of it; whoever ended last saw the most
                setattr(self.meter, name, max(getattr(self.meter, name), mark["used"][name]))
            if outcomes.get(mark["speaker"]):  # one that was cut off in mid-sentence says it all again
                self.speaker = mark["speaker"]
            self.unsearched.note(mark["unsearched"])
            self.left_out.note(
                mark.get("left_out", ())
            )  # marks of older versions have neither this nor models
            new = [model for model in mark.get("models", ()) if model not in self.meter.models]
            self.meter.models.extend(new)
        self.stories.update({node: mark["story"] for node, mark in marks.items() if mark.get("story")})

    def tell_of(self, event: StepEvent) -> None:
        """Tell of a step, and remember it for who looks on later. What a node handed on is kept anyway."""
        node_id = event.inside[0].node_id if event.inside else event.node_id
        if isinstance(event, NodeStarted) and not event.inside:
            self.stories[node_id] = []
        told = event.model_dump(mode="json", exclude=None if event.inside else {"output"})
        self.stories.setdefault(node_id, []).append(told)
        self.tell(event)

    def resumed(self, outcomes: Outcomes) -> RunResumed:
        """What had ended before, for who looks on from now."""
        earlier: list[StepEvent] = []
        for node_id, story in self.stories.items():
            if node_id not in outcomes:
                continue  # a round of it was kept, and it is told of as a whole once it has ended
            output = {socket: as_json(value) for socket, value in (outcomes[node_id] or {}).items()}
            for told in story:
                lacks_output = told["type"] == "node.finished" and "output" not in told
                earlier.append(_TOLD.validate_python({**told, "output": output} if lacks_output else told))
        spoken = list((outcomes.get(self.speaker or "") or {}).values())
        return RunResumed(run_id=self.run_id, earlier=earlier, said=as_text(spoken[0]) if spoken else "")


@dataclass(frozen=True)
class Scope:
    """Where in a run a node is: among the steps of the graph itself, or in a round of those inside a node."""

    run: RunContext
    rounds: tuple[Round, ...] = ()
    around: Outcomes = field(default_factory=dict)
    """What nodes outside handed on, for steps that are drawn inside others."""
    checkpoints: "SealedCheckpoints | None" = None
    goes_on: bool = False
    """Whether the run had begun before and was cut off."""
    asked: list[PersonAsked] = field(default_factory=list)
    """What its steps now ask of people."""
    worth: "Worth | None" = None
    """Where its steps tell whether losing what they did would cost something, where that is kept."""
    flush: Callable[[], Awaitable[None]] | None = None
    """Write down where it has got to."""


@dataclass(frozen=True)
class Visit:
    """One node of a compiled graph: gathers what arrives, behaves or skips, tells about it."""

    node: Node
    kind: NodeKind[Any]
    settings: Settings
    arriving: Mapping[str, list[Edge]]
    """The edges into each input, in the graph's order."""
    may_speak: bool
    """Whether its words are the answer itself, so that they may be shown as they come."""
    inner: Inner | None = None
    """The steps drawn inside it."""

    async def __call__(self, outcomes: Outcomes, scope: Scope) -> Outcome:
        run, outcomes = scope.run, {**scope.around, **outcomes}
        if not scope.rounds and self.node.id in run.earlier.given:
            return run.earlier.given[self.node.id]
        arrived = self._gather(outcomes, prefer=run.speaker)
        if arrived is None or (not scope.rounds and run.earlier.only not in (None, self.node.id)):
            return None
        inputs = {socket: value for socket, (_, value) in arrived.items()}
        run.meter.count_step()
        began = asyncio.get_running_loop().time()
        inside = list(scope.rounds)
        run.tell_of(
            NodeStarted(
                node_id=self.node.id,
                kind=self.kind.kind,
                title=self.title,
                arrived={
                    socket: Arrived(node=edge.source.node, socket=edge.source.socket)
                    for socket, (edge, _) in arrived.items()
                },
                inside=inside,
            )
        )
        try:
            step, outputs = await self._behave(inputs, outcomes, scope)
        except Exception:
            run.failed_at = run.failed_at or self.node.id  # of steps inside others the innermost
            raise
        run.tell_of(
            NodeFinished(
                node_id=self.node.id,
                kind=self.kind.kind,
                took_ms=round((asyncio.get_running_loop().time() - began) * 1000),
                output={socket: as_json(value) for socket, value in outputs.items()},
                detail=step.detail,
                inside=inside,
            )
        )
        return outputs

    @property
    def title(self) -> str:
        return self.node.title or self.kind.title

    async def _behave(
        self, inputs: Mapping[str, Value], outcomes: Outcomes, scope: Scope
    ) -> tuple[Step, Outputs]:
        """Try, and try again, as the node's plan for failing says; raises what ends the run.

        With such a plan its words are held back until it has succeeded: what was shown cannot be taken back.
        """
        run = scope.run
        plan, voice = self.node.on_error, self._voice(run)
        visit = ".".join(str(each.number) for each in scope.rounds) or "1"
        step_id = f"{run.run_id}/{self.node.id}/{visit}"  # in each round every node is visited once
        journal = scope.checkpoints.journal(run.run_id, step_id) if scope.checkpoints else InMemory()
        attempt = 0
        while True:
            attempt += 1
            held: list[str] = []
            step = Step(
                node_id=self.node.id,
                question=run.question,
                tools=run.tools,
                meter=run.meter,
                speak=voice if plan == NO_PLAN else held.append,
                unsearched=run.unsearched,
                left_out=run.left_out,
                replies=run.replies,
                is_answer=self.may_speak,
                wait=lambda ahead: run.tell(RunWaiting(ahead=ahead)),
                attempt=attempt,
                journal=journal,
                step_id=step_id,
            )
            if self.inner:
                step.rounds = self._rounds(self.inner, outcomes, scope, attempt)
            if attempt > 1:
                step.detail["tries"] = attempt
            try:
                outputs = await recovery.within(
                    self.node.time_limit_s,
                    self.title,
                    partial(self.kind.behave, inputs, self.settings, step),
                )
            except Exception as error:
                if not recovery.may_recover(error):
                    raise
                failure = recovery.told(error, run_id=run.run_id)
                if attempt <= plan.retries and recovery.may_retry(error):
                    recovery.note(error, run_id=run.run_id, node_id=self.node.id)
                    run.failed_at = None
                    await self._pause(failure, attempt + 1, scope)
                    continue
                instead = recovery.instead(plan, self.kind, failure)
                if instead is None:
                    raise
                recovery.note(error, run_id=run.run_id, node_id=self.node.id)
                run.failed_at = None
                self._tell_recovered(failure, scope)
                step.detail["failed"] = failure._asdict()
                return step, instead
            for text in held:
                voice(text)
            return step, outputs

    def _rounds(self, inner: Inner, outcomes: Outcomes, scope: Scope, attempt: int) -> Rounds:
        run = scope.run

        async def drive_round(
            inner: Inner,
            begin: Mapping[str, Value] | None,
            rounds: Sequence[Round],
            checkpoints: "SealedCheckpoints | None",
        ) -> Outcomes:
            state: State | None = None if begin is None else {"outcomes": {inner.node_id: begin}, "marks": {}}
            within = replace(
                scope, rounds=tuple(rounds), around=outcomes, goes_on=scope.goes_on or attempt > 1
            )
            return await _send(inner.app, state, within, checkpoints, step_limit=inner.step_limit)

        def failed(error: Exception, each: Round) -> recovery.Failure:
            failure = recovery.told(error, run_id=run.run_id)
            recovery.note(error, run_id=run.run_id, node_id=run.failed_at)
            run.failed_at = None
            self._tell_recovered(failure, scope, each)
            return failure

        return Rounds(
            inner=inner,
            rounds=scope.rounds,
            around=outcomes,
            drive=drive_round,
            take_up=partial(take_up, run),
            checkpoints=scope.checkpoints,
            may_have_begun=scope.goes_on or attempt > 1,
            failed=failed,
        )

    async def _pause(self, failure: recovery.Failure, attempt: int, scope: Scope) -> None:
        """Each try is a step of the run's own limit. Raises LimitReached."""
        scope.run.meter.count_step()
        pause_s = self.node.on_error.pause_s
        scope.run.tell_of(
            NodeRetried(
                node_id=self.node.id,
                kind=self.kind.kind,
                attempt=attempt,
                pause_s=pause_s,
                code=failure.code,
                message=failure.message,
                inside=list(scope.rounds),
            )
        )
        await asyncio.sleep(pause_s)

    def _tell_recovered(self, failure: recovery.Failure, scope: Scope, each: Round | None = None) -> None:
        """That the node failed for good, or one of its rounds."""
        by: Literal["default", "branch", "left_out"] = "left_out"
        if each is None:
            by = "branch" if self.node.on_error.then == "branch" else "default"
        scope.run.tell_of(
            NodeRecovered(
                node_id=self.node.id,
                kind=self.kind.kind,
                by=by,
                code=failure.code,
                message=failure.message,
                inside=[*scope.rounds, *([each] if each else [])],
            )
        )

    def _gather(
        self, outcomes: Mapping[str, Outcome], *, prefer: str | None
    ) -> dict[str, tuple[Edge, Value]] | None:
        """The value at each input and the edge it came along; None when a required one carries nothing."""
        inputs: dict[str, tuple[Edge, Value]] = {}
        for socket in self.kind.inputs:
            arrived = [
                (edge, outcome[edge.source.socket])
                for edge in self.arriving.get(socket.name, ())
                if (outcome := outcomes.get(edge.source.node)) and edge.source.socket in outcome
            ]
            if arrived:
                inputs[socket.name] = next(
                    (each for each in arrived if each[0].source.node == prefer), arrived[0]
                )
            elif socket.required:
                return None
        return inputs

    def _voice(self, run: RunContext) -> Callable[[str], None]:
        def speak(text: str) -> None:
            if self.may_speak and text and run.speaker in (None, self.node.id):
                run.speaker = self.node.id
                run.tell(AnswerDelta(text=text))

        return speak


@dataclass(frozen=True)
class Compiled:
    """A graph as LangGraph runs it. Holds nothing of any run, so it is kept and shared."""

    app: Any
    step_limit: int
    answers: tuple[str, ...]
    feeding: Mapping[str, frozenset[str]]
    """For each Answer the nodes that lead straight into it."""

    def answer(self, outcomes: Mapping[str, Outcome], speaker: str | None) -> Answer:
        """What the run answers: where the speaker's words ended, else the first Answer that was reached.

        Raises:
            NothingToAnswer: every Answer hung on a branch not taken.
        """
        reached = [node for node in self.answers if outcomes.get(node)]
        if not reached:
            raise NothingToAnswer(
                "The run ended without reaching an Answer: every branch that was taken ends before one. "
                "Connect the other side of “If / otherwise” too."
            )
        chosen = next((node for node in reached if speaker in self.feeding[node]), reached[0])
        outcome = outcomes[chosen]
        value = outcome["value"] if outcome else ""
        return value if isinstance(value, Answer) else Answer(str(value))


_kept: OrderedDict[Digest, Compiled] = OrderedDict()


def compiled(graph: Graph) -> Compiled:
    """The graph compiled, from memory when an equal one was run lately.

    Raises:
        GraphInvalid: it has problems.
    """
    digest = graph.digest()
    if digest not in _kept:
        _kept[digest] = compile_graph(graph)
        while len(_kept) > COMPILED_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(digest)
    return _kept[digest]


def compile_graph(graph: Graph) -> Compiled:
    """Raises GraphInvalid when the graph has problems."""
    problems = checks.check(graph)
    if problems:
        raise GraphInvalid(problems)
    graph = migrate(graph)
    scopes = Scopes(graph)
    before: dict[str, set[str]] = defaultdict(set)
    for node, waiting, _ in scopes.waits():
        before[waiting].add(node)
    answers = tuple(node.id for node in graph.nodes if node.kind == "answer")
    return Compiled(
        app=_app(scopes, None, before),
        step_limit=len(graph.nodes) + 2,
        answers=answers,
        feeding={
            answer: frozenset(e.source.node for e in graph.edges if e.target.node == answer)
            for answer in answers
        },
    )


def _app(scopes: Scopes, scope: str | None, before: Mapping[str, Collection[str]]) -> Any:
    """The steps of one scope as the engine runs them."""
    from langgraph.graph import END, START, StateGraph  # lazily: it takes a second or two to import

    builder = StateGraph(State, context_schema=Scope)
    nodes = [node for node in scopes.inside(scope) if node_kinds.ALL[node.kind].runs]
    for node in nodes:
        kind = node_kinds.ALL[node.kind]
        inner = _inner(scopes, node, kind.body, before) if kind.body else None
        builder.add_node(_inside(node.id), _as_engine_node(_visit(scopes.graph, node, inner)))
    for node in nodes:
        earlier = sorted(before[node.id]) if node.id in before else []
        if earlier:
            builder.add_edge([_inside(other) for other in earlier], _inside(node.id))
        else:
            builder.add_edge(START, _inside(node.id))
        if node.kind == "answer":
            builder.add_edge(_inside(node.id), END)
    return builder.compile()


def _inner(scopes: Scopes, node: Node, body: Body, before: Mapping[str, Collection[str]]) -> Inner:
    graph = scopes.graph
    steps = {each.id for each in graph.nodes if node.id in scopes.around(each.id)}
    within = [edge for edge in graph.edges if edge.target.node in steps or _is_end(edge, node, body)]
    drawn = [each.model_dump(mode="json") for each in graph.nodes if each.id in steps]
    return Inner(
        node_id=node.id,
        app=_app(scopes, node.id, before),
        step_limit=len(steps) + 2,
        steps=frozenset(each.id for each in scopes.inside(node.id) if node_kinds.ALL[each.kind].runs),
        ends={
            end.name: [
                edge for edge in within if edge.target.node == node.id and edge.target.socket == end.name
            ]
            for end in body.ends
        },
        from_outside=tuple(sorted({edge.source.node for edge in within} - steps - {node.id})),
        digest=hashlib.sha256(canonical_json([drawn, [edge.model_dump() for edge in within]])).hexdigest(),
    )


def _is_end(edge: Edge, node: Node, body: Body) -> bool:
    return edge.target.node == node.id and body.end(edge.target.socket) is not None


def _inside(node_id: str) -> str:
    """A node's name inside the engine, apart from the engine's own names."""
    return f"node-{node_id}"


def _visit(graph: Graph, node: Node, inner: Inner | None) -> Visit:
    kind = node_kinds.ALL[node.kind]
    arriving: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        if edge.target.node == node.id:
            arriving.setdefault(edge.target.socket, []).append(edge)
    handing_on = {
        other.id for other in graph.nodes if other.kind == "answer" and not other.settings.get("text")
    }
    return Visit(
        node=node,
        kind=kind,
        settings=kind.settings.model_validate(node.settings),
        arriving=arriving,
        may_speak=any(e.source.node == node.id and e.target.node in handing_on for e in graph.edges),
        inner=inner,
    )


def _as_engine_node(visit: Visit) -> Callable[..., Coroutine[Any, Any, dict[str, Any]]]:
    from langgraph.runtime import Runtime

    # Two lines and no more: the engine takes every node's own code apart when it compiles, looking for graphs in it.
    async def node(state: State, runtime: Runtime[Scope]) -> dict[str, Any]:
        return await _visited(visit, state, runtime.context)

    node.__annotations__["runtime"] = Runtime[Scope]
    return node


async def _visited(visit: Visit, state: State, scope: Scope) -> dict[str, Any]:
    from langgraph.errors import GraphInterrupt

    node_id = visit.node.id
    if scope.flush and visit.inner:
        await scope.flush()  # what is kept of its rounds is looked for only where the run is kept too
    if scope.worth:
        scope.worth.at_work += 1
    try:
        outcome = await visit(state["outcomes"], scope)
        if scope.worth and outcome is not None and not visit.kind.is_quick:
            scope.worth.is_due = True
    except AwaitsPerson as waiting:
        scope.asked.extend(waiting.asked)
        raise GraphInterrupt(()) from waiting  # steps beside it end first; nothing is kept of this one
    finally:
        if scope.worth:
            scope.worth.at_work -= 1
    return {"outcomes": {node_id: outcome}, "marks": {node_id: scope.run.mark(node_id)}}


async def take_up(run: RunContext, checkpoints: "SealedCheckpoints") -> Outcomes | None:
    """What the steps of a run, or of one of its rounds, had handed on when it was cut off; None when it had not begun.

    What they had used, said and missed counts on.

    Raises:
        CheckpointBroken: what was kept of it cannot be read.
    """
    kept = await checkpoints.aget_tuple({"configurable": {"thread_id": run.run_id}})
    if kept is None:
        return None
    values = kept.checkpoint["channel_values"]
    outcomes, marks = dict(values.get("outcomes", {})), dict(values.get("marks", {}))
    for _, channel, value in kept.pending_writes or ():  # of nodes that ended beside one that did not
        if channel == "outcomes":
            outcomes.update(value)
        elif channel == "marks":
            marks.update(value)
    run.go_on_from(outcomes, marks)
    return outcomes


async def drive(
    ready: Compiled,
    run: RunContext,
    *,
    checkpoints: "SealedCheckpoints | None" = None,
    goes_on: bool = False,
) -> Answer:
    """Send a run through the engine to its end; with checkpoints, each node's end is kept before the next begins.

    Raises:
        AwaitsPerson: steps ask something of people, and whatever could end without that has ended.
        RunFailed: a step failed; `run.failed_at` says which.
    """
    begin: State | None = None if goes_on else {"outcomes": {}, "marks": {}}
    scope = Scope(run, checkpoints=checkpoints, goes_on=goes_on)
    outcomes = await _send(ready.app, begin, scope, checkpoints, step_limit=ready.step_limit)
    if run.earlier.only is not None:
        return _said_by(outcomes.get(run.earlier.only))
    return ready.answer(outcomes, run.speaker)


async def _send(
    app: Any,
    begin: State | None,
    scope: Scope,
    checkpoints: "SealedCheckpoints | None",
    *,
    step_limit: int,
) -> Outcomes:
    """Send a state through the steps of one scope; None goes on with the one that is kept."""
    from langsmith.run_helpers import tracing_context

    saver = None
    if checkpoints is not None:
        from agent_runtime.keeping import KeepsWhatCounts, Worth

        worth = Worth()
        saver = KeepsWhatCounts(checkpoints, worth, is_new=begin is not None)
        scope = replace(scope, asked=[], worth=worth, flush=saver.flush)
    else:
        scope = replace(scope, asked=[])
    asked: dict[str, Any] = {"recursion_limit": step_limit}
    with tracing_context(enabled=False):  # whatever the environment says, a run's words go nowhere
        if saver is None:
            final = await app.ainvoke(begin, config=asked, context=scope)
        else:
            final = await app.copy({"checkpointer": saver}).ainvoke(
                begin,
                config={**asked, "configurable": {"thread_id": scope.run.run_id}},
                context=scope,
                durability="sync",
            )
    if scope.asked:
        if saver is not None:
            await saver.flush()
        raise AwaitsPerson(*scope.asked)
    outcomes: Outcomes = final["outcomes"]
    return outcomes


def _said_by(outcome: Outcome) -> Answer:
    """What one node handed on, as an answer.

    Raises:
        NothingToAnswer: it did not run, for nothing arrived at an input that it needs.
    """
    if outcome is None:
        raise NothingToAnswer(
            "Nothing arrived at this step in that run, so it has nothing to work on. Run the agent with a question "
            "that leads through it."
        )
    value = next(iter(outcome.values()), "")
    return value if isinstance(value, Answer) else Answer(as_text(value))
