"""Tests of reading pages in a real Chromium, which can't get out but through the gate.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest
from aiohttp import web

from runtime.adapters.chromium import MOST_TEXT_LETTERS, ChromiumReader, ChromiumSettings
from runtime.adapters.egress.browser_gate import USER, BrowserGate
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.rules import read_rules
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.page_reader import Gesture, GestureKind
from tests.egress import TableResolver
from tests.servers.receiver import Received, Receiver, a_receiver

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

LOCAL = "127.0.0.1"
CURIOUS = """<body><img src="http://CANARY/a"><iframe src="http://CANARY/b"></iframe>
<link rel=stylesheet href="http://REBOUND/c"><script src="http://localhost/d"></script>
<script>
  const tried = [];
  for (const where of ["http://CANARY/e", "http://REBOUND/f", "http://[::1]/g",
                       "http://169.254.169.254/latest/meta-data/"])
    tried.push(fetch(where, {mode: "no-cors"}).catch(() => 0));
  tried.push(new Promise((done) => {
    const socket = new WebSocket("ws://CANARY/h"); socket.onclose = done;
  }));
  navigator.sendBeacon("http://CANARY/i", "x");
  const worker = new Worker(URL.createObjectURL(new Blob(
    ['fetch("http://CANARY/j", {mode: "no-cors"}).finally(() => postMessage(1))'])));
  tried.push(new Promise((done) => { worker.onmessage = worker.onerror = done; }));
  Promise.all(tried).finally(() => fetch("/tried"));
</script><img src="/last">"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Hold a browser, a site that it may read, and a canary that it may not."""

    reader: ChromiumReader
    site: Receiver
    canary: Receiver
    resolver: TableResolver

    @property
    def url(self) -> str:
        """Return the address of the site."""
        return f"http://site.example:{self.site.port}/"

    def serve_curious(self) -> None:
        """Let the site answer with a page that has loaded once it has tried everything."""
        self.serve(CURIOUS)
        page, tried = self.site.answers, asyncio.Event()

        async def answer(received: Received) -> web.StreamResponse:
            if received.path == "/tried":
                tried.set()
            elif received.path == "/last":
                async with asyncio.timeout(25):
                    await tried.wait()
            else:
                found = page(received)
                return found if isinstance(found, web.StreamResponse) else await found
            return web.Response()

        self.site.answers = answer

    def serve(self, html: str) -> None:
        """Let the site answer with a page."""
        html = html.replace("CANARY", f"{LOCAL}:{self.canary.port}").replace(
            "REBOUND", f"rebound.example:{self.canary.port}"
        )
        self.site.answers = lambda _: web.Response(text=html, content_type="text/html")


@asynccontextmanager
async def reading(*, canary_allowed: bool = False) -> AsyncIterator[Reading]:
    """Start a browser behind a gate that allows one site by its name."""
    path = os.environ.get("PLANGATE_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: `apt-get install chromium`, or set PLANGATE_CHROMIUM to one")
    async with a_receiver() as site, a_receiver() as canary:
        resolver = TableResolver(site__example=[[LOCAL]], rebound__example=[[LOCAL]])
        allow = f"site.example:{site.port}"
        if canary_allowed:
            allow += f",{LOCAL}:{canary.port},rebound.example:{canary.port}"
        gate = Gate(read_rules(allow), resolver)
        browser_gate = BrowserGate(gate)
        reader = ChromiumReader(
            ChromiumSettings(
                executable=path,
                proxy=await browser_gate.start(),
                user=USER,
                password=browser_gate.password,
                sandbox=False,  # the machine of the tests may be one that can't have it
            ),
            admit=gate.admit,
        )
        try:
            yield Reading(reader=reader, site=site, canary=canary, resolver=resolver)
        finally:
            await reader.close()
            await browser_gate.close()


async def test_a_page_is_read_after_its_scripts_ran() -> None:
    """People see what scripts wrote, and so does the effect."""
    async with reading() as world:
        world.serve(
            "<title>Prices</title><body><p id=a>wait</p><script>"
            "document.getElementById('a').textContent = 'Steel: ' + 6 * 7;"
            "document.body.innerHTML += '<i style=display:none>hidden</i>'</script>"
        )
        page = await world.reader.read(world.url, timeout_s=30)

    assert (page.url, page.status, page.title) == (world.url, 200, "Prices")
    assert page.text.strip() == "Steel: 42"
    assert not page.truncated


async def test_a_page_reaches_nothing_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures, fetches, frames, sockets and workers end at the gate, whatever the environment."""
    monkeypatch.setenv("PLAYWRIGHT_DISABLE_FORCED_CHROMIUM_PROXIED_LOOPBACK", "1")
    async with reading() as world:
        world.serve_curious()
        page = await world.reader.read(world.url, timeout_s=30)

    assert page.status == 200
    assert "/tried" in {received.path for received in world.site.received}
    assert world.canary.received == []
    assert world.canary.connections == set()
    assert set(world.resolver.asked) <= {"site.example", "rebound.example"}


async def test_the_same_page_reaches_what_is_allowed() -> None:
    """The page of the test above does try: where the gate is open, it arrives by many ways."""
    async with reading(canary_allowed=True) as world:
        world.serve_curious()
        await world.reader.read(world.url, timeout_s=30)

    paths = {received.path for received in world.canary.received}
    assert paths >= {"/a", "/b", "/c", "/e", "/f", "/h", "/i", "/j"}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda at: web.Response(status=302, headers={"Location": at}), id="by status"),
        pytest.param(
            lambda at: web.Response(
                text=f"<script>location.replace('{at}')</script>", content_type="text/html"
            ),
            id="by script",
        ),
        pytest.param(
            lambda at: web.Response(
                text=f"<meta http-equiv=refresh content='0;url={at}'>", content_type="text/html"
            ),
            id="by document",
        ),
    ],
)
async def test_a_page_that_leads_inside_is_not_followed(
    answer: Callable[[str], web.Response],
) -> None:
    """A redirect is judged like the first address."""
    async with reading() as world:
        place = f"http://{LOCAL}:{world.canary.port}/"
        world.site.answers = lambda _: answer(place)
        try:
            page = await world.reader.read(world.url, timeout_s=10)
        except RetryableError:
            page = None

    assert world.canary.received == []
    assert page is None or "thanks" not in page.text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "chrome://version/",
        "javascript:1",
        "view-source:http://site.example/",
        f"http://{LOCAL}/",
        "http://localhost/",
        "http://metadata.google.internal/",
    ],
)
async def test_what_may_not_be_opened_starts_no_browser(url: str) -> None:
    """The address is judged before a browser sees it."""
    settings = ChromiumSettings(executable="nowhere", proxy="http://nowhere", user="", password="")
    reader = ChromiumReader(settings, admit=Gate(read_rules(""), TableResolver()).admit)

    with pytest.raises(PermanentError):
        await reader.read(url, timeout_s=5)
    await reader.close()


async def test_a_page_can_not_lie_to_the_reader() -> None:
    """What scripts put in the place of the browser's own functions does not reach our reading."""
    async with reading() as world:
        world.serve(
            "<title>t</title><body>true<script>String.prototype.slice = () => 'false';"
            "Object.defineProperty(document, 'title', {get: () => 'false'});"
            "window.String = () => 'false'; alert(1); window.open('/popup')</script>"
        )
        page = await world.reader.read(world.url, timeout_s=30)

    assert (page.url, page.title, page.text.strip()) == (world.url, "t", "true")


async def test_a_long_page_is_cut() -> None:
    """A page without end has a first part."""
    async with reading() as world:
        world.serve(f"<body>{'long ' * MOST_TEXT_LETTERS}")
        page = await world.reader.read(world.url, timeout_s=30)

    assert (len(page.text), page.truncated) == (MOST_TEXT_LETTERS, True)


async def test_a_page_that_hangs_is_left_in_time_and_the_next_is_read() -> None:
    """A loop without end costs its own page only."""
    async with reading() as world:
        world.serve("<body>never<script>for (;;) {}</script>")
        with pytest.raises(RetryableError, match="within 3 s"):
            await world.reader.read(world.url, timeout_s=3)
        world.serve("<body>next")
        page = await world.reader.read(world.url, timeout_s=30)

    assert page.text.strip() == "next"


async def test_pages_share_nothing() -> None:
    """Cookies and storage of one reading are not there in the next."""
    async with reading() as world:
        world.serve(
            "<body><script>document.write(document.cookie + localStorage.a);"
            "document.cookie = 'seen=1'; localStorage.a = 'seen'</script>"
        )
        await world.reader.read(world.url, timeout_s=30)
        page = await world.reader.read(world.url, timeout_s=30)

    assert page.text.strip() == "undefined"


async def test_a_browser_that_died_is_started_again() -> None:
    """A crash costs one reading."""
    async with reading() as world:
        world.serve("<body>here")
        await world.reader.read(world.url, timeout_s=30)
        assert world.reader._browser is not None  # noqa: SLF001  # stands for a crash
        await world.reader._browser.close()  # noqa: SLF001  # as above
        page = await world.reader.read(world.url, timeout_s=30)

    assert page.text.strip() == "here"


async def test_a_browser_that_does_not_start_is_a_reason_to_come_back() -> None:
    """Another worker may have one."""
    settings = ChromiumSettings(
        executable="/nowhere/chromium", proxy="http://127.0.0.1:1", user="u", password=""
    )
    gate = Gate(read_rules("site.example"), TableResolver(site__example=[[LOCAL]]))
    reader = ChromiumReader(settings, admit=gate.admit)

    with pytest.raises(RetryableError, match="can't open"):
        await reader.read("http://site.example/", timeout_s=30)

    await reader.close()


SHOP = """<title>Shop</title><body style="height:9000px"><input id=n value=1>
<button class=one id=buy onclick="document.title = 'Bought ' + document.getElementById('n').value;
document.getElementById('said').textContent = 'scrolled ' + Math.round(scrollY)">Buy</button>
<button class=one>Other</button><p id=said style="position:fixed;top:50px"></p>"""


async def test_gestures_are_made_as_a_person_would() -> None:
    """Typing replaces what stood there, scrolling moves the page, and a click finds its button."""
    async with reading() as world:
        world.serve(SHOP.replace("id=buy", "id=buy style='position:fixed;top:0'"))
        page = await world.reader.visit(
            world.url,
            (
                Gesture(kind=GestureKind.TYPE, at="#n", text="42"),
                Gesture(kind=GestureKind.SCROLL, down_px=300),
                Gesture(kind=GestureKind.CLICK, at="#buy"),
            ),
            timeout_s=30,
        )

    assert page.title == "Bought 42"
    assert "scrolled" in page.text


async def test_a_click_that_leads_on_is_followed_to_the_next_page() -> None:
    """What comes back is the page where the visit ended."""
    async with reading() as world:
        world.site.answers = lambda received: web.Response(
            text="<body>arrived" if received.path == "/next" else "<body><a href=/next>on</a>",
            content_type="text/html",
        )
        page = await world.reader.visit(
            world.url, (Gesture(kind=GestureKind.CLICK, at="a"),), timeout_s=30
        )

    assert (page.url, page.text.strip()) == (f"{world.url}next", "arrived")


@pytest.mark.parametrize(
    "at", [pytest.param("#none", id="nothing"), pytest.param(".one", id="several")]
)
async def test_a_gesture_that_finds_not_one_element_ends_the_visit_for_good(at: str) -> None:
    """What was done before it is not done again, and the reason says how far it went."""
    async with reading() as world:
        world.serve(SHOP)
        with pytest.raises(PermanentError, match="gesture 2 of 2, click at"):
            await world.reader.visit(
                world.url,
                (
                    Gesture(kind=GestureKind.TYPE, at="#n", text="2"),
                    Gesture(kind=GestureKind.CLICK, at=at),
                ),
                timeout_s=30,
            )


async def test_a_page_that_never_loads_is_visited_again_later() -> None:
    """Nothing was done on it yet."""
    async with reading() as world:
        world.serve("<body>never<script>for (;;) {}</script>")
        with pytest.raises(RetryableError, match="within 3 s"):
            await world.reader.visit(
                world.url, (Gesture(kind=GestureKind.CLICK, at="#buy"),), timeout_s=3
            )


async def test_a_click_that_leads_inside_reaches_nothing() -> None:
    """The gate stands before what gestures ask for, as before all else."""
    async with reading() as world:
        world.serve("<body><a href='http://CANARY/in'>on</a>")
        with suppress(PermanentError):
            await world.reader.visit(
                world.url, (Gesture(kind=GestureKind.CLICK, at="a"),), timeout_s=10
            )

    assert world.canary.received == []
