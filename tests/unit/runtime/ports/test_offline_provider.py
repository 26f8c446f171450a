"""Each open offline model has its own route."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage
from runtime.ports.model_reference import ModelReferenceError, parse_model_reference
from runtime.ports.offline_provider import OfflineRoutes

REQUEST = ChatRequest(messages=({"role": "user", "content": "hi"},))


class Parrot:
    """Answer with its own name, the model's and the options."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Say who was asked for what."""
        return Completion(
            text=f"{self.name} {model} {dict(options)} {request.messages[0]['content']}",
            tool_calls=(),
            finish_reason="stop",
            usage=TokenUsage(),
            cost_micros=0,
            model=f"plangate/{model}",
        )


async def test_routes_of_the_same_model_stay_apart() -> None:
    """Two providers under one name never answer for each other."""
    routes = OfflineRoutes()
    one = routes.open(parse_model_reference("plangate/p?a=1"), {"p": Parrot("one")})
    two = routes.open(parse_model_reference("plangate/p"), {"p": Parrot("two")})

    assert (await routes.answer(one, REQUEST)).text == "one p {'a': '1'} hi"
    assert (await routes.answer(two, REQUEST)).text == "two p {} hi"


async def test_closed_route_answers_no_more() -> None:
    """A closed route is gone; closing again is no error."""
    routes = OfflineRoutes()
    route = routes.open(parse_model_reference("plangate/p"), {"p": Parrot("one")})
    routes.close(route)
    routes.close(route)

    with pytest.raises(KeyError):
        await routes.answer(route, REQUEST)


def test_unknown_model_names_the_known_ones() -> None:
    """A misspelt name is answered with what there is."""
    with pytest.raises(ModelReferenceError, match="known: plangate/a, plangate/b"):
        OfflineRoutes().open(
            parse_model_reference("plangate/c"), {"b": Parrot("b"), "a": Parrot("a")}
        )
