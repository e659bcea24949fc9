"""Find, for each sentence of a text that is written already, the words of the passages that bear it out."""

from collections.abc import Sequence

from agent_runtime import sentences, support
from agent_runtime.citations import Composer
from agent_runtime.events import AnswerSentence
from agent_runtime.node_kinds.values import Answer
from agent_runtime.ports import Embedder, Passage

COMPARED = 6
"""The lines that share most words with a sentence; one that bears it out shares half of them at least."""
MOST_SENTENCES = 60
"""Of a text; what follows is not compared and so not supported."""


async def attribute(
    text: str, passages: Sequence[Passage], embedder: Embedder | None, *, question: str
) -> Answer:
    """The text unchanged, as an answer: each sentence with what it rests on, or marked as not supported.

    Raises:
        SupportCheckFailed: the embedder did not answer.
    """
    lines = support.lines(passages)
    composer = Composer()
    found: list[AnswerSentence] = []
    for place, span in enumerate(sentences.split(text)):
        evidence = None
        if lines and place < MOST_SENTENCES:
            near = support.nearest(span.text, lines, limit=COMPARED)
            evidence = await support.Support(near, embedder, question=question).of(span.text)
        found.append(
            AnswerSentence(
                text=span.text,
                start=span.start,
                end=span.end,
                supported=evidence is not None,
                citations=[composer.cite(evidence)] if evidence else [],
            )
        )
    return Answer(text=text, sentences=tuple(found), citations=tuple(composer.citations))
