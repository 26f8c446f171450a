"""Plans are approved over HTTP as the guide says: who may do what, and what it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from fastapi.routing import APIRoute

from runtime.entrypoints.rest import approvals
from runtime.kit.json_value import JsonObject
from tests.api.approvals.conftest import Site

ROUTES: Final = (
    ("GET", ""),
    ("GET", "/{approval_id}"),
    ("POST", "/{approval_id}:grant"),
    ("POST", "/{approval_id}:deny"),
    ("POST", "/{approval_id}:override"),
    ("POST", "/{approval_id}:withdraw"),
)
READERS: Final = ("owner", "admin", "operator", "viewer", "requester", "service")
ALLOWED: Final[dict[str, dict[str, int]]] = {
    "": dict.fromkeys(READERS, 200),
    "/{approval_id}": dict.fromkeys(READERS, 200),
    "/{approval_id}:grant": {"owner": 200, "admin": 200, **dict.fromkeys(READERS[2:], 403)},
    "/{approval_id}:deny": {"owner": 200, "admin": 200, **dict.fromkeys(READERS[2:], 403)},
    "/{approval_id}:override": {"owner": 200, "admin": 200, **dict.fromkeys(READERS[2:], 403)},
    "/{approval_id}:withdraw": {**dict.fromkeys(READERS, 403), "requester": 200},
}
WHO: Final = (*READERS, "stranger", "foreigner")


def declared() -> Iterator[tuple[str, str]]:
    """Yield method and template of each route."""
    for route in approvals.router.routes:
        if isinstance(route, APIRoute):
            template = route.path.removeprefix("/v1/projects/{project_id}/approvals")
            yield from ((method, template) for method in sorted(route.methods or ()))


def test_every_route_is_in_the_table() -> None:
    """And the table names no other."""
    assert sorted(declared()) == sorted(ROUTES)


async def test_each_route_against_each_role(site: Site) -> None:
    """Whoever sees the project reads; admins and owners vote; who asked takes back."""
    found, expected = dict[tuple[str, str], int](), dict[tuple[str, str], int]()
    for who in WHO:
        for method, template in ROUTES:
            asked = await site.request()
            document = {"plan_digest": asked["plan_digest"], "reason": "as agreed"}
            answered = await site.call(
                who,
                method,
                template.format(approval_id=asked["id"]),
                document if template.endswith(("grant", "deny", "override")) else None,
            )
            found[who, template] = answered.status
            expected[who, template] = ALLOWED[template].get(who, 404)
            if (who, template) == ("service", "/{approval_id}:withdraw"):
                assert answered.code == "not_allowed"

    # A service may not vote wherever it looks.
    assert found == expected


async def test_a_plan_is_approved_and_executed(site: Site) -> None:
    """From the refusal to the use, each document names the others."""
    asked = await site.request()
    granted = await site.vote("admin", asked)
    done = await site.execute("requester", asked, approval=asked["id"])
    read = (await site.call("viewer", "GET", f"/{asked['id']}")).json

    assert (granted.json["status"], granted.json["votes"][0]["reason"]) == ("granted", "as agreed")
    assert (done.json["status"], done.json["approval"]) == ("done", None)
    assert (read["status"], read["used_by"]) == ("used", done.json["id"])
    assert read["votes"][0]["member"] == site.people["admin"].member
    assert read["plan"] == asked["plan"]


async def test_a_used_approval_says_so(site: Site) -> None:
    """With a status of 200: a refusal is an outcome."""
    asked = await site.request()
    await site.vote("admin", asked)
    await site.execute("requester", asked, approval=asked["id"])

    again = await site.execute("requester", asked, approval=asked["id"])

    assert again.status == 200
    assert again.json["refusal"]["code"] == "approval_required"
    assert "was used by out_" in again.json["refusal"]["found"]


async def test_requests_are_listed_in_pages(site: Site) -> None:
    """Each once, and those of one status where it is asked for."""
    asked = [await site.request() for _ in range(3)]
    await site.vote("admin", asked[0], "deny")

    first = (await site.call("viewer", "GET", "?limit=2")).json
    rest = (await site.call("viewer", "GET", f"?limit=2&cursor={first['next_cursor']}")).json
    denied = (await site.call("viewer", "GET", "?status=denied")).json

    listed = [item["id"] for page in (first, rest) for item in page["items"]]
    assert sorted(listed) == sorted(item["id"] for item in asked)
    assert rest["next_cursor"] is None
    assert [item["id"] for item in denied["items"]] == [asked[0]["id"]]


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        pytest.param({"plan_digest": "sha256:x"}, 422, "request_invalid", id="no reason"),
        pytest.param({"plan_digest": "x", "reason": " "}, 422, "request_invalid", id="blank"),
        pytest.param({"plan_digest": "x", "reason": "a\7"}, 422, "request_invalid", id="a bell"),
        pytest.param({"reason": "x"}, 422, "request_invalid", id="no digest"),
        pytest.param(
            {"plan_digest": "x", "reason": "x", "member": "mem_1"}, 422, "request_invalid",
            id="says who votes",
        ),
        pytest.param({"plan_digest": "x", "reason": "x"}, 409, "approval_mismatch", id="other"),
        pytest.param({"plan_digest": "a\0", "reason": "x"}, 400, "body_unreadable", id="NUL"),
    ],
)  # fmt: skip
async def test_a_vote_that_does_not_fit(
    site: Site, document: JsonObject, status: int, code: str
) -> None:
    """It is refused, and the request is as it was."""
    asked = await site.request()

    answered = await site.call("admin", "POST", f"/{asked['id']}:grant", document)

    assert (answered.status, answered.code) == (status, code)
    assert (await site.call("viewer", "GET", f"/{asked['id']}")).json["votes"] == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_there_looks_like_what_is_anothers(site: Site, method: str) -> None:
    """Same status, same body but for the id."""
    asked, verb = await site.request(), ":grant" if method == "POST" else ""
    document = {"plan_digest": "x", "reason": "x"} if verb else None
    answers = set()
    for name in ("apr_01KDVDNA000000000000000000", "nonsense", asked["outcome"]):
        answered = await site.call("admin", method, f"/{name}{verb}", document)
        answers.add((answered.status, answered.body.replace(name.encode(), b"ID")))
    other = f"/v1/projects/{(await site.app.project(site.people['founder']))['id']}/approvals"
    there = await site.app.call(
        method, f"{other}/{asked['id']}{verb}", document, token=site.people["founder"].token
    )
    answers.add((there.status, there.body.replace(asked["id"].encode(), b"ID")))

    assert len(answers) == 1, answers
    assert answers.pop()[0] == 404


async def test_a_token_votes_only_when_it_was_made_for_it(site: Site) -> None:
    """Executing, confirming and reading imply no approving."""
    scopes = [
        "plans:execute", "plans:confirm", "outcomes:read", "projects:manage", "members:manage",
    ]  # fmt: skip
    narrow = await site.app.made(
        "/v1/tokens", {"name": "narrow", "scopes": scopes}, token=site.people["admin"].token
    )
    asked = await site.request()
    document = {"plan_digest": asked["plan_digest"], "reason": "x"}

    for verb in ("grant", "deny"):
        path = f"{site.project}/approvals/{asked['id']}:{verb}"
        refused = await site.app.call("POST", path, document, token=str(narrow["text"]))
        assert (refused.status, refused.code) == (403, "not_allowed")
        assert "plans:approve" in refused.json["detail"]


async def test_who_made_a_services_token_does_not_approve_for_it(site: Site) -> None:
    """The service is as good as their alias; somebody else may."""
    asked = await site.request("service")

    own = await site.vote("founder", asked)
    other = await site.vote("owner", asked)

    assert (own.status, own.code) == (403, "not_allowed")
    assert "made the credential" in own.json["detail"]
    assert other.json["status"] == "granted"


async def test_a_simulation_shows_no_request(site: Site) -> None:
    """It would be refused, and asks nobody."""
    steps = [{"action": "counter.set", "inputs": {"value": 3}}]
    simulated = await site.app.call(
        "POST",
        f"{site.project}/plans:simulate",
        {"plan": {"steps": steps}},
        token=site.people["requester"].token,
    )

    assert simulated.json["refusal"]["code"] == "approval_required"
    assert simulated.json["approval"] is None
    assert (await site.call("viewer", "GET", "")).json["items"] == []
