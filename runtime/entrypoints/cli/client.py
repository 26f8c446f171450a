"""Let a command ask the REST API: failures say what a person at a terminal can do about them.

What is sent and how is `runtime.client`'s; here its failures become messages and exit codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from typing_extensions import override

from runtime.client import errors
from runtime.client.request import Document, Request, fresh_key, path_of, plain
from runtime.client.transport import MOST_BYTES, TIMEOUT_S, Transport

__all__ = [
    "MOST_BYTES",
    "REFUSED",
    "UNREACHABLE",
    "USAGE",
    "Client",
    "CommandError",
    "Document",
    "NoAnswerError",
    "ProblemError",
    "Request",
    "fresh_key",
    "path_of",
    "plain",
]

REFUSED: Final = 1
UNREACHABLE: Final = 4
USAGE: Final = 5

_OWN_FAULT: Final = 500


class CommandError(Exception):
    """What ends a command: a message for people, and the exit code."""

    def __init__(self, message: str, *, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ProblemError(CommandError):
    """The platform answered with a problem; `code` is its stable name."""

    def __init__(self, message: str, *, code: str, exit_code: int) -> None:
        super().__init__(message, exit_code=exit_code)
        self.code = code


class NoAnswerError(CommandError):
    """Nobody answered, or the answer broke off."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message} `plangate dev` starts one, --url or PLANGATE_URL names another",
            exit_code=UNREACHABLE,
        )


class Client(Transport):
    """Ask one platform with one token, on behalf of a command."""

    def __init__(self, url: str, *, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Keep where to ask, and as whom.

        Raises:
            CommandError: the address or the token can't be used; the message repeats no token.
        """
        with _ending_the_command():
            super().__init__(url, token=token, timeout_s=timeout_s)

    @override
    def ask(self, request: Request) -> Any:
        with _ending_the_command():
            return super().ask(request)

    @override
    def ready(self) -> str | None:
        with _ending_the_command():
            return super().ready()

    @override
    @contextmanager
    def reading(self, request: Request) -> Iterator[Iterator[bytes]]:
        with _ending_the_command(), super().reading(request) as parts:
            yield parts

    @override
    @contextmanager
    def following(self, request: Request) -> Iterator[Iterator[bytes]]:
        with _ending_the_command(), super().following(request) as lines:
            yield lines


@contextmanager
def _ending_the_command() -> Iterator[None]:
    """Let a failure of the client be one of the command."""
    try:
        yield
    except errors.ClientError as error:
        raise _told(error) from error


def _told(error: errors.ClientError) -> CommandError:
    match error:
        case errors.ProblemError():
            code = UNREACHABLE if error.status >= _OWN_FAULT else REFUSED
            return ProblemError(str(error), code=error.code, exit_code=code)
        case errors.NoAnswerError():
            return NoAnswerError(str(error))
        case errors.StrangerError():
            message = f"{error}; is --url or PLANGATE_URL right?"
            return CommandError(message, exit_code=UNREACHABLE)
        case errors.RedirectedError():
            message = f"{error}; give the final address as --url or PLANGATE_URL"
            return CommandError(message, exit_code=USAGE)
        case errors.UnusableError():
            return CommandError(str(error), exit_code=USAGE)
        case _:
            return CommandError(str(error), exit_code=UNREACHABLE)
