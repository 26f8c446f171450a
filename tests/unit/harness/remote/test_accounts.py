"""Prove that answers of other machines reach the journal once, and that all spend does."""

from __future__ import annotations

from pathlib import Path

from harness.budget import Spend
from harness.cassette.address import Addresser
from harness.cassette.journal import Journal
from harness.cassette.tape import Call
from harness.remote.accounts import Accounts
from harness.remote.answering import KeptCall
from harness.trial import TrialKey
from runtime.public import ChatRequest, Completion, TokenUsage

KEY = TrialKey(scenario="case", model="openai/x", index=0)


def kept(text: str = "hello") -> KeptCall:
    """Build an answer that cost five tokens."""
    request = ChatRequest(messages=({"role": "user", "content": text},))
    completion = Completion(
        text="yes",
        tool_calls=(),
        finish_reason="stop",
        usage=TokenUsage(prompt=3, completion=2),
        cost_micros=0,
        model="x",
    )
    call = Call(
        key=KEY,
        position=0,
        address=Addresser("openai/x").address(request),
        completion=completion,
        latency_s=0.5,
    )
    return KeptCall(call=call, settled=Spend(tokens=5))


def test_an_answer_is_written_once(tmp_path: Path) -> None:
    """Also by the next process; an answer to another question is another one."""
    with Accounts.of(tmp_path, {}, paid=True) as accounts:
        accounts.answered([kept(), kept()])
    with Accounts.of(tmp_path, {}, paid=True) as accounts:
        accounts.answered([kept()])
        assert [item.call for item in accounts.answers(KEY)] == [kept().call]
        assert accounts.spent() == Spend(tokens=5)
        accounts.answered([kept("bye")])
        assert accounts.spent() == Spend(tokens=10)


def test_what_failed_calls_used_is_written_down(tmp_path: Path) -> None:
    """So that a resumed run knows it; what is known already is not counted again."""
    with Accounts.of(tmp_path, {}, paid=True) as accounts:
        accounts.answered([kept()])
        accounts.settle(Spend(tokens=12, cost_micros=7))
        accounts.settle(Spend(tokens=12, cost_micros=7))

    with Journal.open(tmp_path) as journal:
        assert journal.spent() == Spend(tokens=12, cost_micros=7)


def test_free_answers_are_not_kept(tmp_path: Path) -> None:
    """No journal is made for offline models."""
    with Accounts.of(tmp_path, {}, paid=False) as accounts:
        accounts.answered([kept()])
        accounts.settle(Spend(tokens=1))
        assert accounts.spent() == Spend()

    assert list(tmp_path.iterdir()) == []
