"""`qanat`: the command line. One file per noun; each command has `--json` for programs."""

import typer

from backend.cli import ask, evaluate, keys, models, secrets, serve, vault, verify, watch

app = typer.Typer(
    name="qanat",
    help="Encrypted document vaults, agents drawn over them, and licenses that pay those who contributed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("verify")(verify.verify)
vault.app.command("watch")(watch.watch)
app.add_typer(vault.app, name="vault")
app.add_typer(keys.app, name="keys")
app.add_typer(secrets.app, name="secrets")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(models.app, name="models")


def main() -> None:
    """The console script."""
    app()
