"""Check the addresses of the dashboard, straight at the app."""

from pathlib import Path

import orjson
import pytest
from fastapi import FastAPI

from harness.dashboard.app import create_app
from harness.dashboard.guard import WRITTEN_PAGES
from harness.dashboard.live import MOST_LISTENERS
from harness.dashboard.pages import script, style
from harness.dashboard.store import StoreAnswer
from harness.settings import HarnessSettings
from tests.unit.harness.dashboard.builders import NOW, a_store, ask, settings_for, some_runs


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """Serve two runs, and one that lies beside their folder."""
    some_runs(tmp_path, ("secret",))
    return create_app(settings_for(), some_runs(tmp_path / "runs"), store=a_store())


async def test_the_list_has_every_run(app: FastAPI) -> None:
    """Runs on disk are there at once."""
    answer = await ask(app, "/")

    assert answer.status == 200
    assert "run_01" in answer.text
    assert "run_02" in answer.text


async def test_filters_come_from_the_address(app: FastAPI) -> None:
    """A narrowed view can be sent to somebody."""
    answer = await ask(app, "/?text=run_01")

    assert "run_01 as head" in answer.text
    assert "run_02 as head" not in answer.text


async def test_a_run_shows_its_report_under_the_policy_of_reports(app: FastAPI) -> None:
    """Its own script runs, but it may ask nobody, this server included."""
    answer = await ask(app, "/runs/run_01")

    assert answer.status == 200
    assert "<title>Not gated · run_01" in answer.text
    assert answer.headers["content-security-policy"] == WRITTEN_PAGES
    assert 'href="/"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/runs/../secret", id="a step up"),
        pytest.param("/runs/run_01/../../secret", id="down and up"),
        pytest.param("/runs//etc", id="absolute"),
        pytest.param("/runs/nope", id="unknown"),
        pytest.param("/runs/<script>alert(1)</script>", id="markup"),
        pytest.param("/compare?base=../secret&head=run_01", id="a base that is not listed"),
        pytest.param("/compare?base=run_01", id="no head"),
        pytest.param("/assets/../app.py", id="no asset"),
        pytest.param("/openapi.json", id="no description"),
        pytest.param("/docs", id="no page of the framework"),
    ],
)
async def test_what_is_not_listed_is_not_found(app: FastAPI, path: str) -> None:
    """A message says so, and what was asked for stays letters."""
    answer = await ask(app, path)

    assert answer.status == 404
    assert "Not found" in answer.text
    assert "<script>alert" not in answer.text


async def test_two_runs_are_compared(app: FastAPI) -> None:
    """Both names are in the page."""
    answer = await ask(app, "/compare?base=run_01&head=run_02")

    assert answer.status == 200
    assert "run_01" in answer.text
    assert "run_02" in answer.text


async def test_a_damaged_run_is_a_message(app: FastAPI, tmp_path: Path) -> None:
    """Not a crash: the page says which file."""
    (tmp_path / "runs" / "run_01" / "summary.json").write_text("{")
    answer = await ask(app, "/runs/run_01")

    assert answer.status == 409
    assert "summary.json" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(app: FastAPI, method: str) -> None:
    """Only reading is answered."""
    assert (await ask(app, "/", method=method)).status == 405


async def test_a_page_that_polls_gets_news(app: FastAPI, tmp_path: Path) -> None:
    """It says what it saw, and gets what came after."""
    await ask(app, "/")
    seen = orjson.loads((await ask(app, "/changes")).text)["latest"]
    some_runs(tmp_path / "runs", ("run_03",))
    news = orjson.loads((await ask(app, f"/changes?after={seen}")).text)

    assert "changed" in [event["name"] for event in news["events"]]
    assert news["latest"] != seen


async def test_a_full_server_sends_pages_to_polling(app: FastAPI) -> None:
    """A stream too many is refused, so that the page asks from time to time."""
    streams = [app.state.live.stream("") for _ in range(MOST_LISTENERS)]
    for stream in streams:
        await anext(stream)

    assert (await ask(app, "/events")).status == 503
    for stream in streams:
        await stream.aclose()


@pytest.mark.parametrize(
    ("site", "asked"),
    [
        pytest.param({}, True, id="typed"),
        pytest.param({"sec-fetch-site": "same-origin"}, True, id="its own link"),
        pytest.param({"sec-fetch-site": "cross-site"}, False, id="another site"),
    ],
)
async def test_only_its_own_pages_make_the_store_work(
    tmp_path: Path, site: dict[str, str], *, asked: bool
) -> None:
    """Another site's link leads to the list and costs nothing."""
    questions: list[int] = []
    store = a_store()

    def ask_counted(_: HarnessSettings) -> StoreAnswer:
        questions.append(1)
        return StoreAnswer()

    store.ask = ask_counted
    app = create_app(settings_for(), tmp_path, store=store)
    answer = await ask(app, "/refresh?model=m", headers=site)

    assert (answer.status, answer.headers["location"]) == (303, "/?model=m")
    assert (store.asking or bool(questions)) is asked


async def test_assets_may_be_kept_for_ever(app: FastAPI) -> None:
    """Their address has their digest."""
    for asset in (style(), script()):
        answer = await ask(app, asset.address)

        assert answer.headers["content-type"].startswith(asset.media_type)
        assert "immutable" in answer.headers["cache-control"]
        assert answer.text.encode() == asset.content


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(StoreAnswer(), "not asked yet", id="before"),
        pytest.param(StoreAnswer(at=NOW), "read", id="read"),
        pytest.param(StoreAnswer(problem="x", at=NOW), "unreadable", id="down"),
    ],
)
async def test_health_tells_of_the_store(tmp_path: Path, answer: StoreAnswer, told: str) -> None:
    """A store that is down leaves the server healthy."""
    store = a_store()
    store.answer = answer
    app = create_app(settings_for(), tmp_path, store=store)
    health = orjson.loads((await ask(app, "/healthz")).text)

    assert health == {"status": "ok", "store": told}


async def test_the_watcher_lives_as_long_as_the_server(app: FastAPI) -> None:
    """It starts with the app and is gone with it."""
    async with app.router.lifespan_context(app):
        stream = app.state.live.stream("")
        await anext(stream)
        await stream.aclose()

    assert not app.state.live.is_full


async def test_links_lead_below_the_place_where_it_is_mounted(tmp_path: Path) -> None:
    """A platform shows it below an address of its own."""
    app = create_app(settings_for(""), some_runs(tmp_path / "runs"), mounted=True)

    listed = await ask(app, "/below/", root_path="/below")
    run = await ask(app, "/below/runs/run_01", root_path="/below")
    lost = await ask(app, "/below/runs/nope", root_path="/below")
    refreshed = await ask(app, "/below/refresh?text=x", root_path="/below")

    assert 'action="/below/compare"' in listed.text
    assert 'data-root="/below"' in listed.text
    assert 'href="/"' not in listed.text
    assert "without a login" not in listed.text
    assert "Read the store again" not in listed.text
    assert '<a href="/below/">All runs</a>' in run.text
    assert '<a href="/below/">All runs</a>' in lost.text
    assert refreshed.headers["location"] == "/below/?text=x"
    assert str(tmp_path) not in listed.text + run.text + lost.text
