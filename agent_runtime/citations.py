"""Put an answer together sentence by sentence, each with the citation it rests on."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from agent_runtime.events import AnswerSentence, Citation
from agent_runtime.node_kinds.values import Answer
from agent_runtime.support import Evidence

_MARK = re.compile(r"\s*\[\d{1,3}\]")
_BEGUN_MARK = re.compile(r"\s*(\[\d{0,3})?$")


def without_marks(text: str) -> str:
    """The text without numbers in brackets: those that a model writes are guesses, and ours are added by us."""
    return _MARK.sub("", text)


class MarkFilter:
    """The same for a text that arrives in pieces, of which a mark may span two."""

    def __init__(self) -> None:
        self._held = ""

    def pass_on(self, piece: str) -> str:
        """What can be shown now that this piece has arrived."""
        text = without_marks(self._held + piece)
        begun = _BEGUN_MARK.search(text)
        cut = begun.start() if begun else len(text)
        self._held = text[cut:]
        return text[:cut]

    def rest(self) -> str:
        """What is left when nothing more will come."""
        held, self._held = self._held, ""
        return held


@dataclass
class Composer:
    """Collects the sentences of an answer, numbers its citations, and shows each sentence as it is settled."""

    speak: Callable[[str], None] = lambda text: None
    _text: str = ""
    _sentences: list[AnswerSentence] = field(default_factory=list)
    _citations: list[Citation] = field(default_factory=list)
    _numbers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    cited: list[Evidence] = field(default_factory=list)
    """What the citations stand for, in their order."""

    @property
    def text(self) -> str:
        return self._text

    @property
    def is_empty(self) -> bool:
        return not self._sentences

    def add(self, sentence: str, evidence: Evidence | None, *, show: str | None = None) -> None:
        """Append a sentence; `show` is how it stands in the answer when that differs, for example in quotes."""
        shown = show or sentence
        numbers = [self.cite(evidence)] if evidence else []
        marked = shown + "".join(f" [{number}]" for number in numbers)
        piece = f"{' ' if self._text else ''}{marked}"
        start = len(self._text) + len(piece) - len(marked)
        self._text += piece
        self._sentences.append(
            AnswerSentence(
                text=shown,
                start=start,
                end=start + len(shown),
                supported=evidence is not None,
                citations=numbers,
            )
        )
        self.speak(piece)

    def answer(self, *, found: bool = True, quoted: bool = False) -> Answer:
        return Answer(
            text=self._text,
            sentences=tuple(self._sentences),
            citations=tuple(self._citations),
            found=found,
            quoted=quoted,
        )

    @property
    def citations(self) -> list[Citation]:
        return list(self._citations)

    def cite(self, evidence: Evidence) -> int:
        """The number under which these words are cited; the same words keep theirs."""
        place = (evidence.passage.document_id, evidence.start, evidence.end)
        if place not in self._numbers:
            self._numbers[place] = len(self._citations) + 1
            self.cited.append(evidence)
            self._citations.append(
                Citation(
                    number=self._numbers[place],
                    passage_id=evidence.passage.passage_id,
                    vault_id=evidence.passage.vault_id,
                    document_id=evidence.passage.document_id,
                    document=evidence.passage.document,
                    page=evidence.page,
                    start=evidence.start,
                    end=evidence.end,
                    quote=evidence.text,
                )
            )
        return self._numbers[place]
