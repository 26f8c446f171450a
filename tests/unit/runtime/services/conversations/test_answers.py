"""Prove that what is stored of a turn is never longer than what was said may be."""

from __future__ import annotations

from dataclasses import replace

from runtime.domain.turn import MOST_MESSAGE, MOST_REASON, AttachmentNote, TurnProblem
from runtime.kit.plain_text import MOST_NAME_LETTERS
from runtime.services.conversations.answers import MOST_DETAIL, as_kept
from tests.unit.runtime.domain.test_turn import TURN


def test_texts_that_grow_are_cut() -> None:
    """Each to its own bound: a placeholder may be longer than what it stands for."""
    note = AttachmentNote(name="n" * MOST_NAME_LETTERS, mime="text/plain", size_bytes=1, digest="d")
    turn = replace(
        TURN,
        message="m" * MOST_MESSAGE,
        attachments=(note,),
        problems=(TurnProblem(fault="f", detail="d" * MOST_DETAIL),),
        reason="r" * MOST_REASON,
    )

    kept = as_kept(turn, lambda text: text + text)

    assert kept == turn
