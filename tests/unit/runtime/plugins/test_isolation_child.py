"""One call of a handler is one answer: a state, a refusal or a fault."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from runtime.domain.action import HandlerRefusal
from runtime.plugins.confined import ConfinedError, Deeds
from runtime.plugins.isolation_child import answer, framed

ASKED = {"action": "box.put@1", "inputs": {"value": 1}, "state": {"box": {"value": 0}}}


def answered(handler: Any, deeds: Deeds | None = None) -> dict[str, Any]:  # noqa: ANN401  # whatever a plugin has
    """Return the answer of a handler."""
    return answer({"box.put@1": handler}, ASKED, deeds or Deeds())


def raising(error: BaseException) -> Any:  # noqa: ANN401  # as above
    """Return a handler that raises."""

    def handler(_inputs: object, _state: object) -> NoReturn:
        raise error

    return handler


def test_a_state_is_given_back() -> None:
    """As the handler makes it."""
    assert answered(lambda inputs, _: {"box": inputs}) == {"state": {"box": {"value": 1}}}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (HandlerRefusal("no"), {"refusal": "no"}),
        (ConfinedError("dug"), {"error": "it dug"}),
        (MemoryError(), {"spent": "it took more memory than a handler may"}),
        (KeyError("six"), {"error": "KeyError: 'six'"}),
        (SystemExit(3), {"error": "SystemExit: 3"}),
    ],
)
def test_what_it_raises_is_told(error: BaseException, said: dict[str, str]) -> None:
    """In words that say whose it is."""
    assert answered(raising(error)) == said


def test_what_is_no_json_is_no_state() -> None:
    """Nothing else goes through the pipe."""
    assert "no JSON" in answered(lambda *_: {"box": object()})["error"]


def test_a_deed_that_was_swallowed_is_told() -> None:
    """The state that came of it does not count."""
    assert answered(lambda *_: {}, Deeds(noted=["wrote a file"])) == {"error": "it wrote a file"}


def test_an_unknown_action_is_a_fault() -> None:
    """The process and the platform know different plugins."""
    assert answer({}, ASKED, Deeds()) == {"error": "KeyError: 'box.put@1'"}


def test_a_frame_begins_with_its_length() -> None:
    """Four bytes, the largest first."""
    assert framed(b"ab") == b"\x00\x00\x00\x02ab"
