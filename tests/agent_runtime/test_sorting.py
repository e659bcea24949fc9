"""What arrives goes to the category whose examples mean the most similar, or to none."""

from dataclasses import replace
from typing import Any

import pytest

from agent_runtime import service
from agent_runtime.events import NodeFinished, RunFailedEvent, RunFinished
from agent_runtime.graph import Graph

from .making import a_graph, events_of, some_tools

BILLS = {
    "id": "bills",
    "name": "Bills",
    "examples": "my invoice is wrong\nsend the invoice\ncharged money twice",
}
BROKEN = {
    "id": "broken",
    "name": "Broken",
    "examples": "the app crashes\nthe login page crashes\napp stays empty",
}


def sorting(*categories: dict[str, Any], **settings: Any) -> Graph:
    ids = [category["id"] for category in categories] + ["none"]
    return a_graph(
        {
            "start": ("start", {}),
            "sort": ("sort_by_meaning", {"categories": list(categories), **settings}),
            **{f"say-{name}": ("answer", {"text": name}) for name in ids},
        },
        [("start.question", "sort.value"), *((f"sort.{name}", f"say-{name}.value") for name in ids)],
    )


@pytest.mark.parametrize(
    ("question", "category"),
    [
        ("where does the invoice stay, charged again", "bills"),
        ("your app crashes always", "broken"),
        ("zebras eat grass", "none"),
    ],
)
async def test_the_nearest_category_is_taken_and_an_unclear_one_is_none(question: str, category: str) -> None:
    events = await events_of(sorting(BILLS, BROKEN, margin=0.15), question)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.answer == category
    [sorted_] = [event for event in events if isinstance(event, NodeFinished) and event.node_id == "sort"]
    assert set(sorted_.detail["likeness"]) == {"Bills", "Broken"}


async def test_without_a_margin_one_is_always_chosen() -> None:
    last = (await events_of(sorting(BILLS, BROKEN, margin=0.0), "zebras eat grass"))[-1]
    assert isinstance(last, RunFinished)
    assert last.answer in ("bills", "broken")


async def test_a_server_that_compares_no_meanings_says_so() -> None:
    last = (await events_of(sorting(BILLS, BROKEN), tools=replace(some_tools(), embedder=None)))[-1]
    assert isinstance(last, RunFailedEvent)
    assert last.code == "embedder_missing"


@pytest.mark.parametrize(
    ("categories", "code"),
    [
        ([BILLS], "categories_missing"),
        ([BILLS, BROKEN | {"id": "bills"}], "branch_repeated"),
        ([BILLS, BROKEN | {"name": " "}], "category_unnamed"),
        ([BILLS, BROKEN | {"examples": "\n"}], "examples_missing"),
    ],
)
def test_categories_that_cannot_work_are_told(categories: list[dict[str, Any]], code: str) -> None:
    assert code in [problem.code for problem in service.check(sorting(*categories))]
