"""The page about events says what the catalogue says."""

from __future__ import annotations

from tests.docs.event_page import event_page
from tests.docs.renew_events import PAGE


def test_the_page_is_that_of_the_catalogue() -> None:
    """Whoever changes a type renews the page: `python -m tests.docs.renew_events`."""
    assert PAGE.read_text(encoding="utf-8") == event_page()
