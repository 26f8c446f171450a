"""A secret text that a repeated answer does not hold any more is missed aloud."""

from __future__ import annotations

import pytest

from runtime.entrypoints.cli.console import Api, Wish
from runtime.entrypoints.cli.shown_once import LOST, warn_if_lost


@pytest.mark.parametrize(
    ("text", "said"), [pytest.param("pgt_x", "", id="there"), pytest.param(None, LOST, id="lost")]
)
def test_a_lost_text_is_missed(
    text: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with what to do; nothing is said of a text that is there."""
    warn_if_lost(Api(Wish(), {}), text)

    shown = capsys.readouterr()
    assert (shown.out, shown.err.strip()) == ("", said)
