"""Let another agent do a part."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, StringConstraints

from agent_runtime.errors import RunFailed
from agent_runtime.insertion import insert, unknown
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.values import Answer, as_text
from agent_runtime.ports import NotReady
from agent_runtime.step import Step

SLUG = r"^([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:@[1-9][0-9]{0,5})?)?$"


class RunAgentSettings(Settings):
    agent: Annotated[str, StringConstraints(pattern=SLUG)] = Field(
        "",
        title="Agent",
        description=(
            "One of your own that is published, or one that you have a license for. Its newest version answers; write "
            "@2 behind its name to stay on version 2."
        ),
        json_schema_extra={"format": "agent"},
    )
    question: str = Field(
        "{{text}}",
        min_length=1,
        max_length=8_000,
        title="What it is asked",
        description=(
            "{{question}} inserts what the person asked, {{text}} the words that arrive; named values that arrive go "
            "by their names."
        ),
        json_schema_extra={"format": "template"},
    )


def _faults(settings: RunAgentSettings, drawn: Drawn) -> Iterable[Fault]:
    if not settings.agent:
        yield "agent_missing", "It is not said which agent to run: choose one."
    for name in unknown(settings.question, {"question", "text", *drawn.fields}):
        known = ", ".join(f"{{{{{each}}}}}" for each in ("question", "text", *drawn.fields))
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {known}."


@node_kind(
    "run_agent",
    title="Run another agent",
    category="model",
    settings=RunAgentSettings,
    inputs=[Socket(name="text", type="any", title="Text")],
    outputs=[Socket(name="answer", type="answer", title="Its answer")],
    example={"agent": "river-guide", "question": "{{text}}"},
    faults=_faults,
)
async def run_agent(inputs: Inputs, settings: RunAgentSettings, step: Step) -> Outputs:
    """Asks another published agent and hands on its answer with its citations.

    An agent of somebody else costs you, its user, what your license says, each time it answers; when people ask your
    agent, too. So put a price on yours that covers it. The most that it may cost is set aside before a run begins, and
    nothing is paid for a run that fails.
    """
    if step.tools.agents is None:
        raise RunFailed("No other agents can be asked in this run: the server gave it none.")
    said = {"question": step.question, "text": as_text(inputs["text"])}
    question = insert(settings.question, names.words(inputs) | said)
    step.detail.update(agent=settings.agent, asked=question)
    told = await step.tools.agents.ask(settings.agent, question, step_id=step.step_id, meter=step.meter)
    finished = told.finished
    step.detail.update(name=told.name, charge=told.charge, steps=list(told.steps))
    if finished.not_ready.count:  # whose documents they are, their names are
        step.unsearched.note([NotReady(f"agent {settings.agent}", finished.not_ready.count)])
    answer = Answer(
        finished.answer,
        tuple(finished.sentences),
        tuple(finished.citations),
        found=bool(finished.answer.strip()),
    )
    return {"answer": answer}
