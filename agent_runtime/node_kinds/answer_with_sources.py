"""Answer from passages, with citations that were checked, in the model's words or in the documents' own."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

from pydantic import Field

from agent_runtime import sentences, support
from agent_runtime.citations import Composer, without_marks
from agent_runtime.node_kinds.declare import Inputs, Outputs, Settings, Socket, node_kind
from agent_runtime.node_kinds.model_choice import ModelChoice
from agent_runtime.node_kinds.values import Answer, Passages, as_text
from agent_runtime.ports import ChatMessage, Sampling
from agent_runtime.prompting import fit_passages
from agent_runtime.step import Step
from agent_runtime.support import Evidence

QUOTED_SENTENCES = 3
QUOTED_WORDS = 56
"""Quotations end here, together with what the model wrote; a word of a script without spaces is two characters."""
QUOTED_FROM_BEST = 5
"""They are taken from so many that fit best; one that is too long gives way to the next."""
FITS_FROM = 0.45
"""What fits the question less than this share of the best is not quoted, and bears nothing out."""
EVIDENCE_READ = 5
"""Sentences that the model reads: small models do better with a few good ones than with whole passages."""
ROLE = "Answer the question in one short sentence with the facts from the text."


class AnswerWithSourcesSettings(Settings):
    style: Literal["write_and_quote", "write", "quote"] = Field(
        "write_and_quote",
        title="Style",
        description=(
            "write_and_quote: the model’s own sentence where the documents bear it out, followed by the words it "
            "rests on; best with small models. write: the model’s sentences alone, and a quotation where the "
            "documents do not bear them out; for larger models. quote: always the documents’ own words."
        ),
    )
    unsupported: Literal["quote", "mark", "unknown"] = Field(
        "quote",
        title="What the documents do not bear out",
        description=(
            "quote: the model’s sentence is left out, and the documents are quoted in its place. mark: it is shown, "
            "and marked as not supported. unknown: it is left out, and when nothing else is left, the agent says "
            "that nothing was found."
        ),
    )
    unknown: str = Field(
        "The documents say nothing about this.",
        min_length=1,
        max_length=1_000,
        title="When nothing is found",
        description="What to say when no passage fits the question.",
    )
    max_tokens: int = Field(
        80, ge=16, le=1_024, title="Length", description="The most tokens the model may write."
    )
    model: ModelChoice = ""


@node_kind(
    "answer_with_sources",
    title="Answer with sources",
    category="model",
    settings=AnswerWithSourcesSettings,
    inputs=[
        Socket(name="question", type="question", title="Question"),
        Socket(name="passages", type="passages", title="Passages"),
    ],
    outputs=[Socket(name="answer", type="answer", title="Answer")],
    example={"style": "write_and_quote"},
)
async def answer_with_sources(inputs: Inputs, settings: AnswerWithSourcesSettings, step: Step) -> Outputs:
    """Answers the question from the passages, and cites the very words each sentence rests on.

    What the model writes is compared with the passages. A sentence they do not bear out is never shown as if
    they did: the documents are quoted instead. When no passage fits, it says so.
    """
    question, arriving = as_text(inputs["question"]), inputs["passages"]
    passages = arriving.items if isinstance(arriving, Passages) else ()
    evidence = await support.weigh(question, passages, step.tools.embedder)
    step.detail.update(
        evidence=[
            {"document": item.passage.document, "text": item.text, "score": round(item.score, 3)}
            for item in evidence[:8]
        ],
        passages_weighed=min(len(passages), support.READ_PASSAGES),
        not_weighed=[passage.document for passage in passages[support.READ_PASSAGES :]],
    )
    if not support.is_relevant(question, evidence, embedded=step.tools.embedder is not None):
        step.detail["outcome"] = "nothing relevant"
        step.speak(settings.unknown)
        return {"answer": Answer(settings.unknown, found=False)}
    composer = Composer(step.speak)
    if settings.style != "quote":
        await _write(question, evidence[:EVIDENCE_READ], settings, composer, step)
    written = not composer.is_empty
    if not written and settings.style != "quote" and settings.unsupported == "unknown":
        step.detail["outcome"] = "not borne out"
        step.speak(settings.unknown)
        return {"answer": Answer(settings.unknown, found=False)}
    if settings.style != "write" or not written:
        _quote(evidence, composer)
    step.detail["outcome"] = "written" if written else "quoted"
    return {"answer": composer.answer(quoted=not written)}


async def _write(
    question: str,
    evidence: list[Evidence],
    settings: AnswerWithSourcesSettings,
    composer: Composer,
    step: Step,
) -> None:
    """Let the model write, and keep its sentences up to the first that the evidence does not bear out.

    Each is checked, and only then shown, as soon as it is whole.
    """

    def ask(count: int) -> list[ChatMessage]:
        # The facts first and one short request: strict or long ones make small models refuse or wander.
        facts = "\n".join(item.plain for item in evidence[:count])
        return [ChatMessage("system", ROLE), ChatMessage("user", f"Text:\n{facts}\n\nQuestion: {question}")]

    model = await step.model(settings.model)
    messages, used = await fit_passages(ask, len(evidence), model, reserve=settings.max_tokens)
    read = {item.passage.passage_id for item in evidence[:used]}
    missed = {item.passage.passage_id: item.passage for item in evidence[used:]}
    step.leave_out([passage for passage_id, passage in missed.items() if passage_id not in read])
    step.detail.update(
        prompt=[{"role": message.role, "content": message.content} for message in messages],
        evidence_left_out=len(evidence) - used,
    )
    # What fits the question much less than the best bears out true sentences about other things.
    support_of = support.Support(_fitting(evidence[:used]), step.tools.embedder, question=question)
    draft, kept = "", 0

    async def keep(whole: list[sentences.Span]) -> bool:
        """Take what is new and borne out; False when the model need not write on."""
        nonlocal kept
        for span in whole[kept:]:
            said = without_marks(" ".join(span.text.split()))
            rests_on = await support_of.of(said)
            if rests_on is None:
                step.detail.setdefault("not_borne_out", []).append(span.text)
                if settings.unsupported != "mark":
                    return False
            if said:
                composer.add(said, rests_on)
            kept += 1
        return True

    sampling = Sampling(max_tokens=settings.max_tokens)
    async with aclosing(step.ask(messages, sampling, model=model)) as pieces:
        async for piece in pieces:
            draft += piece
            if not await keep(sentences.split(draft)[:-1]):
                break
        else:
            await keep(sentences.split(draft))
    step.detail["draft"] = draft


def _quote(evidence: list[Evidence], composer: Composer) -> None:
    """Add the best sentences of the documents, in quotation marks, as they stand there."""
    room = QUOTED_WORDS - _length(composer.text)
    cited = [item for item in composer.cited if item not in evidence[:QUOTED_SENTENCES]]
    quoted = 0
    for item in [*cited, *_fitting(evidence)[:QUOTED_FROM_BEST]]:
        length = _length(item.plain)
        if quoted == QUOTED_SENTENCES:
            break
        if (length > room and not composer.is_empty) or item.plain in composer.text:
            continue
        composer.add(item.text, item, show=f"“{item.plain}”")
        room -= length
        quoted += 1


def _fitting(evidence: Sequence[Evidence]) -> list[Evidence]:
    """What fits the question not much less than the best does."""
    best = max((item.score for item in evidence), default=0.0)
    return [item for item in evidence if item.score >= FITS_FROM * best]


def _length(text: str) -> int:
    return max(len(text.split()), sum(ord(character) > 0x2E80 for character in text) // 2)
