"""`qanat verify FILE`: check a usage proof, with no server at all."""

import json
from pathlib import Path
from typing import Annotated

import typer

from licensing.proof import verify_proof


def verify(
    file: Annotated[Path, typer.Argument(help="A proof as `GET /api/proofs/{proof_id}` gives it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say what of a proof holds; exit status 0 when everything does, 1 when something is false."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        typer.secho(f"{file} cannot be read as JSON: {error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    statements = verify_proof(document if isinstance(document, dict) else {})
    holds = all(statement.holds for statement in statements)
    if as_json:
        checked = [{"holds": statement.holds, "words": statement.words} for statement in statements]
        typer.echo(json.dumps({"holds": holds, "statements": checked}, ensure_ascii=False))
    else:
        for statement in statements:
            mark, colour = ("✓", typer.colors.GREEN) if statement.holds else ("✗", typer.colors.RED)
            typer.secho(f"{mark} {statement.words}", fg=colour)
    raise typer.Exit(0 if holds else 1)
