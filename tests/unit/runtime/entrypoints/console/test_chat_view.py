"""A conversation shows what was said and answered, and what became of it."""

from __future__ import annotations

import pytest

from runtime.entrypoints.console.chat_view import BEGIN, ERASED, log, stage
from tests.unit.runtime.entrypoints.console.outcomes import a_turn


def test_a_turn_shows_its_message_and_what_its_answer_cost() -> None:
    """With its files, and the authority that the model wrote in vain."""
    file = {"name": "<a>.txt", "mime": "text/plain", "size_bytes": 1200, "digest": "x"}
    page = log([a_turn(attachments=[file], dropped=["mode"], edited=True)])

    for part in ("set it to 7", "I propose a plan of 1 step.", "12 tokens", "&#36;0.0123",
                 "&#60;a&#62;.txt", "1,200 bytes", "ignored: mode", "edited"):  # fmt: skip
        assert part in page, part


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        pytest.param(
            a_turn(proposal={"kind": "clarification", "question": "Which?", "choices": ["A", "B"]}),
            ["Which?", ">A<", ">B<"],
            id="question",
        ),
        pytest.param(
            a_turn(proposal={"kind": "decline", "reason": "No action."}), ["No action."], id="no"
        ),
        pytest.param(
            a_turn(proposal=None, status="failed", problems=[{"fault": "x", "detail": "too slow"}]),
            ["too slow", "failed"],
            id="failure",
        ),
        pytest.param(a_turn(proposal=None, status="asking"), ["Being answered"], id="asking"),
        pytest.param(a_turn(proposal=None, message=None, status="executed"), [ERASED], id="erased"),
    ],
)
def test_each_kind_of_answer_is_told(turn: object, told: list[str]) -> None:
    """In the words of the model, or in ours where there are none."""
    page = log([turn])  # type: ignore[list-item]  # a turn

    assert all(part in page for part in told)


def test_what_goes_on_stands_at_the_end() -> None:
    """The message that is not answered yet, and the stage."""
    page = log([a_turn()], asked="<now>", doing=stage("repairing", "m", 2))

    assert page.index("set it to 7") < page.index("&#60;now&#62;") < page.index("(attempt 2)")
    assert "pg-busy" in page


def test_an_empty_conversation_says_how_to_begin() -> None:
    """And is a log to screen readers."""
    assert BEGIN in log([])
    assert 'role="log"' in log([])
