"""Ask the REST API plainly, one request after the other, and read what comes back.

Nothing is followed or added: no redirect, no proxy of the environment. A request that changes
something carries an Idempotency-Key, so that it can be sent again when its answer got lost.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import orjson

from runtime.client.errors import (
    ClientError,
    NoAnswerError,
    Place,
    ProblemError,
    RedirectedError,
    StrangerError,
    TooLongError,
    UnusableError,
)
from runtime.client.request import Document, Request, plain

TIMEOUT_S: Final = 60.0
MOST_BYTES: Final = 64 * 1024 * 1024
PART_BYTES: Final = 65_536
PAUSE_S: Final = 0.2
MOST_PAUSE_S: Final = 5.0
TRIES: Final = 2
PAGE: Final = 200
EVENT_STREAM: Final = "text/event-stream"

_UNAVAILABLE: Final = 503
_WRONG: Final = 400
_ELSEWHERE: Final = 300
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")
_CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    content_type: str
    retry_after: str | None
    location: str | None
    body: bytes


class Transport:
    """Ask one platform with one token; several threads may at once."""

    def __init__(self, url: str, *, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Keep where to ask, and as whom.

        Raises:
            UnusableError: the address or the token can't be used; the message repeats no token.
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
                raise UnusableError("the token has characters that no token has; copy it again")
            self._headers["Authorization"] = f"Bearer {token}"

    def ask(self, request: Request) -> Any:  # noqa: ANN401  # typed where it is asked for
        """Return the document that a request is answered with; None where there is none.

        Raises:
            ClientError: it was refused, or nobody answers.
        """
        answer = self._fine(request)
        if not answer.body:
            return None
        try:
            return orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            raise self._stranger(answer) from None

    def pages(self, request: Request) -> Iterator[Any]:
        """Yield each item of a list, asking for one page after the other as they are needed.

        Raises:
            ClientError: a page was refused, or nobody answers.
        """
        cursor = None
        while True:
            query = {**request.query, "cursor": cursor}
            page = self.ask(replace(request, query=query))
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def read(self, request: Request) -> bytes:
        """Return an answer that is no document, as it came.

        Raises:
            ClientError: it was refused, or nobody answers.
        """
        return self._fine(request).body

    def location(self, request: Request) -> str:
        """Return where a request sends a browser.

        Raises:
            ClientError: it was refused, or nobody answers.
        """
        answer = self._answer(request)
        if answer.location is None or not _ELSEWHERE <= answer.status < _WRONG:
            raise self._failure(answer) if answer.status >= _WRONG else self._stranger(answer)
        return answer.location

    def ready(self) -> str | None:
        """Return nothing if the platform can serve, else what it waits for.

        Raises:
            ClientError: nobody answers, or somebody else.
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
    def reading(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Read a long answer in parts, which the block iterates over.

        Raises:
            ClientError: it was refused, or ends before its end.
        """
        with self._long(request) as response:
            yield self._parts(response)

    @contextmanager
    def following(self, request: Request) -> Iterator[Iterator[bytes]]:
        """Read an answer that has no end line by line, which the block iterates over.

        Raises:
            ClientError: it was refused, or nothing comes any more.
        """
        headers = {"Accept": EVENT_STREAM, **request.headers}
        with self._long(replace(request, headers=headers)) as response:
            yield self._lines(response)

    @contextmanager
    def _long(self, request: Request) -> Iterator[Any]:
        with self._exchanged(request) as response:
            if response.status >= _ELSEWHERE:
                raise self._failure(self._read(response))
            yield response

    def _fine(self, request: Request) -> _Answer:
        answer = self._answer(request)
        if answer.status >= _ELSEWHERE:
            raise self._failure(answer)
        return answer

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
            time.sleep(min(_seconds(answer.retry_after) or PAUSE_S, MOST_PAUSE_S))
        raise AssertionError("the last try returns or raises")

    def _once(self, request: Request) -> _Answer:
        with self._exchanged(request) as response:
            return self._read(response)

    @contextmanager
    def _exchanged(self, request: Request) -> Iterator[Any]:
        """Send a request, and let the block read the answer."""
        from http import client as http  # noqa: PLC0415  # 40 ms that --help does without

        headers = {**self._headers, **request.sent_headers}
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
                target = f"{self._place.path}{request.target}"
                connection.request(request.method, target, body, headers)
                response = connection.getresponse()
            yield response

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
            raise TooLongError(most_bytes=MOST_BYTES)
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
            raise NoAnswerError(self.url, reason=_words(error)) from error

    def _failure(self, answer: _Answer) -> ClientError:
        """Say why a request was not answered as wished."""
        if answer.status < _WRONG:
            return RedirectedError(self.url, location=plain(answer.location or "nowhere"))
        try:
            return _problem(answer)
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            return self._stranger(answer)

    def _stranger(self, answer: _Answer) -> StrangerError:
        return StrangerError(
            self.url, status=answer.status, content_type=plain(answer.content_type)
        )


def _problem(answer: _Answer) -> ProblemError:
    document: Document = orjson.loads(answer.body)
    return ProblemError(
        document,
        status=answer.status,
        code=plain(str(document["code"])),
        detail=plain(str(document["detail"])),
        places=[
            Place(pointer=plain(at["pointer"]), detail=plain(at["detail"]))
            for at in document.get("errors", ())
        ],
        retry_after_s=_seconds(answer.retry_after or ""),
    )


def _place(url: str) -> SplitResult:
    with suppress(ValueError):  # of brackets that don't match, and of ports
        place = urlsplit(url)
        bare = not (place.query or place.fragment or "@" in place.netloc)
        if place.scheme in {"http", "https"} and place.hostname and place.port != 0 and bare:
            return place
    raise UnusableError(
        f"'{plain(url.rpartition('@')[2][:200])}' is no address of a platform, expected one such "
        "as https://plangate.example.com, without a login, a query or a fragment"
    )


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isdecimal() else None


def _words(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return plain(str(said))[:200]
