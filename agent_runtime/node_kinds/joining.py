"""Make one value of several: passages without repeating any, answers with their citations numbered anew."""

import re
from collections.abc import Sequence

from agent_runtime.events import AnswerSentence, Citation
from agent_runtime.node_kinds.values import Answer, Data, Passages, Value, as_text
from agent_runtime.sentences import unsupported_sentences

BETWEEN = "\n\n"
_MARK = re.compile(r"\[(\d+)\]")


def as_item(value: Value) -> object:
    """A value as one item of a list."""
    return dict(value.fields) if isinstance(value, Data) else as_text(value)


def together(values: Sequence[Value]) -> Value:
    """All values as one text, a blank line between; an answer where one of them is, so that no citation is lost."""
    if any(isinstance(value, Answer) for value in values):
        return join_answers(
            [value if isinstance(value, Answer) else Answer(as_text(value)) for value in values]
        )
    return BETWEEN.join(as_text(value) for value in values)


def join_passages(values: Sequence[Value]) -> Passages | None:
    """The passages of all values in order, each once; None where a value is something else."""
    if not all(isinstance(value, Passages) for value in values):
        return None
    items = [passage for value in values if isinstance(value, Passages) for passage in value.items]
    return Passages(tuple({passage.passage_id: passage for passage in items}.values()))


def join_answers(answers: Sequence[Answer]) -> Answer:
    """One after the other. A sentence that was checked against nothing stays marked as not supported."""
    text = ""
    sentences: list[AnswerSentence] = []
    citations: dict[tuple[str, int, int], Citation] = {}
    for answer in answers:
        numbers: dict[int, int] = {}
        for citation in answer.citations:
            place = (citation.document_id, citation.start, citation.end)
            if place not in citations:
                citations[place] = citation.model_copy(update={"number": len(citations) + 1})
            numbers[citation.number] = citations[place].number
        text += BETWEEN if text and answer.text else ""
        done = 0
        for sentence in answer.sentences or unsupported_sentences(answer.text):
            text += _renumbered(answer.text[done : sentence.start], numbers)
            changes = {
                "start": len(text),
                "end": len(text) + len(sentence.text),
                "citations": [numbers[number] for number in sentence.citations],
            }
            sentences.append(sentence.model_copy(update=changes))
            text += sentence.text
            done = sentence.end
        text += _renumbered(answer.text[done:], numbers)
    return Answer(
        text=text,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        found=any(answer.found for answer in answers),
        quoted=any(answer.quoted for answer in answers),
    )


def _renumbered(between: str, numbers: dict[int, int]) -> str:
    """What stands between sentences: the marks of citations, by their new numbers."""
    return _MARK.sub(lambda mark: f"[{numbers.get(int(mark.group(1)), mark.group(1))}]", between)
