"""A commit leaves a head that differs in what it wrote, and in nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

from runtime.domain.head import Head
from runtime.domain.limits import Limits
from runtime.domain.state import State
from runtime.domain.usage_book import UsageBook
from tests.builders import NOW, a_state
from tests.shared_limits import shared_limits

HEAD: Final = Head(
    state=a_state(),
    usage=UsageBook(),
    outcomes=3,
    settings=4,
    fence=5,
    environment="box",
    limits=Limits(per_minute=6),
    archived=True,
    updated_at=NOW,
    organization_rules=7,
    project_rules=8,
    rules_number=9,
    shared=shared_limits(number=10),
)


def test_a_commit_moves_what_it_wrote() -> None:
    """State, use, count, token and instant."""
    after = State.of({"box": {"value": 1}})
    usage, at = UsageBook(day="2026-01-05", spent=1), NOW + timedelta(seconds=1)

    moved = HEAD.moved(after, usage=usage, added=2, fence=6, at=at)

    assert moved == replace(HEAD, state=after, usage=usage, outcomes=5, fence=6, updated_at=at)


def test_a_commit_of_nothing_leaves_the_head_as_it_was() -> None:
    """Every field is carried over; none of this head is at its default."""
    same = HEAD.moved(HEAD.state, usage=HEAD.usage, added=0, fence=HEAD.fence, at=HEAD.updated_at)

    assert same == HEAD
    assert all(getattr(HEAD, item.name) != item.default for item in fields(Head))
