"""A run survives the end of the server: killed at any moment or waiting for a person, it goes on, and is paid once.

`QANAT_TEST_KILLS` sets how often the server is killed under one run; the nightly tests ask for more.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.agent_runtime.making import a_graph
from tests.model_server import ModelServer
from tests.product import Product

KILLS = int(os.environ.get("QANAT_TEST_KILLS", "2"))
PRICE = 1000
STEPS = 3
COUNTING = a_graph(
    {
        "start": ("start", {}),
        **{f"ask{n}": ("ask_model", {"prompt": f"{{{{text}}}} {n}"}) for n in range(STEPS)},
        "answer": ("answer", {}),
    },
    [
        ("start.question", "ask0.text"),
        *((f"ask{n}.text", f"ask{n + 1}.text") for n in range(STEPS - 1)),
        (f"ask{STEPS - 1}.text", "answer.value"),
    ],
)
"""Asks the model several times, one after the other."""
APPROVED = a_graph(
    {
        "start": ("start", {}),
        "draft": ("ask_model", {"prompt": "{{text}} draft"}),
        "check": (
            "ask_person",
            {"title": "Send it?", "instructions": "Asked: {{question}}", "whom": "asker"},
        ),
        "sent": ("answer", {}),
        "refused": ("answer", {"text": "Not sent: {{text}}"}),
    },
    [
        ("start.question", "draft.text"),
        ("draft.text", "check.value"),
        ("check.approved", "sent.value"),
        ("check.rejected", "refused.value"),
    ],
)


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Iterator[Product]:
    settings = {"QANAT_LLM_URL": model.url, "QANAT_LLM_MODEL": "counting"}
    product = Product(tmp_path_factory.mktemp("runs"), settings=settings)
    product.start()
    yield product
    product.stop()


def publish(owner: httpx.Client, name: str, graph: Any) -> str:
    agent = owner.post("/api/agents", json={"name": name}).json()
    saved = owner.put(
        f"/api/agents/{agent['id']}/draft",
        json={"graph": graph.document(), "base_revision": agent["revision"]},
    )
    assert saved.json()["problems"] == [], saved.text
    published = owner.post(
        f"/api/agents/{agent['id']}/publish", json={"terms": [{"kind": "metered", "price": PRICE}]}
    )
    assert published.status_code == 201, published.text
    slug: str = published.json()["slug"]
    return slug


@pytest.fixture(scope="module")
def slugs(product: Product) -> dict[str, str]:
    owner = product.owner()
    return {
        "counting": publish(owner, "Counting", COUNTING),
        "approved": publish(owner, "Approved", APPROVED),
    }


@pytest.fixture(scope="module")
def reader(product: Product, slugs: dict[str, str]) -> Iterator[httpx.Client]:
    """Somebody with a license to each of the agents."""
    with httpx.Client(base_url=product.url, headers={"X-Qanat": "1"}, timeout=60) as reader:
        reader.post(
            "/api/session/register",
            json={"email": "reader@example.org", "password": "a long enough password", "name": "Reader"},
        )
        reader.post("/api/wallet/faucet")
        for slug in slugs.values():
            [terms] = reader.get(f"/api/catalogue/{slug}").json()["terms"]
            bought = reader.post("/api/licenses", json={"terms_id": terms["terms_id"], "deposit": 20 * PRICE})
            assert bought.status_code == 201, bought.text
        yield reader


def charged(reader: httpx.Client) -> int:
    return sum(license_["budget"]["charged"] for license_ in reader.get("/api/licenses").json())


def reserved(reader: httpx.Client) -> int:
    return sum(license_["budget"]["reserved"] for license_ in reader.get("/api/licenses").json())


def until(happened: Callable[[], Any], *, within_s: float = 30.0) -> Any:
    deadline = time.monotonic() + within_s
    while not (found := happened()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def begin(reader: httpx.Client, slug: str, question: str) -> tuple[str, str]:
    """Ask in a new chat and leave the line open until the run has begun; `(chat id, run id)`."""
    chat_id: str = reader.post("/api/chats", json={"slug": slug}).json()["id"]

    def ask() -> None:
        with suppress(httpx.TransportError):  # the server was killed
            reader.post(f"/api/chats/{chat_id}/messages", json={"content": question})

    ASKING.submit(ask)
    answer = until(lambda: reader.get(f"/api/chats/{chat_id}").json()["messages"][1:])[0]
    return chat_id, answer["run_id"]


ASKING = ThreadPoolExecutor()


def last_message(reader: httpx.Client, chat_id: str) -> dict[str, Any]:
    message: dict[str, Any] = reader.get(f"/api/chats/{chat_id}").json()["messages"][-1]
    return message


def test_a_run_killed_at_any_moment_goes_on_repeats_no_step_that_ended_and_is_charged_once(
    product: Product, reader: httpx.Client, slugs: dict[str, str], model: ModelServer
) -> None:
    seed = random.randrange(10_000)
    chance = random.Random(seed)
    before = charged(reader)
    model.begun.clear()
    model.answered.clear()
    model.pause_s = 0.4
    chat_id, run_id = begin(reader, slugs["counting"], "Count")
    for _ in range(KILLS):
        time.sleep(chance.uniform(0, 0.6))
        product.kill()
        product.start()
    model.pause_s = 0.0
    with reader.stream("GET", f"/api/runs/{run_id}/events") as watched:
        told = [line for line in watched.iter_lines() if line.startswith("event: ")]
    assert told[0] == "event: run.started"
    assert told[-1] == "event: charge", f"seed {seed}: who comes back is told the rest: {told}"
    message = until(lambda: (m := last_message(reader, chat_id))["status"] == "done" and m)
    assert message["content"] == f"said {STEPS - 1}"
    assert reader.get(f"/api/chats/{chat_id}").json()["messages"][0]["content"] == "Count"
    assert charged(reader) - before == PRICE, f"seed {seed}"
    assert reserved(reader) == 0
    answered = Counter(model.answered)
    # a step whose reply was sent in the very moment of a kill, before its end was kept, is done again
    assert set(answered) == {str(n) for n in range(STEPS)}, f"seed {seed}"
    assert sum(answered.values()) <= STEPS + KILLS, f"seed {seed}"
    assert len(model.begun) <= STEPS + KILLS, f"seed {seed}: {model.begun}"


def test_a_run_is_stopped_in_the_middle_of_a_sentence_also_after_a_restart(
    product: Product, reader: httpx.Client, slugs: dict[str, str], model: ModelServer
) -> None:
    before = charged(reader)
    model.begun.clear()
    model.pause_s = 60.0
    chat_id, run_id = begin(reader, slugs["counting"], "Never")
    until(lambda: model.begun == ["0"])
    assert product.stop() == 0, "stopping the server in order leaves it under way"
    product.start()
    until(lambda: model.begun == ["0", "0"])
    model.broken_off.clear()
    assert reader.post(f"/api/runs/{run_id}/cancel").status_code == 202
    assert model.broken_off.wait(10), "the model is left in the middle of its reply"
    until(lambda: last_message(reader, chat_id)["status"] == "cancelled", within_s=10)
    model.pause_s = 0.0
    assert charged(reader) == before
    assert reserved(reader) == 0


def test_a_run_that_waits_for_a_person_survives_a_restart_and_goes_on_from_one_answer(
    product: Product, reader: httpx.Client, slugs: dict[str, str], model: ModelServer
) -> None:
    before = charged(reader)
    model.begun.clear()
    chat_id = reader.post("/api/chats", json={"slug": slugs["approved"]}).json()["id"]
    parked = reader.post(f"/api/chats/{chat_id}/messages", json={"content": "Write to Ida"}).text
    assert "event: run.parked" in parked
    assert last_message(reader, chat_id)["status"] == "waiting"
    assert reserved(reader) == 0, "nobody's money is held while somebody thinks"
    product.kill()
    product.start()
    [inquiry] = reader.get("/api/inquiries").json()
    assert (inquiry["title"], inquiry["instructions"]) == ("Send it?", "Asked: Write to Ida")
    assert inquiry["value"] == "said draft"
    nobody = product.owner_again()
    assert nobody.get("/api/inquiries").json() == []
    reply = {"decision": "approved", "value": "Dear Ida"}
    assert nobody.post(f"/api/inquiries/{inquiry['id']}/reply", json=reply).status_code == 404
    clicks = list(
        ASKING.map(lambda _: reader.post(f"/api/inquiries/{inquiry['id']}/reply", json=reply), range(2))
    )
    assert sorted(click.status_code for click in clicks) == [200, 409]
    message = until(lambda: (m := last_message(reader, chat_id))["status"] == "done" and m)
    assert message["content"] == "Dear Ida"
    assert charged(reader) - before == PRICE
    assert model.begun == ["draft"], "what had ended before was not done again"
    assert json.dumps(reader.get("/api/inquiries").json()) == "[]"


def test_a_run_that_waits_can_be_stopped_and_nobody_needs_to_answer_then(
    reader: httpx.Client, slugs: dict[str, str]
) -> None:
    chat_id = reader.post("/api/chats", json={"slug": slugs["approved"]}).json()["id"]
    reader.post(f"/api/chats/{chat_id}/messages", json={"content": "Write to Uwe"})
    waiting = last_message(reader, chat_id)
    [inquiry] = reader.get("/api/inquiries").json()
    assert reader.post(f"/api/runs/{waiting['run_id']}/cancel").status_code == 202
    assert last_message(reader, chat_id)["status"] == "cancelled"
    assert reader.get("/api/inquiries").json() == []
    late = reader.post(f"/api/inquiries/{inquiry['id']}/reply", json={"decision": "approved"})
    assert late.status_code == 409


def test_a_program_is_told_that_the_agent_waits_and_gets_the_answer_with_the_same_key(
    product: Product, reader: httpx.Client, slugs: dict[str, str]
) -> None:
    body = {"model": slugs["approved"], "messages": [{"role": "user", "content": "Write to Jo"}]}
    key = {"Idempotency-Key": "letter-to-jo"}
    first = reader.post("/v1/chat/completions", json=body, headers=key)
    assert first.status_code == 424, first.text
    assert "waits for you" in first.json()["detail"]
    [inquiry] = reader.get("/api/inquiries").json()
    assert reader.post("/v1/chat/completions", json=body, headers=key).status_code == 424
    refused = {"decision": "rejected", "note": "too short"}
    assert reader.post(f"/api/inquiries/{inquiry['id']}/reply", json=refused).status_code == 200
    again = until(
        lambda: (r := reader.post("/v1/chat/completions", json=body, headers=key)).status_code == 200 and r
    )
    assert again.json()["choices"][0]["message"]["content"] == "Not sent: too short"
    assert len(reader.get("/api/inquiries", params={"all": True}).json()) >= 3
    told = product.run("ask", slugs["approved"], "Write to Kim")
    assert "waits for you" in told.stderr + told.stdout
