"""Ask a web service over HTTP, and hand on what it answers."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field

from agent_runtime.node_kinds import names, taking, web_request
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.taking import MAX_VALUES, TakenValue
from agent_runtime.node_kinds.values import Data, as_text
from agent_runtime.node_kinds.web_request import RequestFields
from agent_runtime.step import Step

WORDS = ("question", "text", "second")
SHOWN_CHARACTERS = 2_000


class CallWebServiceSettings(RequestFields, Settings):
    answer_as: Literal["text", "json"] = Field(
        "text",
        title="Take the answer as",
        description="text: its words. json: the values below, which go out at “Values”.",
    )
    values: list[TakenValue] = Field(
        default_factory=list,
        max_length=MAX_VALUES,
        title="Values to take",
        description="Only for json: what the answer must hold, and what it is called from here on.",
        json_schema_extra={"format": "rows", "hidden_if": {"answer_as": ["text"]}},
    )


def _gives(settings: CallWebServiceSettings) -> Mapping[str, FieldType]:
    return taking.gives(settings.values) if settings.answer_as == "json" else {}


def _faults(settings: CallWebServiceSettings, drawn: Drawn) -> Iterable[Fault]:
    yield from web_request.find_faults(settings, (*WORDS, *drawn.fields))
    if settings.answer_as == "json":
        yield from taking.find_faults(settings.values)
    if "values" in drawn.leaving and not _gives(settings):
        yield (
            "values_missing",
            "It hands on values only where the answer is taken as json and values are listed: list them, or remove "
            "the edge.",
        )


@node_kind(
    "call_web_service",
    title="Call a web service",
    category="outside",
    settings=CallWebServiceSettings,
    inputs=[
        Socket(name="text", type="any", title="Text"),
        Socket(name="second", type="any", title="Second", required=False),
    ],
    outputs=[
        Socket(name="text", type="text", title="What it answered"),
        Socket(name="values", type="values", title="Values"),
    ],
    example={
        "method": "GET",
        "address": "https://api.example.org/weather?city={{text}}",
        "answer_as": "json",
        "values": [{"name": "temperature", "at": "main.temp", "type": "number"}],
    },
    faults=_faults,
    gives=_gives,
)
async def call_web_service(inputs: Inputs, settings: CallWebServiceSettings, step: Step) -> Outputs:
    """Asks a service on the web, such as for the weather or an order's state, and hands on its answer.

    Only the public web is reached, never this server's own network. Give keys as a secret. Whatever the service says is
    handed on as it is: a later step that shows it to the model shows it words that a stranger wrote.
    """
    said: dict[str, Any] = {
        "question": step.question,
        "text": as_text(inputs["text"]),
        "second": as_text(inputs["second"]) if "second" in inputs else "",
    }
    request = web_request.build(settings, said | names.fields(inputs), request_key=step.step_id)
    step.detail["request"] = web_request.trace(request)
    answer = await web_request.send(step.tools.web, request, repeatable=settings.repeatable)
    whose = web_request.host(request)
    text = web_request.text_of(answer, whose)
    step.detail.update(status=answer.status, size_bytes=len(answer.body), answer=text[:SHOWN_CHARACTERS])
    if settings.answer_as == "text":
        return {"text": text}
    document = taking.read_json(text, whose)
    return {"text": text, "values": Data(taking.take(settings.values, document, whose))}
