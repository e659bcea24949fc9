"""`qanat evaluate retrieval` and `qanat evaluate answers`."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from backend.cli.connection import CommandFailed, connected, result_of
from backend.cli.running import run
from backend.evaluation import Question, Score, score, summary
from backend.settings import Settings

app = typer.Typer(help="Measure how well documents are found and questions answered.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("retrieval")
def retrieval(
    data: Annotated[Path, typer.Option(help="A folder with corpus.jsonl, queries.jsonl and qrels.tsv.")],
    queries: Annotated[
        Path | None, typer.Option(help="Another set with the same document ids, whose questions are asked.")
    ] = None,
    rerank: Annotated[
        bool, typer.Option(help="By the reranker of QANAT_RERANKER_DIR, if there is one.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Take a corpus into a temporary vault, ask its questions, and score what is found."""
    run(_retrieval(data, queries, rerank=rerank, as_json=as_json))


@app.command("answers")
def answers(
    agent: Annotated[str, typer.Option(help="The agent's slug.")],
    data: Annotated[
        Path | None,
        typer.Option(help="JSONL: question, answers or checks, and optionally doc, page and kind."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask an agent every question of a file, or those of its own test set, and score the answers."""
    run(_answers(agent, data, as_json=as_json))


async def _retrieval(data: Path, queries: Path | None, *, rerank: bool, as_json: bool) -> None:
    from backend.wiring import temporary_vault
    from knowledge_vault.evaluation import evaluate_retrieval

    needed = [data / "corpus.jsonl", *((queries or data) / name for name in ("queries.jsonl", "qrels.tsv"))]
    missing = await asyncio.to_thread(lambda: [path for path in needed if not path.is_file()])
    if missing:
        raise CommandFailed(f"There is no {missing[0]}. A set is corpus.jsonl, queries.jsonl and qrels.tsv.")

    def report(what: str, done: int, of: int) -> None:
        if not as_json and done % 32 == 0:
            typer.echo(f"  {what}: {done} of {of}", err=True)

    async with temporary_vault(Settings()) as vault:
        result = await evaluate_retrieval(vault, data, queries_dir=queries, report=report, rerank=rerank)
    if as_json:
        typer.echo(json.dumps(result))
        return
    for name, value in result["metrics"].items():
        typer.echo(f"{name:10} {value:.4f}")
    for name, value in result["timings"].items():
        typer.echo(f"{name:10} {value}")
    if "reranked" in result:
        typer.echo(f"reranked   {result['reranked']}")


async def _read(data: Path) -> list[Question]:
    try:
        text = await asyncio.to_thread(data.read_text, encoding="utf-8")
        lines = [line for line in text.split("\n") if line.strip()]
        return [Question.of(json.loads(line)) for line in lines]
    except (OSError, ValueError, KeyError) as error:
        raise CommandFailed(f"{data} is not a file of questions: {error}") from error


async def confirmed_tests(client: httpx.AsyncClient, slug: str) -> list[Question]:
    """The confirmed tests of one's own agent."""
    agents = result_of(await client.get("/api/agents"))
    name = slug.partition("@")[0]
    agent = next((agent for agent in agents if agent["slug"] == name), None)
    if agent is None:
        raise CommandFailed(
            f"There is no agent {name!r} among yours, so its tests cannot be seen: name a --data FILE."
        )
    tests = result_of(await client.get(f"/api/agents/{agent['id']}/tests"))["tests"]
    questions = [Question.of(test) for test in tests if test["state"] == "confirmed"]
    if not questions:
        raise CommandFailed(
            f"{name!r} has no confirmed tests. Write some on its page Tests, or name a --data FILE."
        )
    return questions


async def _answers(agent: str, data: Path | None, *, as_json: bool) -> None:
    from_file = await _read(data) if data else None
    async with connected(Settings()) as client:
        questions = from_file if from_file is not None else await confirmed_tests(client, agent)

        def tell(scored: Score, number: int) -> None:
            if not as_json:
                mark = "✓" if scored.right else "✗"
                typer.echo(f"{mark} {number}/{len(questions)} {scored.question.text} → {scored.answer[:100]}")

        scores = await scored_answers(client, agent, questions, tell=tell)
    report = summary(scores)
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
        return
    for name, value in report["metrics"].items():
        typer.echo(f"{name:20} {value:.3f}")
    for name, value in report["timings"].items():
        typer.echo(f"{name:20} {value:.3f}")


async def scored_answers(
    client: httpx.AsyncClient,
    agent: str,
    questions: Sequence[Question],
    *,
    tell: Callable[[Score, int], None] = lambda scored, number: None,
) -> list[Score]:
    """Ask a published agent one question after the other; `tell` hears of each, counted from 1."""
    scores = []
    for number, question in enumerate(questions, start=1):
        body = {"model": agent, "messages": [{"role": "user", "content": question.text}]}
        response = await client.post("/v1/chat/completions", json=body)
        completion = result_of(response)
        outcomes = await _judged(client, question, completion) if question.checks else ()
        took_s = response.elapsed.total_seconds()
        scores.append(score(question, completion, took_s=took_s, outcomes=outcomes))
        tell(scores[-1], number)
    return scores


async def _judged(
    client: httpx.AsyncClient, question: Question, completion: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    """The server judges, for it has the embedder."""
    body = {
        "answer": completion["choices"][0]["message"]["content"],
        "citations": [
            {"document": each["document"], "quote": each["quote"]} for each in completion["citations"]
        ],
        "found": completion["found"],
        "checks": question.checks,
    }
    outcomes: Sequence[dict[str, Any]] = result_of(await client.post("/api/answer-checks", json=body))
    return outcomes
