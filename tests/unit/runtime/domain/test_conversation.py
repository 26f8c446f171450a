"""Prove when a conversation is busy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from runtime.domain.conversation import Conversation
from tests.row_ids import INSTANT, an_id

IDLE: Final = Conversation(
    id=an_id("cnv", 1),
    organization_id=an_id("org", 1),
    project_id=an_id("prj", 1),
    owner_id=an_id("mem", 1),
    title="",
    created_at=INSTANT,
)


def test_a_conversation_is_busy_until_its_bound() -> None:
    """A process that ended does not hold it for ever."""
    busy = replace(IDLE, answering=an_id("trn", 1), free_at=INSTANT + timedelta(seconds=5))

    assert not IDLE.busy(INSTANT)
    assert busy.busy(INSTANT + timedelta(seconds=4))
    assert not busy.busy(INSTANT + timedelta(seconds=5))
