"""`qanat ask AGENT QUESTION`."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from backend.cli.connection import connected, result_of
from backend.cli.running import run
from backend.settings import Settings


def ask(
    agent: Annotated[str, typer.Argument(help="The agent's slug, such as `sample`.")],
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Ask a published agent; the answer comes with its citations, its charge and its proof."""
    run(_ask(agent, question, as_json=as_json))


async def _ask(agent: str, question: str, *, as_json: bool) -> None:
    async with connected(Settings()) as client:
        body = {"model": agent, "messages": [{"role": "user", "content": question}]}
        completion = result_of(await client.post("/v1/chat/completions", json=body))
        session = result_of(await client.get("/api/session"))
    answer = completion["choices"][0]["message"]["content"]
    charge = completion["usage"]["charge"]
    if as_json:
        document = {
            "answer": answer,
            "citations": [
                {name: citation[name] for name in ("document", "page", "start", "end", "quote")}
                for citation in completion["citations"]
            ],
            "sentences": completion["sentences"],
            "charge": charge,
            "not_ready": completion["not_ready"],
            "left_out": completion["left_out"],
            "proof_id": completion["proof_id"],
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    typer.echo(answer)
    for citation in completion["citations"]:
        page = f", page {citation['page']}" if citation["page"] else ""
        quote = " ".join(citation["quote"].split())
        typer.echo(f"  [{citation['number']}] {citation['document']}{page}: “{quote}”")
    for sentence in completion["sentences"]:
        if not sentence["supported"]:
            typer.echo(f"  not supported by the documents: {sentence['text']}")
    if left_out := completion["left_out"]["count"]:
        typer.echo(f"  {left_out} passages did not fit into the model's window and were not read.")
    if completion["not_ready"]["count"]:
        typer.echo(f"  {not_searched(completion['not_ready'])}")
    currency = session["chain"]["currency"]
    typer.echo(
        f"  charged {charge / 10 ** currency['decimals']:g} {currency['symbol']}, proof {completion['proof_id']}"
    )


def not_searched(not_ready: Mapping[str, Any]) -> str:
    """One line about the documents that no search could look at, by name as far as they are told."""
    count, named = not_ready["count"], not_ready["documents"]
    line = f"{count} document{' was' if count == 1 else 's were'} not searched"
    if not named:
        return f"{line}: not ready."
    each = [f"{one['document']} ({': '.join(filter(None, (one['stage'], one['reason'])))})" for one in named]
    more = count - len(named)
    return f"{line}: {', '.join(each)}{f', and {more} more' if more > 0 else ''}."
