"""Take named values out of a text, with the model, in a form that it cannot leave."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_runtime import shape
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.model_choice import ModelChoice
from agent_runtime.node_kinds.names import NAME_HELP, FieldName, FieldType
from agent_runtime.node_kinds.values import Data, Passages, as_text
from agent_runtime.ports import ChatMessage
from agent_runtime.prompting import ask_for, fit_passages
from agent_runtime.step import Step

ROLE = "Copy the facts that are asked for from the text. Answer with JSON. Write null for what the text does not say."


class WantedField(BaseModel):
    """One value to look for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FieldName = Field("name", title="Name", description=NAME_HELP)
    type: Literal["text", "number", "yes or no", "list", "choice"] = Field(
        "text", title="Type", description="list: several texts. choice: one of the words below."
    )
    description: str = Field(
        "",
        max_length=300,
        title="What it is",
        description="In a few words, such as: the day when the contract ends.",
    )
    choices: str = Field(
        "", max_length=1_000, title="Choices", description="Only for a choice: commas between them."
    )

    def listed(self) -> list[str]:
        return list(dict.fromkeys(part.strip() for part in self.choices.split(",") if part.strip()))

    def form(self) -> dict[str, Any]:
        match self.type:
            case "number":
                return {"type": ["number", "null"]}
            case "yes or no":
                return {"type": ["boolean", "null"]}
            case "list":
                return {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 10}
            case "choice":
                return {"type": ["string", "null"], "enum": self.listed()}
            case "text":
                return {"type": ["string", "null"], "maxLength": 300}


class PullOutFieldsSettings(Settings):
    fields: list[WantedField] = Field(
        default_factory=lambda: [WantedField.model_validate({})],
        min_length=1,
        max_length=20,
        title="Fields",
        description="What to look for. Few fields with clear names work best with small models.",
        json_schema_extra={"format": "rows", "default": [{"name": "name", "type": "text"}]},
    )
    max_tokens: int = Field(
        256, ge=16, le=2_048, title="Length", description="The most tokens to write; a field takes about 20."
    )

    model: ModelChoice = ""

    def form(self) -> shape.Schema:
        wanted = {field.name: field.form() for field in self.fields}
        return shape.normal({"type": "object", "properties": wanted})


def _faults(settings: PullOutFieldsSettings, drawn: Drawn) -> Iterable[Fault]:
    for problem in names.taken([field.name for field in settings.fields]):
        yield "name_taken", problem
    for field in settings.fields:
        if field.type == "choice":
            fault = shape.find_fault(field.form())
            if fault:
                yield (
                    "choices_missing",
                    f"“{field.name}” needs choices: write up to 50 words, commas between them.",
                )


def _gives(settings: PullOutFieldsSettings) -> Mapping[str, FieldType]:
    return names.of_schema(settings.form())


@node_kind(
    "pull_out_fields",
    title="Pull out fields",
    category="model",
    settings=PullOutFieldsSettings,
    inputs=[Socket(name="text", type="any", title="Text")],
    outputs=[Socket(name="values", type="values", title="Values")],
    example={
        "fields": [
            {"name": "customer", "type": "text", "description": "who ordered"},
            {"name": "total", "type": "number", "description": "the sum to pay"},
            {"name": "urgency", "type": "choice", "choices": "low, high"},
        ]
    },
    faults=_faults,
    gives=_gives,
)
async def pull_out_fields(inputs: Inputs, settings: PullOutFieldsSettings, step: Step) -> Outputs:
    """Takes named values out of a text or of passages, such as the customer, the total and the due date.

    The model can only write values of these types; what the text does not say stays empty. Steps after it use the
    values by their names. Check what matters: a small model may copy the wrong words.
    """
    arriving = inputs["text"]
    passages = arriving.items if isinstance(arriving, Passages) else ()
    wanted = "\n".join(
        f"{field.name}: {field.description or field.name} ({field.type})" for field in settings.fields
    )

    def ask(count: int) -> list[ChatMessage]:
        text = as_text(Passages(passages[:count]) if passages else arriving)
        return [ChatMessage("system", ROLE), ChatMessage("user", f"Text:\n{text}\n\nFields:\n{wanted}")]

    model = await step.model(settings.model)
    messages, used = await fit_passages(ask, len(passages), model, reserve=settings.max_tokens)
    step.detail["prompt"] = [{"role": message.role, "content": message.content} for message in messages]
    step.leave_out(passages[used:])
    values = await ask_for(settings.form(), messages, step, max_tokens=settings.max_tokens, model=model)
    return {"values": Data(values)}
