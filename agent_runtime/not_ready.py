"""Gathers, over all searches of a run, which documents could not be looked at."""

from collections.abc import Iterable

from agent_runtime import events
from agent_runtime.ports import NotReady

MOST_NAMED = 20
"""In one answer: enough to recognise what is missing, few enough to read."""


class Unsearched:
    """Of each vault the search that missed the most counts: another search of the same vault missed the same files."""

    def __init__(self) -> None:
        self._vaults: dict[str, NotReady] = {}

    def note(self, missed: Iterable[NotReady]) -> None:
        for here in missed:
            known = self._vaults.get(here.vault_id)
            if known is None or here.count > known.count:
                self._vaults[here.vault_id] = here

    @property
    def vaults(self) -> list[NotReady]:
        return list(self._vaults.values())

    def told(self) -> events.NotReady:
        return told(self._vaults.values())


def told(vaults: Iterable[NotReady]) -> events.NotReady:
    """As the run's events tell it."""
    vaults = tuple(vaults)
    named = [
        events.NotReadyDocument(
            vault_id=here.vault_id,
            document_id=each.document_id,
            document=each.document,
            stage=each.stage,
            reason=each.reason,
        )
        for here in vaults
        for each in here.documents
    ]
    return events.NotReady(count=sum(here.count for here in vaults), documents=named[:MOST_NAMED])
