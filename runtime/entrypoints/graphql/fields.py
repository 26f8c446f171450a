"""Declare fields of the schema; the library's own decorators forget what a function returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from typing_extensions import override

KEY: Final = "idempotency_key"
Resolver = TypeVar("Resolver", bound=Callable[..., Any])


class Keyed(FieldExtension):
    """Give a field the argument that no resolver needs to take."""

    @override
    def apply(self, field: StrawberryField) -> None:
        """Add it to what the field takes."""
        annotation = StrawberryAnnotation(str | None)
        field.arguments.append(
            StrawberryArgument(
                python_name=KEY, graphql_name=None, type_annotation=annotation, default=None
            )
        )

    @override
    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        """Resolve the field without it."""
        kwargs.pop(KEY, None)
        return await next_(source, info, **kwargs)


def field(*, description: str) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that is read."""
    return cast("Callable[[Resolver], Resolver]", strawberry.field(description=description))


def mutation(*, description: str, keyed: bool = True) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that changes something, at most once for each key.

    Args:
        description: for the schema.
        keyed: it takes a key, which `changed` reads; what changes nothing needs none.
    """
    extensions: list[FieldExtension] = [Keyed()] if keyed else []
    return cast(
        "Callable[[Resolver], Resolver]",
        strawberry.mutation(description=description, extensions=extensions),
    )


def subscription(*, description: str) -> Callable[[Resolver], Resolver]:
    """Declare a function as a field that is followed."""
    return cast("Callable[[Resolver], Resolver]", strawberry.subscription(description=description))
