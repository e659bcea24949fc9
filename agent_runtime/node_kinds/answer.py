"""Where a run ends."""

from collections.abc import Iterable

from pydantic import Field

from agent_runtime.insertion import insert, unknown
from agent_runtime.insertion import names as inserted
from agent_runtime.node_kinds import names
from agent_runtime.node_kinds.declare import Drawn, Fault, Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.values import Answer, as_text
from agent_runtime.step import Step


class AnswerSettings(Settings):
    text: str = Field(
        "",
        max_length=8_000,
        title="Text",
        description=(
            "Leave it empty to answer with what arrives. Or write the answer yourself; {{question}} inserts "
            "the question and {{text}} the words that arrive; named values that arrive go by their names."
        ),
        json_schema_extra={"format": "template"},
    )


def _faults(settings: AnswerSettings, drawn: Drawn) -> Iterable[Fault]:
    for name in unknown(settings.text, {"question", "text", *drawn.fields}):
        known = ", ".join(f"{{{{{each}}}}}" for each in ("question", "text", *drawn.fields))
        yield "insertion_unknown", f"{{{{{name}}}}} is not known here: use one of {known}."
    if not settings.text and drawn.input_types.get("value") == "passages":
        yield (
            "nothing_to_say",
            "Passages arrive here, which are no answer: put “Answer with sources” before it, or write a text.",
        )


@node_kind(
    "answer",
    is_quick=True,
    title="Answer",
    category="begin and end",
    goes_inside=False,
    settings=AnswerSettings,
    inputs=[Socket(name="value", type="any", title="Answer")],
    outputs=[],
    example={"text": ""},
    faults=_faults,
)
async def answer(inputs: Inputs, settings: AnswerSettings, step: Step) -> Outputs:
    """What the person who asked gets to see, with the citations that came along.

    It takes whichever value reaches it, so several branches may end in one Answer. Write a text into it
    for a fixed reply, for example on the branch where nothing was found.
    """
    value = inputs["value"]
    if settings.text:
        said = insert(
            settings.text, names.words(inputs) | {"question": step.question, "text": as_text(value)}
        )
        keeps = isinstance(value, Answer) and said == value.text
        if keeps:
            return {"value": value}
        tells = bool(set(inserted(settings.text)) - {"question"})  # something that the steps before found
        return {"value": Answer(said, found=tells and not (isinstance(value, Answer) and not value.found))}
    return {"value": value if isinstance(value, Answer) else Answer(as_text(value))}
