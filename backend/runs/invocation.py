"""All that a run needs to begin, and to go on after a restart: kept sealed beside it until it has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_runtime.earlier import NOTHING, Earlier, outcomes_as_json, outcomes_from_json
from agent_runtime.graph import Graph
from backend.runs.beside import Beside


@dataclass(frozen=True)
class Trial:
    """What a run of one's own for trying something begins with."""

    earlier: Earlier = NOTHING
    steps: Sequence[Mapping[str, Any]] = ()
    """The trace of the steps that it takes over from an earlier run."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What it is for, as its record keeps it: the run that it repeats a part of (`again`), the test (`test_id`)."""

    def document(self) -> dict[str, Any]:
        return {
            "given": outcomes_as_json(self.earlier.given),
            "only": self.earlier.only,
            "steps": [dict(step) for step in self.steps],
            "about": dict(self.about),
        }


@dataclass(frozen=True)
class Invocation:
    """One question to one graph version, or to a draft."""

    user_id: str
    """Who asks."""
    address: str
    """The wallet that holds the license."""
    agent_id: str
    owner_id: str
    """Whose agent it is."""
    version_id: str | None
    """None for a draft."""
    asset_id: str | None
    """None where it costs nothing."""
    graph: Graph
    """Kept with the run where it is tried only: a draft may change meanwhile."""
    question: str
    reservation_id: str | None = None
    request_key: str | None = None
    body_digest: str = ""
    beside: Beside | None = None
    trial: Trial | None = None
    """Set for what is run freely, to try something."""

    @property
    def keeps_steps(self) -> bool:
        """Steps quote the author's vault at length: they are kept for the author alone."""
        return self.user_id == self.owner_id

    @property
    def is_awaited(self) -> bool:
        """Whether somebody can come back for the answer, so that it is worth going on after a restart.

        A program that asked without an idempotency key cannot: it would pay for what it never gets.
        """
        is_tried = self.trial is not None and "test_id" not in self.trial.about
        return self.beside is not None or self.request_key is not None or is_tried

    def document(self) -> dict[str, Any]:
        """As JSON; the graph of a published version is not repeated."""
        return {
            "address": self.address,
            "owner_id": self.owner_id,
            "asset_id": self.asset_id,
            "graph": self.graph.document() if self.trial else None,
            "question": self.question,
            "reservation_id": self.reservation_id,
            "request_key": self.request_key,
            "body_digest": self.body_digest,
            "beside": {"keeper": self.beside.keeper, "facts": dict(self.beside.facts)}
            if self.beside
            else None,
            "trial": self.trial.document() if self.trial else None,
        }


def read(
    document: Mapping[str, Any], *, user_id: str, agent_id: str, version_id: str | None, graph: Graph
) -> Invocation:
    """The invocation that `document` wrote; `graph` is the version's, or the one within it."""
    beside, trial = document["beside"], document["trial"]
    return Invocation(
        user_id=user_id,
        address=document["address"],
        agent_id=agent_id,
        owner_id=document["owner_id"],
        version_id=version_id,
        asset_id=document["asset_id"],
        graph=graph,
        question=document["question"],
        reservation_id=document["reservation_id"],
        request_key=document["request_key"],
        body_digest=document["body_digest"],
        beside=Beside(beside["keeper"], beside["facts"]) if beside else None,
        trial=Trial(
            Earlier(given=outcomes_from_json(trial["given"]), only=trial["only"]),
            trial["steps"],
            trial["about"],
        )
        if trial
        else None,
    )
