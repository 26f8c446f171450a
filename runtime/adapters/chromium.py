"""Read and use pages in Chromium, which reaches the world through the operator's gate alone.

The only module that imports playwright (an extra): the bootstrap loads it on first use. Names are
looked up by the gate alone; each page has a context of its own, without cookies, workers,
downloads and permissions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from playwright.async_api import Browser, BrowserContext, Error, Playwright, async_playwright
from playwright.async_api import Page as OpenPage
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.page_reader import Gesture, GestureKind, Page

MOST_TEXT_LETTERS: Final = 32_000
MOST_TITLE_LETTERS: Final = 500
MOST_URL_LETTERS: Final = 4_096
PAGES_AT_ONCE: Final = 4

_FLAGS: Final = (
    "--disable-quic",
    "--disable-domain-reliability",
    "--disable-component-update",
    "--no-pings",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
_READ: Final = f"""({{
  url: String(location.href),
  title: document.title.slice(0, {MOST_TITLE_LETTERS}),
  text: (document.body ? document.body.innerText : "").slice(0, {MOST_TEXT_LETTERS + 1}),
}})"""
_READ_MS: Final = 5_000
_GESTURE_MS: Final = 5_000
_CLOSE_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChromiumSettings:
    """Say which browser is started, and through what it reaches the world.

    Attributes:
        executable: path of the browser; None for the one that playwright installed.
        proxy: address of the gate; there is no other way out.
        user: whom the gate knows the browser as.
        password: proves it.
        sandbox: Chromium's own sandbox; off only where the machine can't have one.
    """

    executable: str | None
    proxy: str
    user: str
    password: str = field(repr=False)
    sandbox: bool = True


class ChromiumReader:
    """Open pages in one browser, which is started by the first and again after it died."""

    def __init__(
        self, settings: ChromiumSettings, *, admit: Callable[[str], Awaitable[None]]
    ) -> None:
        """Prepare to read.

        Args:
            settings: the browser.
            admit: returns if the gate lets a URL pass, else raises `PermanentError`.
        """
        self._settings = settings
        self._admit = admit
        self._places = asyncio.Semaphore(PAGES_AT_ONCE)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def read(self, url: str, *, timeout_s: float) -> Page:
        """Return what a page says once it has loaded.

        Raises:
            RetryableError: it did not answer, or not in time.
            PermanentError: it may not be opened.
        """
        return await self.visit(url, (), timeout_s=timeout_s)

    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        """Return what a page says after gestures were made on it, one after the other.

        Raises:
            RetryableError: nothing was done on it, because it did not answer in time.
            PermanentError: it may not be opened, or a gesture can't be made; those before it were.
        """
        await self._admit(url)
        visit = _Visit(gestures)
        try:
            async with asyncio.timeout(timeout_s), self._places, AsyncExitStack() as ending:
                context = await self._context()
                ending.push_async_callback(_ended, context)
                return await visit.made(context, url, timeout_s=timeout_s)
        except (TimeoutError, PlaywrightTimeoutError):
            raise visit.failed(f"the page did not load within {timeout_s:g} s") from None
        except Error:
            raise visit.failed("the browser can't open the page") from None

    async def close(self) -> None:
        """End the browser."""
        async with self._starting:
            if self._browser is not None:
                await self._browser.close()
                self._browser = None
            if self._playwright is not None:
                await self._playwright.stop()
                self._playwright = None

    async def _context(self) -> BrowserContext:
        async with self._starting:
            if self._playwright is None:
                self._playwright = await async_playwright().start()
            if self._browser is None or not self._browser.is_connected():
                self._browser = await self._started(self._playwright)
        return await self._browser.new_context(
            accept_downloads=False, service_workers="block", permissions=[]
        )

    async def _started(self, playwright: Playwright) -> Browser:
        settings = self._settings
        return await playwright.chromium.launch(
            executable_path=settings.executable,
            chromium_sandbox=settings.sandbox,
            args=list(_FLAGS),
            proxy={
                "server": settings.proxy,
                "bypass": "<-loopback>",  # this machine is no exception
                "username": settings.user,
                "password": settings.password,
            },
        )


@dataclass(slots=True)
class _Visit:
    """Open a page, make gestures on it, and remember how far that went."""

    gestures: tuple[Gesture, ...]
    begun: int = 0

    async def made(self, context: BrowserContext, url: str, *, timeout_s: float) -> Page:
        page = await context.new_page()
        answer = await page.goto(url, wait_until="load", timeout=timeout_s * 1_000)
        for gesture in self.gestures:
            self.begun += 1
            await _GESTURES[gesture.kind](page, gesture)
            await page.wait_for_load_state("load")
        if answer is None:
            raise self.failed("the page can't be read")
        told = await _told(context, page)
        if told is None:
            raise self.failed("the page can't be read")
        return replace(told, status=answer.status)

    def failed(self, reason: str) -> PermanentError | RetryableError:
        """Return why there is no page; what was begun on it is never begun again by itself."""
        if not self.begun:
            return RetryableError(reason)
        gesture = self.gestures[self.begun - 1]
        at = f" at '{gesture.at[:80]}'" if gesture.at else ""
        return PermanentError(
            f"gesture {self.begun} of {len(self.gestures)}, {gesture.kind.value}{at}, or what "
            f"followed it failed: it has to find one element within {_GESTURE_MS // 1_000} s"
        )


async def _click(page: OpenPage, gesture: Gesture) -> None:
    await page.locator(f"css={gesture.at}").click(timeout=_GESTURE_MS)


async def _type(page: OpenPage, gesture: Gesture) -> None:
    await page.locator(f"css={gesture.at}").fill(gesture.text, timeout=_GESTURE_MS)


async def _scroll(page: OpenPage, gesture: Gesture) -> None:
    await page.mouse.wheel(0, gesture.down_px)


_GESTURES: Final[Mapping[GestureKind, Callable[[OpenPage, Gesture], Awaitable[None]]]] = (
    MappingProxyType(
        {GestureKind.CLICK: _click, GestureKind.TYPE: _type, GestureKind.SCROLL: _scroll}
    )
)


async def _told(context: BrowserContext, page: OpenPage) -> Page | None:
    """Return what a page says, or None where it says nothing that can be read."""
    session = await context.new_cdp_session(page)
    tree = await session.send("Page.getFrameTree")
    world = await session.send(
        "Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]}
    )
    read = await session.send(
        "Runtime.evaluate",  # in a world of its own, whose functions the page can't replace
        {
            "expression": _READ,
            "contextId": world["executionContextId"],
            "returnByValue": True,
            "timeout": _READ_MS,
        },
    )
    told = read["result"].get("value")
    if told is None:
        return None
    return Page(
        url=told["url"][:MOST_URL_LETTERS],
        status=0,
        title=told["title"],
        text=told["text"][:MOST_TEXT_LETTERS],
        truncated=len(told["text"]) > MOST_TEXT_LETTERS,
    )


async def _ended(context: BrowserContext) -> None:
    """Close what a page left open; a page that hangs must not hang us."""
    with suppress(Error, TimeoutError):
        async with asyncio.timeout(_CLOSE_S):
            await context.close()
