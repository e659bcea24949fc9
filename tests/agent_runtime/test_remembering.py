"""An agent remembers what it is told to, under a name, and uses it again."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from agent_runtime import service
from agent_runtime.events import RunFailedEvent, RunFinished
from agent_runtime.graph import Graph
from agent_runtime.ports import About

from .making import a_graph, events_of, some_tools


@dataclass
class TwinMemory:
    """Remembers in a dictionary."""

    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    async def recall(self, name: str, *, about: About) -> str | None:
        return self.kept.get((about, name))

    async def remember(self, name: str, value: str, *, about: About) -> None:
        self.kept[about, name] = value

    async def forget(self, name: str, *, about: About) -> None:
        self.kept.pop((about, name), None)


def remembering(answer: str, **settings: Any) -> Graph:
    return a_graph(
        {
            "start": ("start", {}),
            "keep": ("remember", {"name": "city", **settings}),
            "end": ("answer", {"text": answer}),
        },
        [("start.question", "keep.value"), ("keep.values", "end.value")],
    )


async def answered(graph: Graph, question: str, memory: TwinMemory) -> str:
    last = (await events_of(graph, question, tools=replace(some_tools(), memory=memory)))[-1]
    assert isinstance(last, RunFinished), last
    return last.answer


async def test_what_is_saved_is_read_by_its_name_until_it_is_forgotten() -> None:
    memory = TwinMemory()
    save = remembering("Noted: {{city}}", value="City of {{question}}")
    read = remembering("You live in {{city}}.", does="read", default="nowhere I know of")
    forget = remembering("Done.{{city}}", does="forget")
    assert await answered(read, "?", memory) == "You live in nowhere I know of."
    assert await answered(save, "Turku", memory) == "Noted: City of Turku"
    assert await answered(save, "Turku", memory) == "Noted: City of Turku"
    assert memory.kept == {("person", "city"): "City of Turku"}
    assert await answered(read, "?", memory) == "You live in City of Turku."
    assert await answered(forget, "?", memory) == "Done."
    assert memory.kept == {}


async def test_what_belongs_to_a_conversation_is_apart_from_what_belongs_to_the_person() -> None:
    memory = TwinMemory()
    await answered(remembering("ok", about="this_conversation"), "Turku", memory)
    assert await answered(remembering("[{{city}}]", does="read"), "?", memory) == "[]"
    assert list(memory.kept) == [("conversation", "city")]


async def test_where_nothing_is_remembered_yet_another_way_may_be_taken() -> None:
    graph = a_graph(
        {
            "start": ("start", {}),
            "keep": ("remember", {"name": "city", "does": "read", "if_nothing": "branch"}),
            "known": ("answer", {"text": "{{city}}"}),
            "ask": ("answer", {"text": "Where do you live? You said: {{text}}"}),
        },
        [
            ("start.question", "keep.value"),
            ("keep.values", "known.value"),
            ("keep.nothing", "ask.value"),
        ],
    )
    memory = TwinMemory()
    assert await answered(graph, "Hello", memory) == "Where do you live? You said: Hello"
    memory.kept["person", "city"] = "Turku"
    assert await answered(graph, "Hello", memory) == "Turku"


async def test_too_much_at_once_is_refused_in_words_and_nothing_is_saved() -> None:
    memory = TwinMemory()
    events = await events_of(remembering("ok"), "x" * 9_000, tools=replace(some_tools(), memory=memory))
    last = events[-1]
    assert isinstance(last, RunFailedEvent)
    assert (last.code, memory.kept) == ("memory_full", {})
    assert "at most 8,000" in last.message


async def test_a_run_without_a_memory_says_so() -> None:
    last = (await events_of(remembering("ok")))[-1]
    assert isinstance(last, RunFailedEvent)
    assert "Nothing can be remembered" in last.message


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"name": "question"}, "name_taken"),
        ({"value": "{{secret}}"}, "insertion_unknown"),
        ({"does": "read", "if_nothing": "branch"}, "nothing_unconnected"),
        ({"name": "Not a name"}, "setting_invalid"),
    ],
)
def test_what_cannot_work_is_told_before_a_run(settings: dict[str, str], code: str) -> None:
    assert code in [problem.code for problem in service.check(remembering("ok", **settings))]
