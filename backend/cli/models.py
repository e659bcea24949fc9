"""`qanat models list` and `qanat models get NAME`."""

import asyncio
import json
from typing import Annotated

import typer

from agent_runtime.models import catalogue
from backend.cli.running import run
from backend.settings import Settings

app = typer.Typer(help="Language models to answer with.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """The models that can be fetched by name."""
    folder = Settings().models_dir
    present = {model.name for model in catalogue.ALL if (folder / model.filename).is_file()}
    if as_json:
        rows = [
            {
                "name": model.name,
                "description": model.description,
                "size_bytes": model.size_bytes,
                "license": model.license,
                "here": model.name in present,
            }
            for model in catalogue.ALL
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for model in catalogue.ALL:
        here = "  (here)" if model.name in present else ""
        typer.echo(f"{model.name}  {model.size_bytes / 1e9:.1f} GB  {model.license}{here}")
        typer.echo(f"  {model.description}")


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(help="A name that `qanat models list` shows.")],
    as_json: AsJson = False,
) -> None:
    """Fetch a model, check it against its pinned digest, and say how to use it."""
    run(_get(name, as_json=as_json))


async def _get(name: str, *, as_json: bool) -> None:
    folder = Settings().models_dir
    path = await asyncio.to_thread(catalogue.download, name, folder)
    if as_json:
        typer.echo(json.dumps({"name": name, "path": str(path)}))
        return
    typer.echo(f"{name} is at {path}. Answer with it: QANAT_LLM_PATH={path} qanat serve")
