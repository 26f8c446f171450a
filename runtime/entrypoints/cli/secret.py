"""Declare `plangate secret`: options and help only, so that `--help` stays instant."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from runtime.entrypoints.cli.console import Api, command

app = typer.Typer(
    name="secret",
    help="Look after what is kept secret.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the command above: rich costs half of its time
    pretty_exceptions_enable=False,
)

ROTATED: Final = {"ROTATION": "rotation", "SECRETS": "reference"}
EXIT_CODES = (
    "Exit codes: 0 all is sealed under the newest key, 1 some rows are not: they don't open, or "
    "somebody held them, 4 the database does not answer, 5 configuration."
)


@app.callback()
def _secret() -> None:
    """Look after what is kept secret."""


@app.command(epilog=EXIT_CODES)
def rotate_keys(
    *, json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False
) -> None:
    """Seal all that is stored sealed under the newest of PLANGATE_SEALING_KEYS.

    The platform serves meanwhile. Every process has to know the newest key before. What was
    interrupted is begun again: what is sealed under the newest key is passed over. Once it ends
    with 0, older keys can be taken away.
    """
    from runtime.entrypoints.cli import secret_keys  # noqa: PLC0415  # --help stays instant

    raise typer.Exit(secret_keys.rotate_keys_command(as_json=json))


@command(app)
def rotated(
    api: Api,
    reference: Annotated[
        str,
        typer.Argument(
            metavar="REFERENCE", help="Of a secret, or a place that ends in '/': all below it."
        ),
    ],
) -> None:
    """Tell that secrets have new values: within seconds no process uses old ones.

    The token that asks is the platform's own: PLANGATE_OPERATOR_TOKEN, or --token-file. Never
    write a value here.
    """
    api.show(api.operated.secrets.tell_rotation(reference=reference), ROTATED)
