"""Ask the REST API, as the console's commands do: plainly, one request after the other.

Nothing is followed or added: no redirect, no proxy of the environment. A request that changes
something carries an Idempotency-Key, so that it can be sent again when its answer got lost.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import orjson

TIMEOUT_S: Final = 60.0
MOST_BYTES: Final = 64 * 1024 * 1024
PART_BYTES: Final = 65_536
PAUSE_S: Final = 0.2
MOST_PAUSE_S: Final = 5.0
TRIES: Final = 2

REFUSED: Final = 1
UNREACHABLE: Final = 4
USAGE: Final = 5

_UNAVAILABLE: Final = 503
_OWN_FAULT: Final = 500
_WRONG: Final = 400
_ELSEWHERE: Final = 300
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


Document: TypeAlias = dict[str, Any]
"""What the API answers; what is in it, its own description says."""


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

    def __init__(self, url: str, *, error: Exception) -> None:
        super().__init__(
            f"{url} does not answer ({_words(error)}); is the platform running there? "
            "`plangate dev` starts one, --url or PLANGATE_URL names another",
            exit_code=UNREACHABLE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold what to ask.

    Attributes:
        path: below the address, such as `/v1/projects`, its parts quoted by `path_of`.
        body: what is sent as JSON; None sends nothing.
        key: makes it safe to repeat; None lets it be sent again only if it changes nothing.
        within_s: how long its answer may take; None: as long as the client's usually may.
    """

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    within_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    content_type: str
    retry_after: str | None
    location: str | None
    body: bytes


class Client:
    """Ask one platform with one token."""

    def __init__(self, url: str, *, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Keep where to ask, and as whom.

        Raises:
            CommandError: the address or the token can't be used; the message repeats no token.
        """
        self.url = url.rstrip("/")
        self._place = _place(self.url)
        self._timeout_s = timeout_s
        self._headers = {
            "Accept": "application/json",
            "User-Agent": f"plangate/{version('plangate')}",
        }
        if token is not None:
            if not _TOKEN.fullmatch(token):
                raise CommandError(
                    "the token has characters that no token has; copy it again", exit_code=USAGE
                )
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, request: Request) -> Document:
        """Return the document that a request is answered with.

        Raises:
            CommandError: it was refused, or nobody answers.
        """
        answer = self._answer(request)
        if answer.status >= _ELSEWHERE:
            raise self._failure(answer)
        try:
            document: Document = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise self._stranger(answer) from None
        return document

    def ready(self) -> str | None:
        """Return nothing if the platform can serve, else what it waits for.

        Raises:
            CommandError: nobody answers, or somebody else.
        """
        answer = self._once(Request(method="GET", path="/v1/readyz"))
        if answer.status == 200:  # noqa: PLR2004
            return None
        try:
            found = orjson.loads(answer.body)["dependencies"]
            return ", ".join(name for name, item in found.items() if item["status"] != "up")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise self._stranger(answer) from None

    @contextmanager
    def reading(self, path: str) -> Iterator[Iterator[bytes]]:
        """Read a long answer in parts, which the block iterates over.

        Raises:
            CommandError: it was refused, or ends before its end.
        """
        with self._exchanged(Request(method="GET", path=path)) as response:
            if response.status >= _ELSEWHERE:
                raise self._failure(self._read(response))
            yield self._parts(response)

    @contextmanager
    def following(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Read an answer that has no end line by line, which the block iterates over.

        Raises:
            CommandError: it was refused, or nothing comes any more.
        """
        with self._exchanged(request) as response:
            if response.status >= _ELSEWHERE:
                raise self._failure(self._read(response))
            yield self._lines(response)

    def _answer(self, request: Request) -> _Answer:
        """Send a request, and once more if that is safe and may help."""
        for left in reversed(range(TRIES)):
            again = bool(left) and (request.key is not None or request.method not in _CHANGING)
            try:
                answer = self._once(request)
            except NoAnswerError:
                if not again:
                    raise
                time.sleep(PAUSE_S)
                continue
            if not again or answer.status != _UNAVAILABLE or answer.retry_after is None:
                return answer
            time.sleep(_pause_s(answer.retry_after))
        raise AssertionError("the last try returns or raises")

    def _once(self, request: Request) -> _Answer:
        with self._exchanged(request) as response:
            return self._read(response)

    @contextmanager
    def _exchanged(self, request: Request) -> Iterator[Any]:
        """Send a request, and let the block read the answer."""
        from http import client as http  # noqa: PLC0415  # 40 ms that --help does without

        headers = {**self._headers, **request.headers}
        body = None
        if request.body is not None:
            body = orjson.dumps(request.body)
            headers["Content-Type"] = "application/json"
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        kind = http.HTTPSConnection if self._place.scheme == "https" else http.HTTPConnection
        host, port = self._place.hostname or "", self._place.port
        timeout_s = request.within_s or self._timeout_s
        with closing(kind(host, port, timeout=timeout_s)) as connection:
            with self._answering():
                connection.request(request.method, self._target(request), body, headers)
                response = connection.getresponse()
            yield response

    def _target(self, request: Request) -> str:
        wanted = {name: value for name, value in request.query.items() if value is not None}
        return f"{self._place.path}{request.path}{'?' if wanted else ''}{urlencode(wanted)}"

    def _parts(self, response: Any) -> Iterator[bytes]:  # noqa: ANN401  # of a lazy module
        while True:
            with self._answering():
                part: bytes = response.read(PART_BYTES)
            if not part:
                return
            yield part

    def _lines(self, response: Any) -> Iterator[bytes]:  # noqa: ANN401  # as above
        while True:
            with self._answering():
                line: bytes = response.readline(MOST_BYTES)
            if not line:
                return
            yield line

    def _read(self, response: Any) -> _Answer:  # noqa: ANN401  # as above
        with self._answering():
            body = response.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise CommandError(
                f"the answer is longer than {MOST_BYTES // 1024 // 1024} MiB", exit_code=UNREACHABLE
            )
        return _Answer(
            status=response.status,
            content_type=response.getheader("Content-Type", "nothing"),
            retry_after=response.getheader("Retry-After"),
            location=response.getheader("Location"),
            body=body,
        )

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Let what goes wrong on the way be one kind of failure."""
        from http import client as http  # noqa: PLC0415  # as above

        try:
            yield
        except (OSError, http.HTTPException) as error:
            raise NoAnswerError(self.url, error=error) from error

    def _failure(self, answer: _Answer) -> CommandError:
        """Say why a request was not answered as wished."""
        if answer.status < _WRONG:
            return CommandError(
                f"{self.url} sends us to {plain(answer.location or 'nowhere')}, and no redirect is "
                "followed; give the final address as --url or PLANGATE_URL",
                exit_code=USAGE,
            )
        try:
            problem = orjson.loads(answer.body)
            code = str(problem["code"])
            lines = [f"{code}: {problem['detail']}"]
            lines += [f"  {at['pointer']}: {at['detail']}" for at in problem.get("errors", ())]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return self._stranger(answer)
        return ProblemError(
            "\n".join(map(plain, lines)),
            code=code,
            exit_code=UNREACHABLE if answer.status >= _OWN_FAULT else REFUSED,
        )

    def _stranger(self, answer: _Answer) -> CommandError:
        return CommandError(
            f"{self.url} answers {answer.status} with '{plain(answer.content_type)}', expected a "
            "document of Plangate; is --url or PLANGATE_URL right?",
            exit_code=UNREACHABLE,
        )


def fresh_key() -> str:
    """Return a new Idempotency-Key."""
    return secrets.token_urlsafe(18)


def path_of(*parts: str, verb: str | None = None) -> str:
    """Return a path below `/v1`, whatever is in its parts.

    >>> path_of("projects", "a/../b", verb="archive")
    '/v1/projects/a%2F..%2Fb:archive'
    """
    path = "/".join(("/v1", *(quote(part, safe="") for part in parts)))
    return path if verb is None else f"{path}:{verb}"


def plain(text: str) -> str:
    r"""Return a text in which nothing commands a terminal.

    >>> plain("a\x1b[2Jb")
    'a?[2Jb'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _place(url: str) -> SplitResult:
    with suppress(ValueError):  # of brackets that don't match, and of ports
        place = urlsplit(url)
        bare = not (place.query or place.fragment or "@" in place.netloc)
        if place.scheme in {"http", "https"} and place.hostname and place.port != 0 and bare:
            return place
    raise CommandError(
        f"'{plain(url.rpartition('@')[2][:200])}' is no address of a platform, expected one such "
        "as https://plangate.example.com, without a login, a query or a fragment",
        exit_code=USAGE,
    )


def _pause_s(retry_after: str) -> float:
    return min(float(retry_after), MOST_PAUSE_S) if retry_after.isdecimal() else PAUSE_S


def _words(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return plain(str(said))[:200]
