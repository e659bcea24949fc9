"""Gathers, over all steps of a run, which passages a model could not be given since its window was full."""

from collections.abc import Iterable, Sequence

from agent_runtime import events
from agent_runtime.ports import Passage

MOST_NAMED = 20
"""In one answer: enough to recognise what is missing, few enough to read."""


class LeftOut:
    """A passage that two steps left out counts once."""

    def __init__(self) -> None:
        self._passages: dict[str, events.LeftOutPassage] = {}

    def note(self, passages: Iterable[events.LeftOutPassage]) -> None:
        for passage in passages:
            self._passages.setdefault(passage.passage_id, passage)

    @property
    def passages(self) -> list[events.LeftOutPassage]:
        return list(self._passages.values())

    def told(self) -> events.LeftOut:
        """As the run's last event tells it."""
        return events.LeftOut(count=len(self._passages), passages=self.passages[:MOST_NAMED])


def named(passages: Sequence[Passage]) -> list[events.LeftOutPassage]:
    """Passages by what a person knows them by."""
    return [
        events.LeftOutPassage(
            passage_id=each.passage_id,
            vault_id=each.vault_id,
            document_id=each.document_id,
            document=each.document,
            page=each.page,
            start=each.start,
            end=each.end,
        )
        for each in passages
    ]
