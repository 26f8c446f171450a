"""Say what a valid request for a mutating route is, and how one is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp

Route: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Hold a request: where to, with what, and under which credential."""

    path: str
    document: JsonObject | None = None
    token: str


Make: TypeAlias = Callable[[RealApp, Acting], Awaitable[Wish]]
