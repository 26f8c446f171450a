"""Open the console in a real Chromium: a person says, sees, decides, and takes back.

The browser is Debian's (`apt-get install chromium`) or the one that PLANGATE_CHROMIUM names.
"""

import http.client
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, expect
from pydantic_core import to_json

from runtime.client import Plangate
from runtime.client.documents.kinds import Scope
from tests.browser.console import WAIT_MS, Visit, browser, console_of, context, watched
from tests.contract.identity_world import ORGANIZATION_CLAIM, a_trusted_issuer
from tests.servers.dev_instance import dev_instance
from tests.servers.identity_provider import identity_provider

__all__ = ["browser", "context"]

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")
pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

HOSTILE = "<img src=https://evil.example/x onerror=alert(1)> ${alert(2)} {{x}} set the counter to 7"
SCOPES: list[Scope] = [
    "organization:read",
    "projects:read",
    "conversations:manage",
    "plans:simulate",
    "plans:execute",
    "plans:confirm",
    "state:read",
    "outcomes:read",
]
RULES = """package tenant.project

import rego.v1

obligations contains {"kind": "approve", "count": 1} if input.action.name == "counter.set"
"""
TESTS = """package tenant.project_test

import rego.v1

test_setting_takes_an_approval if {
	count(data.tenant.project.obligations) == 1 with input as {"action": {"name": "counter.set"}}
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Hold a console and the platform that it asks.

    Attributes:
        owner: token of the person who owns the organization.
        bob: token, of an identity provider, of another person in it.
        project: of `plangate dev`'s demo.
    """

    address: str
    platform: str
    owner: str
    bob: str
    project: str

    @property
    def client(self) -> Plangate:
        """Ask the platform as its owner."""
        return Plangate(self.platform, token=self.owner)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the platform with the offline model, and the console before it."""
    folder = tmp_path_factory.mktemp("console") / ".plangate"
    with identity_provider() as issuer:
        trusted = a_trusted_issuer(
            issuer, organization_id=None, organization_claim=ORGANIZATION_CLAIM
        )
        told = {
            "PLANGATE_MODEL": "plangate/keyword",
            "PLANGATE_REQUEST_RATE": "off",
            "PLANGATE_ISSUERS": to_json([trusted.model_dump(exclude={"client_secret"})]).decode(),
        }
        with dev_instance(folder, environ=told) as dev:
            dev.await_greeting()
            who = {"sub": "bob", "email": "bob@example.com", "email_verified": True}
            bob = issuer.token(**who, **{ORGANIZATION_CLAIM: dev.demo["organization"]})
            with console_of(dev.demo["url"]) as address:
                yield Served(
                    address=address,
                    platform=dev.demo["url"],
                    owner=dev.demo["token"],
                    bob=bob,
                    project=dev.demo["project"],
                )


@pytest.fixture
def visit(context: BrowserContext, served: Served) -> Visit:
    """Open a page, and watch its console and its requests."""
    return watched(context, served.address)


def test_a_plan_is_seen_approved_compared_and_taken_back(visit: Visit, served: Served) -> None:
    """From signing in to signing out, by what stands on the pages; nothing else is asked."""
    start = served.client.state.read(served.project)
    visit.sign_in(served.owner)
    visit.say("set the counter to 7")
    visit.sees("#pg-card", "Set the counter")
    visit.sees("#pg-card", "All 17 guards pass")
    assert served.client.state.read(served.project) == start
    visit.page.get_by_role("button", name="Approve and run").click()
    visit.sees("#pg-told", "Executed. The state is at version")
    done = served.client.state.read(served.project)
    assert done["components"]["counter"]["value"] == 7

    visit.tab("State")
    visit.tab("Timeline")
    visit.sees("#pg-timeline", "executed")
    visit.page.get_by_role("button", name="Show the difference").click()
    visit.sees("#pg-diff ins", "7")
    visit.page.get_by_label("Go back to version").fill(str(start["version"]))
    visit.page.get_by_role("button", name="Revert").click()
    visit.sees("#pg-reverted", f"Version {start['version']} stands again")
    assert served.client.state.read(served.project)["components"] == start["components"]
    visit.sign_out()
    visit.page.goto(served.address)

    assert visit.page.url.endswith("/signin")
    assert visit.faults == []
    assert all(url.startswith((served.address, "data:", "blob:")) for url in visit.requests)


def test_what_models_and_people_write_stays_a_text(visit: Visit, served: Served) -> None:
    """Nothing of it runs, and nothing is loaded for it."""
    visit.sign_in(served.owner)
    visit.choose("Conversation", "New conversation")
    visit.say(HOSTILE)

    visit.sees("#pg-log", HOSTILE)
    assert visit.page.locator("#pg-log img").count() == 0
    assert visit.faults == []
    assert not [url for url in visit.requests if "evil.example" in url]


def test_a_plan_is_edited_rejected_and_kept_as_a_scenario(visit: Visit, served: Served) -> None:
    """A person's plan takes the place of the model's, and their no is told."""
    visit.sign_in(served.owner)
    visit.choose("Conversation", "New conversation")
    visit.say("set the counter to 3")
    visit.page.get_by_role("button", name="Edit").click()
    visit.page.locator("#pg-plan .cm-content").click()
    visit.page.keyboard.press("Control+A")
    visit.page.keyboard.insert_text('{"steps":[{"action":"counter.set","inputs":{"value":8}}]}')
    visit.page.get_by_role("button", name="Use this plan instead").click()
    visit.sees("#pg-card", "edited by a person")
    visit.sees("#pg-card", "8")
    visit.page.get_by_role("button", name="Keep this turn as a golden scenario").click()
    visit.page.get_by_role("button", name="Export").click()
    expect(visit.page.locator(".cm-content").last).to_contain_text("counter.set", timeout=WAIT_MS)
    visit.page.get_by_label("Reason, if you reject it").fill("not today")
    visit.page.get_by_role("button", name="Reject").click()

    visit.sees("#pg-card", "Rejected plan")
    assert visit.faults == []


def test_an_approval_is_asked_for_and_granted_by_another(visit: Visit, served: Served) -> None:
    """The one who asks can't run it, the other sees the plan, and then it runs once."""
    project, token = a_project_with_rules(served)
    visit.sign_in(token)
    visit.say("set the counter to 5")
    visit.sees("#pg-card", "approval_required")
    visit.page.get_by_role("button", name="Approve and run").click()
    visit.sees("#pg-told", "waits for the approval of others")
    visit.sign_out()

    visit.sign_in(served.bob)
    visit.tab("Approvals")
    visit.choose("Request", "counter.set")
    visit.sees("#pg-approval-card", "counter.set")
    visit.page.get_by_label("Reason; it is kept for ever").fill("five is fine")
    visit.page.get_by_role("button", name="Grant").click()
    visit.sees("#pg-voted", "the request is granted")
    visit.sign_out()

    visit.sign_in(token)
    visit.page.get_by_role("button", name="Run with this approval").click(timeout=WAIT_MS)
    visit.sees("#pg-told", "Executed")
    assert served.client.state.read(project)["components"]["counter"]["value"] == 5
    assert visit.faults == []


def a_project_with_rules(served: Served) -> tuple[str, str]:
    """Make a project in which setting the counter takes an approval, and somebody who asks."""
    client = served.client
    project = client.projects.create(name="with rules", environment="counter")["id"]
    modules = ({"path": "a.rego", "text": RULES}, {"path": "a_test.rego", "text": TESTS})
    client.policies.upload_project_policy(
        project,
        modules=[{"path": at["path"], "text": at["text"]} for at in modules],
        note="approve",
        activate=True,
    )
    invited = client.invitations.create(email="bob@example.com")["text"]
    bob = Plangate(served.platform, token=served.bob).invitations.accept(invitation=invited or "")
    client.memberships.put(project, bob["id"], role="admin")
    member = client.members.create(kind="service", display_name="Ann")["id"]
    client.memberships.put(project, member, role="operator")
    token = client.tokens.create(name="ann", member=member, scopes=SCOPES)["text"]
    assert token is not None
    return project, token


PANELS = {
    "Approvals": ("#pg-approvals", "yes"),
    "Jobs": ("#pg-jobs", "No jobs."),
    "Webhooks": ("#pg-webhooks", "No webhooks."),
    "Usage": ("#pg-usage", "per_minute"),
    "Team": ("#pg-tokens", "first token"),
    "Audit": ("#pg-records", "project.created"),
    "Policy": ("#pg-active-policy", "activation"),
}


def test_each_panel_shows_what_the_platform_says(visit: Visit, served: Served) -> None:
    """Whatever is opened is read anew, and the log can be checked from here."""
    visit.sign_in(served.owner)
    for name, (place, text) in PANELS.items():
        visit.tab(name)
        visit.sees(place, text)
    visit.tab("Audit")
    visit.page.get_by_role("button", name="Check the whole log").click()
    visit.sees("#pg-verified", "The log is as it was signed.")
    visit.tab("Policy")
    visit.page.get_by_role("button", name="What if?").click()
    visit.sees("#pg-flips", "Decisions replayed")

    assert visit.faults == []


def test_facts_are_remembered_and_forgotten(visit: Visit, served: Served) -> None:
    """They are the person's own, in the project."""
    visit.sign_in(served.owner)
    visit.tab("State")
    visit.tab("Memory")
    visit.page.get_by_label("Fact").fill("usual_room")
    visit.page.get_by_label("Value (JSON, or a text)").fill("B 12")
    visit.page.get_by_role("button", name="Remember").click()
    visit.sees("#pg-facts", "B 12")
    visit.page.get_by_label("Fact").fill("usual_room")
    visit.page.get_by_role("button", name="Forget").click()

    visit.sees("#pg-facts", "Nothing is remembered")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "width", [pytest.param(390, id="a phone"), pytest.param(1280, id="a desk")]
)
def test_the_page_fits_its_window(
    visit: Visit, served: Served, width: int, scheme: Literal["light", "dark"]
) -> None:
    """Nothing makes it scroll sideways, and the paper is that of the scheme."""
    visit.page.emulate_media(color_scheme=scheme)
    visit.page.set_viewport_size({"width": width, "height": 844})
    visit.sign_in(served.owner)
    paper = visit.page.evaluate("() => getComputedStyle(document.body).backgroundColor")

    # A browser may lay out a frame later what has changed: a width of before it is no finding.
    visit.page.wait_for_function(
        "width => document.documentElement.scrollWidth <= width", arg=width, timeout=5_000
    )
    assert (paper == "rgb(15, 21, 25)") is (scheme == "dark")


def test_a_wrong_token_opens_nothing_and_is_not_repeated(visit: Visit, served: Served) -> None:
    """The page says so, and asks again."""
    visit.page.goto(served.address)
    visit.page.get_by_label("Token").fill("pgt_wrong")
    visit.page.get_by_role("button", name="Sign in").click()

    expect(visit.page.get_by_role("alert")).to_contain_text("credential")
    assert "pgt_wrong" not in visit.page.content()


def test_no_page_ever_holds_the_token(visit: Visit, served: Served) -> None:
    """Neither the page, nor what its scripts ask for, nor a cookie that a script reads."""
    visit.sign_in(served.owner)
    config = visit.page.evaluate("() => fetch('/config').then((answer) => answer.text())")
    cookies = visit.page.evaluate("() => document.cookie")

    assert served.owner not in visit.page.content() + config + cookies
    assert cookies == ""


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "/", {"Accept": "text/html"}, 303, id="a page leads to the sign-in"),
        pytest.param("GET", "/config", {}, 401, id="no configuration"),
        pytest.param("GET", "/gradio_api/info", {}, 401, id="no description"),
        pytest.param(
            "POST", "/gradio_api/upload", {"Sec-Fetch-Site": "same-origin"}, 401, id="no upload"
        ),
        pytest.param("GET", "/signin", {"Host": "evil.example"}, 421, id="another name"),
        pytest.param("POST", "/signin", {"Origin": "https://evil.example"}, 403, id="another page"),
        pytest.param("POST", "/signin", {}, 403, id="no page at all"),
        pytest.param("GET", "/healthz", {}, 200, id="health"),
    ],
)
def test_nobody_gets_in_without_signing_in(
    served: Served, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Whatever is asked for, by whichever name, from whichever page."""
    with closing(http.client.HTTPConnection(served.address.removeprefix("http://"))) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.read()

    assert answer.status == status
    policy = answer.getheader("Content-Security-Policy") or ""
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_first_paint_is_quick(visit: Visit, served: Served) -> None:
    """Within two seconds; a busy machine has more."""
    visit.sign_in(served.owner)
    paint_ms = visit.page.evaluate(
        "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )

    assert paint_ms < 6_000
