"""Server-sent events are read off their lines, whole or not at all."""

from __future__ import annotations

import pytest

from runtime.client.event_lines import SentEvent, sent_events

ONE = SentEvent(id="c1", kind="plan.executed", data='{"a":1}')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(b'id: c1\nevent: plan.executed\ndata: {"a":1}\n\n', [ONE], id="an event"),
        pytest.param(b'id:c1\nevent:plan.executed\ndata:{"a":1}\n\n', [ONE], id="no spaces"),
        pytest.param(
            b'id: c1\r\nevent: plan.executed\r\ndata: {"a":1}\r\n\r\n', [ONE], id="other ends"
        ),
        pytest.param(b"retry: 2000\n: events follow\n\n: alive\n\n", [], id="signs of life"),
        pytest.param(b"data: a\ndata: b\n\n", [SentEvent(id="", kind="message", data="a\nb")],
                     id="two lines"),
        pytest.param(b"id: c1\ndata: half\n", [], id="what broke off"),
        pytest.param(b"\n\nevent: x\n\n", [], id="no data"),
    ],
)  # fmt: skip
def test_events_are_read(text: bytes, found: list[SentEvent]) -> None:
    """And what is none is passed over."""
    assert list(sent_events(text.splitlines(keepends=True))) == found
