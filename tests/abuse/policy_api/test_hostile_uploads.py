"""Whatever is uploaded as rules is refused in words, keeps nothing, and harms nobody else."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.json_value import JsonObject
from tests.api.policy.app import REASON, PolicyApp, an_upload_body, spelled
from tests.policies import an_upload, some_modules
from tests.tenants import rows_in

RULES, TESTS = spelled(some_modules())
TOO_MUCH: Final = 257 * 1024


def padded(size_bytes: int) -> str:
    """Build rules of a size."""
    text = str(RULES["text"])
    return text + "# " + "x" * (size_bytes - len(text) - 3) + "\n"


async def refused(app: PolicyApp, modules: list[Any], *, note: str = "x") -> JsonObject:
    """Upload what has to be refused, and return the problem; a trial says the same."""
    path, owner = app.places[ORGANIZATION_SCOPE], app.site.owner
    body = an_upload_body(modules=modules, note=note)
    answered = await app.served.call(owner, "POST", path, body=json.dumps(body).encode())
    assert answered.status == 422, answered.body
    assert await rows_in(app.site.tenant, "policy_versions") == 0
    document: JsonObject = answered.json
    return document


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/etc/passwd.rego", id="from the root"),
        pytest.param("../plangate/decision.rego", id="upwards"),
        pytest.param("a/../../b.rego", id="upwards in the middle"),
        pytest.param("a//b.rego", id="an empty name"),
        pytest.param("a.rego\n", id="a line break"),
        pytest.param("a.txt", id="another kind of file"),
        pytest.param(".rego", id="no name"),
        pytest.param("a b.rego", id="space"),
        pytest.param("é.rego", id="other letters"),
        pytest.param("x" * 300 + ".rego", id="long"),
    ],
)
async def test_a_path_that_could_lead_elsewhere_is_refused(
    policy_app: PolicyApp, path: str
) -> None:
    """It names a module, nothing of a machine's."""
    problem = await refused(policy_app, [{**RULES, "path": path}, TESTS])

    assert problem["code"] == "request_invalid"
    assert problem["errors"][0]["pointer"] == "/modules/0/path"


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param([], id="none"),
        pytest.param([RULES] * 2, id="a path twice"),
        pytest.param([{"path": "a.rego"}], id="no text"),
        pytest.param([{**RULES, "text": 7}], id="no text but a number"),
        pytest.param([{**RULES, "package": "plangate"}], id="more than a module has"),
        pytest.param([{**RULES, "path": f"m{number}.rego"} for number in range(101)], id="many"),
        pytest.param("package x", id="no list"),
    ],
)
async def test_what_is_no_list_of_modules_is_refused(
    policy_app: PolicyApp, modules: list[Any]
) -> None:
    """By the shape of the request."""
    assert (await refused(policy_app, modules))["code"] == "request_invalid"


@pytest.mark.parametrize("note", ["", " ", "x" * 201, "a\nb", "a\u202eb"])
async def test_a_note_that_can_not_be_kept_is_refused(policy_app: PolicyApp, note: str) -> None:
    """It is shown in lists."""
    assert (await refused(policy_app, [RULES, TESTS], note=note))["code"] == "request_invalid"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("package plangate\n", id="ours"),
        pytest.param("package tenant.project\n", id="a project's"),
        pytest.param("package tenant.other\n", id="another tenant's"),
        pytest.param("package tenant\n", id="all tenants'"),
        pytest.param("", id="nothing"),
        pytest.param(
            "package tenant.organization\nimport rego.v1\nx := http.send({})\n", id="the network"
        ),
        pytest.param(
            "package tenant.organization\nimport rego.v1\nx := data.tenant.other.y\n",
            id="what another tenant has",
        ),
    ],
)
async def test_rules_that_reach_for_what_is_not_theirs_are_refused(
    policy_app: PolicyApp, text: str
) -> None:
    """Before anything is compiled."""
    problem = await refused(policy_app, [{**RULES, "text": text}, TESTS])

    assert problem["code"] == "policy_refused"
    assert problem["errors"]
    assert policy_app.site.world.checker.tried == []


async def test_more_text_than_rules_may_have_is_refused_in_words(policy_app: PolicyApp) -> None:
    """Together or in one module."""
    parts = [{"path": f"p{n}.rego", "text": padded(TOO_MUCH // 5)} for n in range(5)]
    together = await refused(policy_app, [*parts, TESTS])
    alone = await refused(policy_app, [{**RULES, "text": padded(TOO_MUCH)}, TESTS])

    assert together["code"] == "policy_refused"
    assert any("bytes" in item["detail"] for item in together["errors"])
    assert alone["code"] == "request_invalid"
    assert policy_app.site.world.checker.tried == []


async def test_a_body_of_a_million_bytes_is_not_read_to_its_end(policy_app: PolicyApp) -> None:
    """It is too large, whatever is in it."""
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner
    body = json.dumps(an_upload_body(note="x" * 1_000_000)).encode()

    answered = await policy_app.served.call(owner, "POST", path, body=body)

    assert (answered.status, answered.code) == (413, "body_too_large")


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(
            b'{"modules": [{"path": "a.rego", "text": "\xff\xfe"}], "note": "x"}', id="no UTF-8"
        ),
        pytest.param(
            b'{"modules": [{"path": "a.rego", "text": "\\ud800"}], "note": "x"}', id="half a letter"
        ),
        pytest.param(b'{"modules": [], "modules": [], "note": "x"}', id="a key twice"),
        pytest.param(
            b'{"modules": [{"path": "a.rego", "text": "\\u0000"}], "note": "x"}', id="NUL"
        ),
    ],
)
async def test_a_body_that_readers_read_differently_is_refused(
    policy_app: PolicyApp, spelling: bytes
) -> None:
    """What is no UTF-8 can't be kept as it was sent."""
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner

    answered = await policy_app.served.call(owner, "POST", path, body=spelling)

    assert (answered.status, answered.code) == (400, "body_unreadable")


@pytest.mark.parametrize("verb", ["", ":check"])
async def test_rules_that_explode_when_they_are_tried_leave_the_api_answering(
    policy_app: PolicyApp, verb: str
) -> None:
    """They could not be tried, and that is all that happens."""
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner
    modules = spelled(some_modules(mark="# explodes"))
    body = an_upload_body(modules=modules) if not verb else {"modules": modules}

    answered = await policy_app.served.call(owner, "POST", f"{path}{verb}", body)
    after = await policy_app.served.call(owner, "POST", path, an_upload_body())

    assert (answered.status, answered.code) == (503, "policy_uncheckable")
    assert answered.header("retry-after") is None
    assert (after.status, after.json["version"]) == (201, 1)


@pytest.mark.parametrize("version", ["0", "-1", "1e3", "9007199254740992", "x", "1%00", "٣"])
async def test_a_version_that_no_rules_have_is_a_fault_of_the_path(
    policy_app: PolicyApp, version: str
) -> None:
    """Never one of ours."""
    await an_upload(policy_app.site.world, policy_app.site.tenant)
    path, owner = policy_app.places[ORGANIZATION_SCOPE], policy_app.site.owner

    read = await policy_app.served.call(owner, "GET", f"{path}/{version}")
    activated = await policy_app.served.call(owner, "POST", f"{path}/{version}:activate", REASON)

    assert read.status in {404, 422}
    assert activated.status in {404, 422}
    assert await rows_in(policy_app.site.tenant, "policy_activations") == 0
