"""Ask the language model, in words that the builder chooses."""

import json
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from typing import Literal

from pydantic import Field

from agent_runtime import shape
from agent_runtime.attributing import attribute
from agent_runtime.citations import MarkFilter
from agent_runtime.insertion import insert, unknown
from agent_runtime.insertion import names as inserted
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.model_choice import ModelChoice
from agent_runtime.node_kinds.names import FieldType
from agent_runtime.node_kinds.values import Data, Passages, as_text
from agent_runtime.ports import ChatMessage, ChatModel, Sampling
from agent_runtime.prompting import ask_for, fit_passages, list_passages
from agent_runtime.step import Step

NAMES = ("question", "text", "passages")


class AskModelSettings(Settings):
    prompt: str = Field(
        "{{text}}",
        min_length=1,
        max_length=8_000,
        title="Prompt",
        description=(
            "What the model is asked. {{question}} inserts what the person asked, {{text}} the words that "
            "arrive, {{passages}} the passages that arrive; named values "
            "that arrive go by their names. Small models do best with one short request."
        ),
        json_schema_extra={"format": "template"},
    )
    role: str = Field(
        "You are a helpful assistant.",
        max_length=2_000,
        title="Role",
        description="Who the model is to be; said before the prompt.",
    )
    max_tokens: int = Field(
        256, ge=1, le=2_048, title="Length", description="The most tokens to write; a word has about 1.3."
    )
    answer_as: Literal["text", "json"] = Field(
        "text",
        title="Answer as",
        description=(
            "text: whatever it writes. json: named values of the form below, which the model cannot leave; they go out "
            "at “Values”."
        ),
    )
    form: str = Field(
        '{"type": "object", "properties": {"answer": {"type": "string"}}}',
        max_length=8_000,
        title="Form of the JSON",
        description="A JSON schema; only for answers as json. To name fields without one use “Pull out fields”.",
    )
    temperature: float = Field(
        0.0,
        ge=0.0,
        le=2.0,
        title="Temperature",
        description="0 gives the same answer each time; higher is freer and less reliable.",
    )
    model: ModelChoice = ""


def _gives(settings: AskModelSettings) -> Mapping[str, FieldType]:
    try:
        return names.of_schema(shape.read(settings.form)) if settings.answer_as == "json" else {}
    except ValueError:
        return {}  # told at this node


def _faults(settings: AskModelSettings, drawn: Drawn) -> Iterable[Fault]:
    if settings.answer_as == "json":
        try:
            shape.read(settings.form)
        except ValueError as error:
            yield "form_invalid", f"The form of the JSON cannot be used: {error}"
    elif "values" in drawn.leaving:
        yield (
            "values_missing",
            "It hands on values only when it answers as json: choose that, or remove the edge.",
        )
    for name in unknown(settings.prompt + settings.role, (*NAMES, *drawn.fields)):
        known = ", ".join(f"{{{{{each}}}}}" for each in (*NAMES, *drawn.fields))
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {known}."
    if "passages" not in drawn.input_types and "passages" in inserted(settings.prompt):
        yield (
            "insertion_unfilled",
            "The prompt inserts {{passages}}, but none arrive: connect a search to it.",
        )


@node_kind(
    "ask_model",
    title="Ask the model",
    category="model",
    settings=AskModelSettings,
    inputs=[
        Socket(name="text", type="text", title="Text"),
        Socket(name="passages", type="passages", title="Passages", required=False),
    ],
    outputs=[
        Socket(name="text", type="text", title="What it wrote"),
        Socket(name="values", type="values", title="Values"),
    ],
    example={"prompt": "Say in one sentence, in plain words: {{text}}", "max_tokens": 120},
    faults=_faults,
    gives=_gives,
)
async def ask_model(inputs: Inputs, settings: AskModelSettings, step: Step) -> Outputs:
    """Asks the language model and hands on what it writes.

    Where passages arrive and its words are the answer, each sentence is compared with the passages: it cites what
    bears it out, or is shown as not supported. Without passages all of it is shown as not supported. To show
    nothing that the documents do not bear out use "Answer with sources" instead.
    """
    arriving = inputs.get("passages")
    passages = arriving.items if isinstance(arriving, Passages) else ()
    words = names.words(inputs) | {"question": step.question, "text": as_text(inputs["text"])}

    def ask(count: int) -> list[ChatMessage]:
        values = words | {"passages": list_passages(passages[:count])}
        messages = [ChatMessage("user", insert(settings.prompt, values))]
        return [ChatMessage("system", insert(settings.role, words)), *messages] if settings.role else messages

    model = await step.model(settings.model)
    messages, used = await fit_passages(ask, len(passages), model, reserve=settings.max_tokens)
    step.detail.update(
        prompt=[{"role": message.role, "content": message.content} for message in messages],
        passages_read=used,
        passages_left_out=len(passages) - used,
    )
    step.leave_out(passages[used:])
    sampling = Sampling(max_tokens=settings.max_tokens, temperature=settings.temperature, repeat_penalty=1.1)
    if settings.answer_as == "json":
        schema = shape.read(settings.form)
        values = await ask_for(
            schema,
            messages,
            step,
            max_tokens=settings.max_tokens,
            temperature=settings.temperature,
            model=model,
        )
        return {"text": json.dumps(values, ensure_ascii=False), "values": Data(values)}
    text = await _write(step, messages, sampling, model, without_marks=bool(passages))
    if passages and step.is_answer:
        return {"text": await attribute(text, passages[:used], step.tools.embedder, question=step.question)}
    return {"text": text}


async def _write(
    step: Step, messages: list[ChatMessage], sampling: Sampling, model: ChatModel, *, without_marks: bool
) -> str:
    """What the model writes, shown as it comes. Numbers of passages that it writes are guesses: they are left out."""
    written: list[str] = []
    held = ""  # spaces at the end are shown only once more follows, so that what is shown is what is answered
    unmarked = MarkFilter() if without_marks else None
    async with aclosing(step.ask(messages, sampling, model=model)) as pieces:
        async for piece in pieces:
            held += unmarked.pass_on(piece) if unmarked else piece
            held = _show(held, written, step)
    held += unmarked.rest() if unmarked else ""
    _show(held, written, step)
    return "".join(written)


def _show(held: str, written: list[str], step: Step) -> str:
    """Show what may be shown of the text that is held; what is left of it."""
    shown = held.rstrip() if written else held.strip()
    if not shown:
        return held
    written.append(shown)
    step.speak(shown)
    return held[held.index(shown) + len(shown) :]
