"""Tests of `browser.read`; the browser itself is tested with its adapter."""

import pytest

from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.browser_read import BROWSER_READ
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.page_reader import Gesture, Page
from tests.effects import TableSecrets, a_call
from tests.egress import NOW, an_egress


class OnePage:
    """Be a browser that knows one page."""

    def __init__(self, text: str) -> None:
        """Take what the page says."""
        self.asked: list[tuple[str, float]] = []
        self._text = text

    async def read(self, url: str, *, timeout_s: float) -> Page:
        """Return the page."""
        self.asked.append((url, timeout_s))
        return Page(url=url + "#end", status=200, title="Ti\0tle", text=self._text)

    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        """Refuse: nobody asked for more than reading."""
        raise AssertionError(f"{len(gestures)} gestures on {url} within {timeout_s} s")


async def read(pages: OnePage | None, **payload: object) -> EffectResult:
    """Run the handler."""
    async with an_egress() as egress:
        tools = EffectTools(
            clock=FixedClock(NOW), egress=egress, secrets=TableSecrets(), pages=pages
        )
        call = a_call({"url": "https://a.example/", **payload})
        return await BROWSER_READ.handler(call, tools)


async def test_a_page_becomes_a_document_and_inputs_of_an_action() -> None:
    """Text that no database keeps is replaced; the rest is as the page said."""
    pages = OnePage("Steel: \ud842")

    result = await read(
        pages, timeout_s=7, write_back={"id": {"input": "/id"}, "text": {"answer": "/text"}}
    )

    assert pages.asked == [("https://a.example/", 7.0)]
    assert result.document == {
        "url": "https://a.example/#end",
        "status": 200,
        "title": "Ti\ufffdtle",
        "text": "Steel: ?",
        "cut": False,
    }
    assert result.write_back == {"id": "t-1", "text": "Steel: ?"}


async def test_a_long_page_is_cut() -> None:
    """As much is kept as was declared."""
    result = await read(OnePage("x" * 100), most_letters=10)

    assert (result.document["text"], result.document["cut"]) == ("x" * 10, True)


async def test_without_a_browser_the_job_waits() -> None:
    """Another worker may have one."""
    with pytest.raises(RetryableError, match="PLANGATE_CHROMIUM"):
        await read(None)


@pytest.mark.parametrize(
    "payload", [{"url": ""}, {"timeout_s": 61}, {"most_letters": 10**6}, {"click": "#buy"}]
)
async def test_what_is_no_reading_is_not_begun(payload: JsonObject) -> None:
    """A browser that reads clicks nothing."""
    pages = OnePage("")

    with pytest.raises((PermanentError, RetryableError)):
        await read(pages, **payload)

    assert pages.asked == []
