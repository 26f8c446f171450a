"""Spell what is asked: a path whose parts are quoted, a query, a body, a key to repeat it by."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

Document: TypeAlias = dict[str, Any]
"""What the API answers; what is in it, its own description says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Hold what to ask.

    Attributes:
        path: below the address, such as `/v1/projects`, its parts quoted by `path_of`.
        query: by name; what is None is not sent, of several values each is.
        body: what is sent as JSON; None sends nothing.
        key: makes it safe to repeat; None lets it be sent again only if it changes nothing.
        headers: by name; what is None is not sent.
        within_s: how long its answer may take; None: as long as the client's usually may.
    """

    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    key: str | None = None
    headers: Mapping[str, object] = field(default_factory=dict)
    within_s: float | None = None

    @property
    def target(self) -> str:
        """Return the path with its query."""
        wanted = [pair for name, value in self.query.items() for pair in _pairs(name, value)]
        return f"{self.path}{'?' if wanted else ''}{urlencode(wanted)}"

    @property
    def sent_headers(self) -> dict[str, str]:
        """Return the headers that are to be sent."""
        return {name: str(value) for name, value in self.headers.items() if value is not None}


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


def _pairs(name: str, value: object) -> Iterable[tuple[str, object]]:
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return ((name, item) for item in value)
    return ((name, str(value).lower() if isinstance(value, bool) else value),)
