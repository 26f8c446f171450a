"""Follow the events of a project; whoever may see them no more hears no more within seconds."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry

from runtime.domain.caller import Caller
from runtime.entrypoints.graphql.call import Info, named
from runtime.entrypoints.graphql.contents import wanted_of
from runtime.entrypoints.graphql.fields import subscription
from runtime.entrypoints.graphql.wiring import ProjectEvent
from runtime.services.live.stream import Item, LiveStream


@strawberry.type(description="What can be followed, as server-sent events.")
class Subscription:
    """Follow."""

    @subscription(description="What happens in a project, from now on or a cursor on.")
    async def project_events(
        self,
        info: Info,
        project: strawberry.ID,
        *,
        types: list[str] | None = None,
        after: str | None = None,
    ) -> AsyncGenerator[ProjectEvent, None]:
        """Yield items of a stream; the response tells events from signs of life."""
        call, wanted = info.context, wanted_of(types, after)

        async def again() -> Caller:
            return await call.services.authentication.caller_of(call.credential)

        stream = await call.ask(
            named(info),
            lambda services, context: services.live_events.open(
                context.caller, project, wanted=wanted, again=again
            ),
        )
        return _Items(stream)  # type: ignore[return-value]  # events are shown one by one


class _Items:
    """Yield a stream's items, and close it even where nobody began to read."""

    def __init__(self, stream: LiveStream) -> None:
        self._stream = stream
        self._items = stream.items()

    def __aiter__(self) -> _Items:
        return self

    async def __anext__(self) -> Item:
        return await anext(self._items)

    async def aclose(self) -> None:
        """Listen no more."""
        await self._items.aclose()
        self._stream.close()
