"""The page that asks for a token offers what there is, and repeats nothing as HTML."""

from __future__ import annotations

from runtime.entrypoints.console.signin_page import signin_page


def test_the_page_asks_for_a_token_and_loads_nothing() -> None:
    """Its field has a label, and no script or address of others is in it."""
    page = signin_page(platform="https://p.example")

    assert '<label for="token">Token</label>' in page
    assert "<script" not in page
    assert "http" not in page.replace("https://p.example", "")
    assert "Continue" not in page


def test_other_ways_in_are_offered_where_they_are() -> None:
    """An identity provider, or the session that the browser brings."""
    page = signin_page(platform="p", provider="https://p.example/v1/sessions:login", continues=True)

    assert 'href="https://p.example/v1/sessions:login"' in page
    assert 'name="use" value="session"' in page


def test_a_failure_is_an_alert_and_a_text() -> None:
    """Whatever the platform said."""
    page = signin_page(platform="p", failure="<b>no</b>")

    assert '<div class="bad" role="alert">&#60;b&#62;no&#60;/b&#62;</div>' in page
