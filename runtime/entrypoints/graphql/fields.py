"""Declare fields of the schema; the library's own decorators forget what a function returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def field(*, description: str) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that is read."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def mutation(*, description: str) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that changes something."""
    return cast("Callable[[Resolver], Resolver]", strawberry.mutation(description=description))


def subscription(*, description: str) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that is followed."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
