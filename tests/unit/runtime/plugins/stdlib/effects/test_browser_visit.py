"""Tests of `browser.visit`; the browser itself is tested with its adapter."""

import pytest

from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.browser_visit import BROWSER_VISIT
from runtime.ports.effect import EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.page_reader import Gesture, GestureKind, Page
from tests.effects import TableSecrets, a_call
from tests.egress import NOW, an_egress

URL = "https://a.example/"
CLICK: JsonObject = {"do": "click", "at": "#buy"}


class OnePage:
    """Be a browser that knows one page, and remember what was done on it."""

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.made: list[Gesture] = []

    async def read(self, url: str, *, timeout_s: float) -> Page:
        """Return the page."""
        return await self.visit(url, (), timeout_s=timeout_s)

    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        """Return the page after gestures."""
        assert timeout_s == 30.0
        self.made.extend(gestures)
        return Page(url=f"{url}bought", status=200, title="Thanks", text="Bought.")


async def visit(pages: OnePage | None, *, crashes: int = 0, **payload: object) -> EffectResult:
    """Run the handler."""
    async with an_egress() as egress:
        tools = EffectTools(
            clock=FixedClock(NOW), egress=egress, secrets=TableSecrets(), pages=pages
        )
        call = a_call({"url": URL, **payload}, crashes=crashes, attempt=1 + crashes)
        return await BROWSER_VISIT.handler(call, tools)


async def test_gestures_are_made_in_order_and_the_page_comes_back() -> None:
    """Each becomes what the browser takes, and nothing is added."""
    pages = OnePage()

    result = await visit(
        pages,
        gestures=[{"do": "type", "at": "#n", "text": "2"}, CLICK, {"do": "scroll", "down_px": -9}],
        write_back={"url": {"answer": "/url"}, "text": {"answer": "/text"}},
    )

    assert pages.made == [
        Gesture(kind=GestureKind.TYPE, at="#n", text="2"),
        Gesture(kind=GestureKind.CLICK, at="#buy"),
        Gesture(kind=GestureKind.SCROLL, down_px=-9),
    ]
    assert result.write_back == {"url": f"{URL}bought", "text": "Bought."}


async def test_what_may_have_been_done_is_not_done_again() -> None:
    """After a lost worker a person looks first; the reason says so."""
    pages = OnePage()

    with pytest.raises(PermanentError, match="may have made its gestures"):
        await visit(pages, crashes=1, gestures=[CLICK])

    assert pages.made == []


async def test_reading_again_after_a_lost_worker_harms_nobody() -> None:
    """Without gestures a visit is a reading."""
    result = await visit(OnePage(), crashes=1)

    assert result.document["status"] == 200


async def test_without_a_browser_the_job_waits() -> None:
    """Another worker may have one."""
    with pytest.raises(RetryableError, match="PLANGATE_CHROMIUM"):
        await visit(None)


@pytest.mark.parametrize(
    "gestures",
    [
        pytest.param([{"do": "run", "script": "1"}], id="a script"),
        pytest.param([{"do": "click"}], id="a click nowhere"),
        pytest.param([{"do": "type", "at": "#a", "text": "x" * 2_001}], id="a long text"),
        pytest.param([{"do": "scroll", "down_px": 10**6}], id="a long way"),
        pytest.param([CLICK] * 21, id="too many"),
    ],
)
async def test_what_is_no_gesture_is_not_made(gestures: list[JsonObject]) -> None:
    """An order that can't be read does nothing, and is no use trying again."""
    pages = OnePage()

    with pytest.raises(PermanentError, match="the payload can't be used"):
        await visit(pages, gestures=gestures)

    assert pages.made == []
