"""The page about audit records says what the catalogue says."""

from __future__ import annotations

from tests.docs.record_page import record_page
from tests.docs.renew_records import PAGE


def test_the_page_is_that_of_the_catalogue() -> None:
    """Whoever adds a kind renews the page: `python -m tests.docs.renew_records`."""
    assert PAGE.read_text(encoding="utf-8") == record_page()
