"""Give commands the API: an address and a token found, answers printed, failures told in one line.

A command is declared by `@command(app)` as a function whose first parameter is the `Api`; where the
platform is, as whom, and whether to print JSON are options that every command has.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec, TypeVar

import orjson
import typer

from runtime.bootstrap.dev_folder import Demo, read_demo, read_keys
from runtime.client.surface import Surface
from runtime.domain.errors import DevFolderError
from runtime.entrypoints.cli import environment
from runtime.entrypoints.cli.client import (
    USAGE,
    Client,
    CommandError,
    Document,
    Request,
    fresh_key,
    path_of,
    plain,
)
from runtime.entrypoints.cli.printing import Columns, record, table

USUAL_URL: Final = "http://127.0.0.1:8000"
EXIT_CODES: Final = (
    "Exit codes: 0 done, 1 refused, 4 nobody answers or the platform failed, 5 wrong usage."
)
P = ParamSpec("P")
ItemT = TypeVar("ItemT")

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        envvar=environment.URL,
        help=f"Where the platform is. [the one of `plangate dev`, or {USUAL_URL}]",
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"Read the token from here. [{environment.TOKEN}, or the one of `plangate dev`]",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the API's JSON for machines.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Hold what a person said of the connection, and of the answers."""

    url: str | None = None
    token_file: Path | None = None
    as_json: bool = False


class Api:
    """Ask the platform on behalf of one command, and print what comes back."""

    def __init__(self, wish: Wish, told: Mapping[str, str]) -> None:
        """Keep how to ask; nothing is read or sent before it is needed."""
        self._wish = wish
        self._told = told
        self._folder = Path(told.get(environment.FOLDER, environment.USUAL_FOLDER))

    @property
    def as_json(self) -> bool:
        """Return whether a program reads what is printed."""
        return self._wish.as_json

    def replace(
        self, *parts: str, body: object, headers: Mapping[str, str] | None = None
    ) -> Document:
        """Replace something by a document that a person spelled: only the platform reads it."""
        request = Request(
            method="PUT", path=path_of(*parts), body=body, key=fresh_key(), headers=headers or {}
        )
        done: Document = self._client.ask(request)
        return done

    def first(self, found: Iterator[ItemT], most: int | None) -> list[ItemT]:
        """Read the first of a list; whoever asks for less than there is, is told."""
        items = list(islice(found, None if most is None else most + 1))
        if most is not None and len(items) > most:
            self.say(f"there is more: these are {most}, --limit shows as many as you name")
        return items[:most]

    def show(self, document: Mapping[str, Any], columns: Columns) -> None:
        """Print one document."""
        if self.as_json:
            self.print_json(document)
        else:
            typer.echo(record(document, columns))

    def show_all(self, items: Sequence[Mapping[str, Any]], columns: Columns) -> None:
        """Print a list."""
        if self.as_json:
            self.print_json({"items": items, "next_cursor": None})
        elif items:
            typer.echo(table(items, columns))
        else:
            self.say("none")

    def print_json(self, document: object) -> None:
        """Print a document as it is."""
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")

    def say(self, text: str) -> None:
        """Tell people something that is no part of the answer."""
        typer.echo(text, err=True)

    @cached_property
    def url(self) -> str:
        """Return where the platform is."""
        if self._wish.url is not None:
            return self._wish.url
        return USUAL_URL if self._kept_demo is None else self._kept_demo.url

    @cached_property
    def demo(self) -> Demo | None:
        """Return the demo of `plangate dev`, if that is the platform we ask."""
        kept = self._kept_demo
        return kept if kept is not None and kept.url == self.url.rstrip("/") else None

    @cached_property
    def platform(self) -> Surface:
        """Return the operations of the API, typed."""
        return Surface(self._client)

    def within(self, answer_s: float) -> Surface:
        """Return the operations of the API, for answers that may take so long."""
        return Surface(Client(self.url, token=self._token, timeout_s=answer_s))

    @cached_property
    def operated(self) -> Surface:
        """Return the operations of the API, for whoever has the platform's own credential."""
        return Surface(Client(self.url, token=self._operator_token()))

    @cached_property
    def _kept_demo(self) -> Demo | None:
        return read_demo(self._folder)

    @cached_property
    def _client(self) -> Client:
        return Client(self.url, token=self._token)

    @cached_property
    def _token(self) -> str:
        token = self._given_token(environment.TOKEN)
        if token is None and self.demo is not None:
            token = self.demo.token
        if token is None:
            raise self._no_token(environment.TOKEN)
        return token

    def _operator_token(self) -> str:
        token = self._given_token(environment.OPERATOR_TOKEN)
        if token is None and self.demo is not None:
            keys = read_keys(self._folder)
            token = None if keys is None else keys.operator_token
        if token is None:
            raise self._no_token(environment.OPERATOR_TOKEN)
        return token

    def _given_token(self, variable: str) -> str | None:
        file = self._wish.token_file
        if file is None:
            return self._told.get(variable)
        try:
            return file.expanduser().read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                f"{file} can't be read as a token: {error}", exit_code=USAGE
            ) from None

    def _no_token(self, variable: str) -> CommandError:
        return CommandError(
            f"there is no token for {plain(self.url)}; set {variable}, or name a file with "
            "--token-file",
            exit_code=USAGE,
        )


def command(
    app: typer.Typer, name: str | None = None
) -> Callable[[Callable[Concatenate[Api, P], None]], Callable[Concatenate[Api, P], None]]:
    """Declare a function as a command of a group, with the options that all have."""

    def declared(
        function: Callable[Concatenate[Api, P], None],
    ) -> Callable[Concatenate[Api, P], None]:
        app.command(
            name or function.__name__.replace("_", "-"),
            help=inspect.getdoc(function),
            epilog=EXIT_CODES,
        )(_with_connection(function))
        return function

    return declared


def whole_command(
    app: typer.Typer,
) -> Callable[[Callable[Concatenate[Api, P], None]], Callable[Concatenate[Api, P], None]]:
    """Declare a function as all that a group does, with the options that all commands have."""

    def declared(
        function: Callable[Concatenate[Api, P], None],
    ) -> Callable[Concatenate[Api, P], None]:
        app.callback(invoke_without_command=True, help=inspect.getdoc(function), epilog=EXIT_CODES)(
            _with_connection(function)
        )
        return function

    return declared


def _with_connection(function: Callable[..., None]) -> Callable[..., None]:
    """Return the function as typer sees it: without the `Api`, with the options that make it."""

    def run(
        *, url: Url = None, token_file: TokenFile = None, json: JsonFlag = False, **given: object
    ) -> None:
        wish = Wish(url=url, token_file=token_file, as_json=json)
        try:
            function(Api(wish, environment.told()), **given)
        except CommandError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(error.exit_code) from None
        except DevFolderError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(USAGE) from None

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    options = list(inspect.signature(run, eval_str=True).parameters.values())[:-1]
    signature = inspect.Signature([*own, *options], return_annotation=None)
    vars(run).update(
        __signature__=signature,
        __annotations__={name: item.annotation for name, item in signature.parameters.items()},
    )
    return run
