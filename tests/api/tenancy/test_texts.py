"""Whatever people call things is kept as they wrote it, or refused; it is never a fault of ours."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

import pytest

from runtime.kit.json_value import JsonObject
from tests.api.app_builder import TenancyApp
from tests.tenants import Tenant, a_project, an_operator

KEPT: Final = (
    pytest.param("Furnace 🔥👩‍🔬", id="emoji"),
    pytest.param("窯 ٣ Zoë", id="other scripts"),
    pytest.param("x" * 200, id="as long as can be"),
    pytest.param("😀" * 200, id="as long as can be, in emoji"),
    pytest.param("'; drop table projects; --", id="quotes"),
    pytest.param("{{7*7}} ${x} %s <b>", id="what templates would read"),
)
REFUSED: Final = (
    pytest.param("", id="empty"),
    pytest.param("   ", id="space alone"),
    pytest.param("x" * 201, id="too long"),
    pytest.param("x" * 100_000, id="far too long"),
    pytest.param("a\x00b", id="NUL"),
    pytest.param("\x00", id="NUL alone"),
    pytest.param("a\nb", id="a line break"),
    pytest.param("a\x1b[2Jb", id="an escape sequence"),
    pytest.param("a\u202eb", id="turned around"),
    pytest.param("\u200b", id="nothing to see"),
)


def places(tenant: Tenant, project: str) -> list[tuple[str, str, JsonObject, tuple[str, ...]]]:
    """List each place that takes a name: how it is asked, and where NAME comes back."""
    return [
        ("POST", "/v1/projects", {"name": "NAME", "environment": "box"}, ("name",)),
        ("PATCH", f"/v1/projects/{project}", {"name": "NAME"}, ("name",)),
        ("PATCH", f"/v1/organizations/{tenant.id}", {"name": "NAME"}, ("name",)),
        ("POST", "/v1/members", {"kind": "service", "display_name": "NAME"}, ("display_name",)),
    ]


@pytest.mark.parametrize("name", KEPT)
async def test_a_name_is_kept_as_it_was_written(
    tenancy_app: TenancyApp, tenant: Tenant, name: str
) -> None:
    """In every place that takes one."""
    project = await a_project(tenant)
    await tenancy_app.call(tenant.owner, "PATCH", f"/v1/projects/{project}", {"name": "other"})

    for method, path, body, way in places(tenant, project):
        document = {key: name if value == "NAME" else value for key, value in body.items()}
        if path.startswith("/v1/projects/"):
            document["name"] = name[:-1] or "y"  # the one before has this name already
        answered = await tenancy_app.call(tenant.owner, method, path, document)

        assert answered.status < 300, (path, answered.body)
        assert answered.json[way[0]] == document[way[0]]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_name_that_can_not_be_kept_is_refused(
    tenancy_app: TenancyApp, tenant: Tenant, name: str
) -> None:
    """In every place that takes one, as the caller's fault, and nothing is stored."""
    project = await a_project(tenant)

    for method, path, body, _ in places(tenant, project):
        document = {key: name if value == "NAME" else value for key, value in body.items()}
        answered = await tenancy_app.call(tenant.owner, method, path, document)

        assert answered.status in {400, 422}, (path, answered.body)
        assert answered.code in {"request_invalid", "body_unreadable"}
    operator = an_operator(tenancy_app.tenancy.ids.new("org"))
    for founding in (
        {"name": name, "owner": {"display_name": "Olive", "email": "o@x"}},
        {"name": "Acme", "owner": {"display_name": name, "email": "o@x"}},
        {"name": "Acme", "owner": {"display_name": "Olive", "email": name}},
    ):
        answered = await tenancy_app.call(operator, "POST", "/v1/organizations", founding)
        assert answered.status in {400, 422}, answered.body


@pytest.mark.parametrize("path", ["%00", "prj_%00", "..%2f..", "%ff", "prj_01'--", "x" * 2_000])
async def test_an_id_that_is_none_is_not_found(
    tenancy_app: TenancyApp, tenant: Tenant, path: str
) -> None:
    """Nothing of that shape is stored; the database is not even asked."""
    answered = await tenancy_app.call(tenant.owner, "GET", f"/v1/projects/{unquote(path)}")

    assert (answered.status, answered.code) == (404, "not_found")


@pytest.mark.parametrize(
    "query",
    ["cursor=nonsense", "cursor=", "limit=0", "limit=201", "limit=x", "limit=1e3", "limit=-1"],
)
async def test_a_page_that_is_none_is_refused(
    tenancy_app: TenancyApp, tenant: Tenant, query: str
) -> None:
    """On every list."""
    project = await a_project(tenant)

    for path in (
        "/v1/organizations",
        "/v1/projects",
        "/v1/members",
        f"/v1/projects/{project}/members",
        "/v1/invitations",
    ):
        answered = await tenancy_app.call(tenant.owner, "GET", f"{path}?{query}")
        assert answered.status == 422, (path, answered.body)
