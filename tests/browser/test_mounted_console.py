"""Open the console where the platform serves it: the same pages, below the platform's own address.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, expect
from pydantic_core import to_json

from runtime.adapters.embedded.ports import free_port
from runtime.client import Plangate
from tests.browser.console import WAIT_MS, Visit, browser, console_of, context, watched
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.servers.dev_instance import DevInstance, dev_instance
from tests.servers.identity_provider import IdentityProvider, identity_provider
from tests.unit.harness.reporting.builders import a_run, a_trial

__all__ = ["browser", "context"]

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")
pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(240)]

BOB = {"sub": "bob", "email": "bob@example.com", "email_verified": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """Hold a platform that serves its console, and the issuer that it trusts."""

    dev: DevInstance
    issuer: IdentityProvider

    @property
    def platform(self) -> str:
        """Return its address."""
        return str(self.dev.demo["url"])

    @property
    def owner(self) -> str:
        """Return the token of the person who owns the organization."""
        return str(self.dev.demo["token"])

    @property
    def pages(self) -> str:
        """Return where the organization's evaluations are."""
        return f"{self.platform}/v1/organizations/{self.dev.demo['organization']}/evaluations"


@pytest.fixture(scope="module")
def mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mounted]:
    """Serve the platform with the offline model and a run of one model, and its console."""
    folder, port = tmp_path_factory.mktemp("mounted") / ".plangate", free_port()
    address = f"http://127.0.0.1:{port}"
    with identity_provider() as issuer:
        issuer.redirect_uris = (f"{address}/v1/sessions:callback",)
        trusted = a_trusted_issuer(
            issuer,
            organization_id=None,
            organization_claim=ORGANIZATION_CLAIM,
            redirect_uris=issuer.redirect_uris,
        )
        told = {
            "PLANGATE_MODEL": "plangate/keyword",
            "PLANGATE_REQUEST_RATE": "off",
            "PLANGATE_PUBLIC_URL": address,
            "PLANGATE_ISSUERS": to_json([trusted.model_dump(exclude={"client_secret"})]).decode(),
        }
        options = ("--port", str(port), "--console")
        with dev_instance(folder, *options, environ=told) as dev:
            dev.await_greeting()
            organization = dev.demo["organization"]
            issuer.login_changes = {**BOB, ORGANIZATION_CLAIM: organization}
            runs = folder / "evaluations" / organization
            a_run(runs / "run_01", [a_trial()], run="run_01")
            yield Mounted(dev=dev, issuer=issuer)


@pytest.fixture
def visit(context: BrowserContext, mounted: Mounted) -> Visit:
    """Open a page, and watch its console and its requests."""
    return watched(context, f"{mounted.platform}/console")


def test_a_person_signs_in_acts_and_signs_out(visit: Visit, mounted: Mounted) -> None:
    """Every page, file and request lies below the address that `plangate dev` prints."""
    visit.sign_in(mounted.owner)
    home = visit.page.url
    visit.say("set the counter to 7")
    visit.page.get_by_role("button", name="Approve and run").click()
    visit.sees("#pg-told", "Executed. The state is at version")
    cookies = visit.page.context.cookies()
    visit.sign_out()

    assert f"Console   {mounted.platform}/console" in mounted.dev.text
    assert home == f"{mounted.platform}/console/"
    assert [(item["path"], item["httpOnly"]) for item in cookies] == [("/console/", True)]
    assert visit.page.url == f"{mounted.platform}/console/signin"
    assert visit.faults == []
    below = (f"{mounted.platform}/console", "data:", "blob:")
    assert [url for url in visit.requests if not url.startswith(below)] == []


def test_the_first_paint_is_quick(visit: Visit, mounted: Mounted) -> None:
    """Within two seconds; a busy machine has more."""
    visit.sign_in(mounted.owner)
    paint_ms = visit.page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )

    assert paint_ms < 6_000


def test_a_person_signs_in_by_their_identity_provider(visit: Visit, mounted: Mounted) -> None:
    """They were invited; the login leads back to the console, which goes on with its session."""
    owner = Plangate(mounted.platform, token=mounted.owner)
    owner.invitations.create(email=BOB["email"])  # type: ignore[arg-type]  # a text of the table
    visit.page.goto(visit.address)
    visit.page.get_by_role("link", name="Use your organization's sign-in").click()
    visit.page.get_by_role("button", name="Continue as signed in").click()
    expect(visit.page.locator("#pg-who")).to_contain_text("bob", timeout=WAIT_MS)
    visit.sign_out()
    visit.page.goto(visit.address)

    expect(visit.page.get_by_label("Token")).to_be_visible()
    assert mounted.issuer.served["/authorize"] == 1
    assert [item["status"] for item in members(owner)] == ["bob"]
    assert visit.faults == []


def test_the_models_are_compared_without_a_token_in_the_browser(
    visit: Visit, mounted: Mounted, context: BrowserContext
) -> None:
    """In a tab of their own, whose address has no ticket, and whose cookie is of those pages."""
    visit.sign_in(mounted.owner)
    visit.tab("Models")
    visit.sees("#pg-gates", "No verdicts")
    with context.expect_page() as opening:
        visit.page.get_by_role("link", name="Compare models and runs").click()
    page = opening.value
    page.wait_for_url(f"{mounted.pages}/")
    expect(page.locator("tbody.run")).to_contain_text("run_01", timeout=WAIT_MS)
    page.locator("tbody.run th a").first.click()
    page.wait_for_url(f"{mounted.pages}/runs/run_01")

    cookies = [item for item in context.cookies() if item["name"] == "plangate_evaluations"]
    assert [item["path"] for item in cookies] == [urlsplit(mounted.pages).path]
    assert page.evaluate("() => history.length") == 2
    assert page.evaluate("() => document.cookie + document.referrer").find("ticket") == -1


def test_a_console_of_another_site_leads_there_as_well(
    context: BrowserContext, mounted: Mounted
) -> None:
    """A redirect alone would lose the cookie: to a browser, these two names are two sites."""
    port = urlsplit(mounted.platform).port
    with console_of(f"http://localhost:{port}") as address:
        visit = watched(context, address)
        visit.sign_in(mounted.owner)
        visit.tab("Models")
        with context.expect_page() as opening:
            visit.page.get_by_role("link", name="Compare models and runs").click()
        page = opening.value
        expect(page.locator("tbody.run")).to_contain_text("run_01", timeout=WAIT_MS)

    assert page.url == f"{mounted.pages}/"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "/console", {}, 307, id="the path without its slash"),
        pytest.param("GET", "/console/", {"Accept": "text/html"}, 303, id="leads to the sign-in"),
        pytest.param("GET", "/console/config", {}, 401, id="no configuration"),
        pytest.param("GET", "/console/evaluations", {}, 401, id="no way to the runs"),
        pytest.param("GET", "/console/signin", {"Host": "evil.example"}, 421, id="another name"),
        pytest.param(
            "POST", "/console/signin", {"Origin": "https://evil.example"}, 403, id="another page"
        ),
        pytest.param("GET", "/consoles", {}, 404, id="the platform's own"),
        pytest.param(
            "GET", "/v1/healthz", {"Host": "evil.example"}, 200, id="the API has any name"
        ),
    ],
)
def test_the_door_stands_below_the_platform_as_well(
    mounted: Mounted, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """And the API beside it is what it was."""
    with closing(http.client.HTTPConnection(urlsplit(mounted.platform).netloc)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()

    assert answer.status == status


def members(owner: Plangate) -> list[dict[str, str]]:
    """Return who was invited and came."""
    found = [item for item in owner.members.list() if item["display_name"].startswith("bob")]
    return [{"status": item["display_name"].partition("@")[0]} for item in found]


def test_what_is_seen_fits_a_phone(visit: Visit, mounted: Mounted) -> None:
    """The panel of models as well."""
    visit.page.set_viewport_size({"width": 480, "height": 844})
    visit.sign_in(mounted.owner)
    visit.page.wait_for_function(
        "width => document.documentElement.scrollWidth <= width", arg=480, timeout=5_000
    )
