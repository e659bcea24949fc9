"""An agent runs another one: under its author's license, paid with the run or not at all, and never in a ring."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from agent_runtime.errors import AgentRefused
from agent_runtime.graph import Graph
from agent_runtime.limits import Meter, RunLimits
from backend.agent_calls.planning import CallPlanner
from backend.agent_calls.service import AgentCalls
from backend.runs import store as runs_store
from backend.runs.invocation import Invocation
from backend.runs.store import Run
from backend.services import Services
from knowledge_vault.keys.tenants import Sealer
from knowledge_vault.values import TenantId
from tests.agent_runtime.making import some_tools
from tests.backend.conftest import Person, Register
from tests.backend.steps import licensed, question

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRICE = 10_000
Drawn = dict[str, tuple[str, dict[str, Any]]]
Edges = list[tuple[str, str]]


def graph(nodes: Drawn, edges: Edges) -> dict[str, Any]:
    """`each/ask` is a step inside another."""
    drawn = []
    for path, (kind, settings) in nodes.items():
        parent, _, name = path.rpartition("/")
        inside = {"parent": parent} if parent else {}
        version = 2 if kind == "if_otherwise" else 1
        drawn.append({"id": name, "kind": kind, "version": version, "settings": settings, **inside})
    ends = [[dict(zip(("node", "socket"), end.split("."), strict=True)) for end in edge] for edge in edges]
    return {
        "schema": "qanat/agent-graph@1",
        "nodes": drawn,
        "edges": [
            {"id": f"e{number}", "source": source, "target": target}
            for number, (source, target) in enumerate(ends)
        ],
    }


def saying(text: str) -> dict[str, Any]:
    return graph(
        {"start": ("start", {}), "end": ("answer", {"text": text})}, [("start.question", "end.value")]
    )


def running(slug: str, *, then: str = "") -> dict[str, Any]:
    """Asks another agent; with `then`, makes a number of its answer first."""
    nodes: Drawn = {"start": ("start", {}), "ask": ("run_agent", {"agent": slug}), "end": ("answer", {})}
    edges: Edges = [("start.question", "ask.text"), ("ask.answer", "end.value")]
    if then:
        nodes["then"] = ("set_values", {"values": [{"name": "n", "value": "{{text}}", "type": then}]})
        edges = [("start.question", "ask.text"), ("ask.answer", "then.value"), ("then.values", "end.value")]
    return graph(nodes, edges)


async def draft(person: Person, name: str, document: dict[str, Any]) -> dict[str, Any]:
    agent = (await person.post("/api/agents", json={"name": name})).json()
    return await redrawn(person, agent, document)


async def redrawn(person: Person, agent: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    revision = (await person.get(f"/api/agents/{agent['id']}")).json()["revision"]
    saved = await person.put(
        f"/api/agents/{agent['id']}/draft", json={"graph": document, "base_revision": revision}
    )
    assert saved.status_code == 200, saved.text
    opened: dict[str, Any] = saved.json()
    return opened


async def published(person: Person, agent: dict[str, Any], **more: Any) -> str:
    terms = [{"kind": "metered", "price": PRICE}]
    response = await person.post(f"/api/agents/{agent['id']}/publish", json={"terms": terms, **more})
    assert response.status_code == 201, response.text
    slug: str = response.json()["slug"]
    return slug


async def budget(person: Person, slug: str) -> tuple[int, int]:
    """What this person's license was charged, and what it has left."""
    entry = (await person.get(f"/api/catalogue/{slug}")).json()
    held = entry["my_license"]["budget"]
    return held["charged"], held["available"]


async def ask(person: Person, slug: str, text: str) -> Any:
    return await person.post("/v1/chat/completions", json=question(slug, text))


def said(response: Any) -> str:
    assert response.status_code == 200, response.text
    text: str = response.json()["choices"][0]["message"]["content"]
    return text


def problems(opened: dict[str, Any]) -> dict[str, str]:
    return {problem["code"]: problem["message"] for problem in opened["problems"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def oracle(ben: Person) -> str:
    """Ben's agent, which repeats what it is asked."""
    return await published(ben, await draft(ben, "Oracle", saying("Oracle: {{question}}")))


async def test_the_author_pays_the_other_agent_from_their_license_when_and_only_when_the_run_is_answered(
    ben: Person, oracle: str, register: Register, services: Services
) -> None:
    author, reader = await register("Author"), await register("Customer")
    opened = await draft(author, "Front", running(oracle))
    assert "offers" not in problems(opened)["agent_not_licensed"]
    assert oracle in problems(opened)["agent_not_licensed"]
    await licensed(author, oracle, "metered", deposit=3 * PRICE)
    opened = await redrawn(author, opened, running(oracle))
    assert opened["problems"] == []
    front = await published(author, opened)
    broken = await published(author, await draft(author, "Broken", running(oracle, then="number")))
    await licensed(reader, front, "metered", deposit=9 * PRICE)
    await licensed(reader, broken, "metered", deposit=9 * PRICE)

    assert said(await ask(reader, front, "bees?")) == "Oracle: bees?"
    assert await budget(reader, front) == (PRICE, 8 * PRICE)
    assert await budget(author, oracle) == (PRICE, 2 * PRICE)
    earned = (await ben.get("/api/earnings")).json()
    assert [each["unsettled"] > 0 for each in earned["receipts"] if each["slug"] == oracle] == [True]

    failed = await ask(reader, broken, "wasps?")
    assert failed.status_code != 200
    assert await budget(reader, broken) == (0, 9 * PRICE)
    assert await budget(author, oracle) == (PRICE, 2 * PRICE), "what failed costs the author nothing either"

    replies = await asyncio.gather(*(ask(reader, front, f"bee {n}?") for n in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 200, 503, 503]
    refused = next(reply for reply in replies if reply.status_code == 503)
    assert "Nothing was charged" in refused.json()["detail"]
    assert "offers" not in refused.json(), "the reader is not told to buy what the author must"
    assert await budget(reader, front) == (3 * PRICE, 6 * PRICE)
    assert await budget(author, oracle) == (3 * PRICE, 0)
    tried = await author.post(f"/api/agents/{opened['id']}/try", json={"question": "ants?"})
    assert tried.status_code == 402, "trying costs the author what their license says"


async def test_steps_are_told_only_where_both_agents_are_of_the_one_who_asks(
    ada: Person, oracle: str, register: Register
) -> None:
    author = await register("Looker")
    await licensed(author, oracle, "metered", deposit=PRICE)
    mine = await published(author, await draft(author, "Mine", saying("Mine: {{question}}")))
    for slug, seen in ((oracle, []), (mine, ["start", "answer"])):
        opened = await draft(author, f"Asks {slug}", running(slug))
        told = await author.post(f"/api/agents/{opened['id']}/try", json={"question": "hello"})
        run_id = told.text.split('"run_id":')[1].split('"')[1]
        steps = (await author.get(f"/api/runs/{run_id}")).json()["steps"]
        [asked] = [step for step in steps if step["kind"] == "run_agent"]
        assert [step["kind"] for step in asked["detail"]["steps"]] == seen


async def test_agents_that_would_run_each_other_for_ever_are_named_when_saved_and_not_published(
    register: Register,
) -> None:
    author = await register("Ringmaster")
    first = await draft(author, "First", saying("one"))
    first_slug = await published(author, first)
    second_slug = await published(author, await draft(author, "Second", running(first_slug)))
    ring = await redrawn(author, first, running(second_slug))
    assert problems(ring) == {
        "agent_ring": "These agents would run each other for ever: “First” → “Second” → “First”. "
        "Choose another agent here."
    }
    refused = await author.post(
        f"/api/agents/{first['id']}/publish", json={"terms": [{"kind": "metered", "price": 1}]}
    )
    assert refused.status_code == 422
    itself = await redrawn(author, first, running(first_slug))
    assert "“First” → “First”" in problems(itself)["agent_ring"]

    below = second_slug
    for name in ("Third", "Fourth"):
        below = await published(author, await draft(author, name, running(below)))
    deep = await draft(author, "Fifth", running(below))
    assert "“Fifth” → “Fourth” → “Third” → “Second” → “First”" in problems(deep)["agents_too_deep"].replace(
        " → “First” is more", " → “First”"
    )
    assert said(await ask(author, below, "?")) == "one"


async def test_within_for_each_every_item_is_paid_and_what_was_set_aside_for_more_is_given_back(
    oracle: str, register: Register
) -> None:
    author = await register("Lister")
    await licensed(author, oracle, "metered", deposit=3 * PRICE)

    def listing(most: int) -> dict[str, Any]:
        return graph(
            {
                "start": ("start", {}),
                "each": ("for_each", {"most": most}),
                "each/ask": ("run_agent", {"agent": oracle}),
                "end": ("answer", {}),
            },
            [
                ("start.question", "each.list"),
                ("each.item", "ask.text"),
                ("ask.answer", "each.result"),
                ("each.text", "end.value"),
            ],
        )

    opened = await draft(author, "Many", listing(51))
    assert "up to 51 times" in problems(opened)["too_many_agent_calls"]
    opened = await redrawn(author, opened, listing(3))
    told = await author.post(f"/api/agents/{opened['id']}/try", json={"question": "a\nb"})
    assert "Oracle: a" in told.text
    run_id = told.text.split('"run_id":')[1].split('"')[1]
    alone = await author.post(f"/api/runs/{run_id}/repeat", json={"node_id": "ask", "only": True})
    assert alone.status_code == 422
    assert "run that one again" in alone.json()["detail"]
    assert await budget(author, oracle) == (2 * PRICE, PRICE)


async def test_an_own_agent_that_shares_its_earnings_is_not_used_around_those_who_share_them(
    ben: Person, register: Register
) -> None:
    author = await register("Sharer")
    mine, theirs = [(await each.get("/api/session")).json()["user"]["address"] for each in (author, ben)]
    shares = [{"address": mine, "share_bps": 6_000}, {"address": theirs, "share_bps": 4_000}]
    slug = await published(author, await draft(author, "Shared", saying("x")), shares=shares)
    assert "who would get nothing" in problems(await draft(author, "Around", running(slug)))["agent_shared"]


async def test_an_agent_that_is_gone_or_unknown_is_told_in_words(register: Register) -> None:
    author, reader = await register("Forlorn"), await register("Guest")
    inner = await draft(author, "Inner", saying("in"))
    slug = await published(author, inner)
    outer = await published(author, await draft(author, "Outer", running(slug)))
    await licensed(reader, outer, "metered", deposit=PRICE)
    assert (await author.delete(f"/api/agents/{inner['id']}")).status_code == 204
    assert (await ask(reader, outer, "?")).status_code == 503
    assert await budget(reader, outer) == (0, PRICE)
    assert "no agent is published" in problems(await draft(author, "Lost", running(slug)))["agent_unknown"]


async def test_a_step_done_again_after_a_crash_gets_the_answer_it_got_and_nothing_is_asked_twice(
    oracle: str, register: Register, services: Services
) -> None:
    author = await register("Crasher")
    await licensed(author, oracle, "metered", deposit=PRICE)
    opened = await draft(author, "Crashes", running(oracle))
    person = (await author.get("/api/session")).json()["user"]

    async def sealer_for(tenant: str) -> Sealer:
        return Sealer(b"s" * 32, TenantId(tenant))

    async def tools_for(owner: str, asker: str, agent: str) -> Any:
        return some_tools()

    planner = CallPlanner(services.agents, services.accounts, services.licensing)
    calls = AgentCalls(
        services.database,
        services.agents,
        services.licensing,
        planner,
        sealer_for=sealer_for,
        tools_for=tools_for,
        limits=RunLimits(),
    )
    invocation = Invocation(
        user_id=person["id"],
        address=person["address"],
        agent_id=opened["id"],
        owner_id=person["id"],
        version_id=None,
        asset_id=None,
        graph=Graph.model_validate(opened["graph"]),
        question="bees?",
    )
    at = datetime(2026, 11, 23, tzinfo=UTC)
    run = Run("crashed-run", person["id"], opened["id"], None, "failed", at, at, b"", 0, None)
    planned = await calls.plan(invocation)
    async with services.database.writing() as connection:
        await runs_store.add(connection, run)
        await calls.reserve(connection, run.id, planned, invocation)

    meter = Meter(RunLimits())
    asked = calls.of(run.id, invocation)
    first = await asked.ask(oracle, "bees?", step_id="crashed-run/ask/1", meter=meter)
    steps = meter.steps
    again = await asked.ask(oracle, "bees?", step_id="crashed-run/ask/1", meter=meter)
    assert (first.finished.answer, again.finished.answer) == ("Oracle: bees?",) * 2
    assert (steps, meter.steps) == (2, 2), "the agent's steps count in this run, and were done once"
    with pytest.raises(AgentRefused, match="not be asked any more"):
        await asked.ask(oracle, "wasps?", step_id="crashed-run/other/1", meter=meter)
    async with services.database.writing() as connection:
        sealer = await sealer_for(person["id"])
        await calls.charge(connection, run.id, sealer)
        await calls.let_go(connection, run.id, person["id"])
    assert await budget(author, oracle) == (PRICE, 0)
