"""Hold one valid request for every mutating route of the platform, each on a subject of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.audit_wishes import OF_AUDIT
from tests.abuse.execution.conversation_wishes import OF_CONVERSATIONS
from tests.abuse.execution.gate_wishes import OF_GATES
from tests.abuse.execution.hook_wishes import OF_HOOKS
from tests.abuse.execution.job_wishes import OF_JOBS
from tests.abuse.execution.model_wishes import OF_MODELS
from tests.abuse.execution.real_app import OPERATOR, Acting, RealApp, moved
from tests.abuse.execution.schedule_wishes import OF_SCHEDULES
from tests.abuse.execution.webhook_wishes import OF_WEBHOOKS
from tests.abuse.execution.wish import Make, Route, Wish


async def _execution(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    by = next(app.numbers)
    return Wish(
        path=f"/v1/projects/{project['id']}/plans:execute", document=moved(by), token=who.token
    )


async def approving_project(app: RealApp, who: Acting) -> str:
    """Make a project whose own rules ask an approval of who sets the counter."""
    project = f"/v1/projects/{(await app.project(who))['id']}"
    rules = (
        "package tenant.project\n\nimport rego.v1\n\n"
        'obligations contains {"kind": "approve", "count": 1} if {\n'
        '\tinput.action.name == "counter.set"\n}\n'
    )
    tried = (
        "package tenant.project_test\n\nimport rego.v1\n\n"
        "test_setting_takes_an_approval if {\n"
        "\tcount(data.tenant.project.obligations) == 1 with input as "
        '{"action": {"name": "counter.set"}}\n}\n'
    )
    wish: JsonObject = {
        "modules": [
            {"path": "rules.rego", "text": rules},
            {"path": "rules_test.rego", "text": tried},
        ],
        "note": "first",
        "activate": True,
    }
    await app.made(f"{project}/policies", wish, token=who.token)
    return project


async def an_approval(app: RealApp, project: str, requester: Acting) -> JsonObject:
    """Ask for an approval, and return the request."""
    steps = [{"action": "counter.set", "inputs": {"value": next(app.numbers)}}]
    refused = await app.made(
        f"{project}/plans:execute", {"plan": {"steps": steps}}, token=requester.token
    )
    asked = await app.call(
        "GET", f"{project}/approvals/{refused['approval']}", token=requester.token
    )
    found: JsonObject = asked.json
    return found


def _vote(verb: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        own = await app.found()  # where somebody else asks as well
        project = await approving_project(app, own)
        asked = await an_approval(app, project, await app.colleague(own))
        return Wish(
            path=f"{project}/approvals/{asked['id']}:{verb}",
            document={"plan_digest": asked["plan_digest"], "reason": "as agreed"},
            token=own.token,
        )

    return made


async def _approval_withdrawal(app: RealApp, who: Acting) -> Wish:
    project = await approving_project(app, who)
    asked = await an_approval(app, project, who)
    return Wish(path=f"{project}/approvals/{asked['id']}:withdraw", token=who.token)


async def _reversion(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    return Wish(
        path=f"/v1/projects/{project['id']}/state:revert",
        document={"version": 0},
        token=who.token,
    )


async def _membership(app: RealApp, who: Acting) -> Wish:
    project, member = await app.project(who), await app.service(who)
    return Wish(
        path=f"/v1/projects/{project['id']}/members/{member}",
        document={"role": "operator"},
        token=who.token,
    )


async def _withdrawal(app: RealApp, who: Acting) -> Wish:
    wish = await _membership(app, who)
    granted = await app.call("PUT", wish.path, wish.document, token=who.token)
    assert granted.status == 200, granted.body
    return Wish(path=wish.path, token=who.token)


async def _project(app: RealApp, who: Acting) -> Wish:
    wish: JsonObject = {"name": f"wished {next(app.numbers)}", "environment": "counter"}
    return Wish(path="/v1/projects", document=wish, token=who.token)


async def _project_change(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    name = f"renamed {next(app.numbers)}"
    return Wish(path=f"/v1/projects/{project['id']}", document={"name": name}, token=who.token)


async def _archive(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    return Wish(path=f"/v1/projects/{project['id']}:archive", token=who.token)


async def _restore(app: RealApp, who: Acting) -> Wish:
    archive = await _archive(app, who)
    await app.made(archive.path, None, token=who.token)
    return Wish(path=archive.path.replace(":archive", ":restore"), token=who.token)


async def _purge(app: RealApp, who: Acting) -> Wish:
    project = await app.project(who)
    place = f"/v1/projects/{project['id']}"
    await app.made(f"{place}:archive", None, token=who.token)
    return Wish(path=f"{place}:purge", document={"confirm": project["name"]}, token=who.token)


async def _organization(app: RealApp, who: Acting) -> Wish:
    number = next(app.numbers)
    owner = {"display_name": "Bea", "email": f"bea{number}@example.com"}
    wish: JsonObject = {"name": f"wished {number}", "owner": owner}
    return Wish(path="/v1/organizations", document=wish, token=OPERATOR)


async def _organization_change(app: RealApp, who: Acting) -> Wish:
    name = f"renamed {next(app.numbers)}"
    return Wish(
        path=f"/v1/organizations/{who.organization}", document={"name": name}, token=who.token
    )


async def _organization_archive(app: RealApp, who: Acting) -> Wish:
    own = await app.found()
    return Wish(path=f"/v1/organizations/{own.organization}:archive", token=own.token)


async def _organization_restore(app: RealApp, who: Acting) -> Wish:
    archive = await _organization_archive(app, who)
    await app.made(archive.path, None, token=archive.token)
    return Wish(path=archive.path.replace(":archive", ":restore"), token=archive.token)


SWITCHED: Final = ("browsing", "controls", "facility", "helpdesk", "memory", "workbench")
"""Plugins that no other wish needs; one that is switched already would not be switched again."""


def _plugin_switch(verb: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        name = SWITCHED[next(app.numbers) % len(SWITCHED)]
        path = f"/v1/organizations/{who.organization}/plugins/{name}"
        other = "disable" if verb == "enable" else "enable"
        await app.made(f"{path}:{other}", None, token=who.token)
        return Wish(path=f"{path}:{verb}", token=who.token)

    return made


async def _organization_limits(app: RealApp, who: Acting) -> Wish:
    most = next(app.numbers)
    budget = {"scope": "organization", "measure": "tokens", "per": "month", "most": most}
    return Wish(
        path=f"/v1/organizations/{who.organization}/limits",
        document={"budgets": [budget]},
        token=who.token,
    )


async def _service(app: RealApp, who: Acting) -> Wish:
    wish: JsonObject = {"kind": "service", "display_name": f"wished {next(app.numbers)}"}
    return Wish(path="/v1/members", document=wish, token=who.token)


async def _removal(app: RealApp, who: Acting) -> Wish:
    return Wish(path=f"/v1/members/{await app.service(who)}:remove", token=who.token)


async def _role(app: RealApp, who: Acting) -> Wish:
    return Wish(
        path=f"/v1/members/{await app.person(who)}",
        document={"organization_role": "owner"},
        token=who.token,
    )


async def _invitation(app: RealApp, who: Acting) -> Wish:
    wish: JsonObject = {"email": f"cid{next(app.numbers)}@example.com"}
    return Wish(path="/v1/invitations", document=wish, token=who.token)


async def _invitation_revocation(app: RealApp, who: Acting) -> Wish:
    invitation = await _invitation(app, who)
    made = await app.made(invitation.path, invitation.document, token=who.token)
    return Wish(path=f"/v1/invitations/{made['id']}:revoke", token=who.token)


async def _token(app: RealApp, who: Acting) -> Wish:
    wish: JsonObject = {"name": f"wished {next(app.numbers)}", "scopes": ["state:read"]}
    return Wish(path="/v1/tokens", document=wish, token=who.token)


async def _rotation(app: RealApp, who: Acting) -> Wish:
    token = await _token(app, who)
    made = await app.made(token.path, token.document, token=who.token)
    return Wish(path=f"/v1/tokens/{made['id']}:rotate", document={"overlap_s": 60}, token=who.token)


async def _revocation(app: RealApp, who: Acting) -> Wish:
    rotation = await _rotation(app, who)
    return Wish(path=rotation.path.replace(":rotate", ":revoke"), token=who.token)


def _rules(level: str) -> JsonObject:
    """Build rules of an organization or a project, with their test."""
    text = f'package tenant.{level}\n\nimport rego.v1\n\nroles contains "finance" if false\n'
    test = f"package tenant.{level}_test\n\nimport rego.v1\n\ntest_it if true\n"
    modules = [{"path": "rules.rego", "text": text}, {"path": "rules_test.rego", "text": test}]
    return {"modules": modules, "note": "wished"}


async def _place_of_rules(app: RealApp, who: Acting, level: str) -> tuple[str, Acting]:
    if level == "project":
        return f"/v1/projects/{(await app.project(who))['id']}/policies", who
    own = await app.found()
    return f"/v1/organizations/{own.organization}/policies", own


def _upload(level: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path, owner = await _place_of_rules(app, who, level)
        return Wish(path=path, document=_rules(level), token=owner.token)

    return made


def _activation(level: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path, owner = await _place_of_rules(app, who, level)
        await app.made(path, _rules(level), token=owner.token)
        return Wish(path=f"{path}/1:activate", document={"reason": "wished"}, token=owner.token)

    return made


def _deactivation(level: str) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        path, owner = await _place_of_rules(app, who, level)
        await app.made(path, {**_rules(level), "activate": True}, token=owner.token)
        return Wish(path=f"{path}:deactivate", document={"reason": "wished"}, token=owner.token)

    return made


_OF_RULES: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", f"/v1/{level}s/{{{level}_id}}/policies{verb}"): make(level)
        for level in ("organization", "project")
        for verb, make in (
            ("", _upload),
            ("/{version}:activate", _activation),
            (":deactivate", _deactivation),
        )
    }
)
WISHES: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", "/v1/projects/{project_id}/plans:execute"): _execution,
        ("POST", "/v1/projects/{project_id}/state:revert"): _reversion,
        ("POST", "/v1/projects/{project_id}/approvals/{approval_id}:grant"): _vote("grant"),
        ("POST", "/v1/projects/{project_id}/approvals/{approval_id}:deny"): _vote("deny"),
        ("POST", "/v1/projects/{project_id}/approvals/{approval_id}:override"): _vote("override"),
        (
            "POST",
            "/v1/projects/{project_id}/approvals/{approval_id}:withdraw",
        ): _approval_withdrawal,
        ("PUT", "/v1/projects/{project_id}/members/{member_id}"): _membership,
        ("DELETE", "/v1/projects/{project_id}/members/{member_id}"): _withdrawal,
        ("POST", "/v1/projects"): _project,
        ("PATCH", "/v1/projects/{project_id}"): _project_change,
        ("POST", "/v1/projects/{project_id}:archive"): _archive,
        ("POST", "/v1/projects/{project_id}:restore"): _restore,
        ("POST", "/v1/projects/{project_id}:purge"): _purge,
        ("POST", "/v1/organizations"): _organization,
        ("PATCH", "/v1/organizations/{organization_id}"): _organization_change,
        ("POST", "/v1/organizations/{organization_id}:archive"): _organization_archive,
        ("POST", "/v1/organizations/{organization_id}:restore"): _organization_restore,
        ("PUT", "/v1/organizations/{organization_id}/limits"): _organization_limits,
        ("POST", "/v1/organizations/{organization_id}/plugins/{name}:enable"): _plugin_switch(
            "enable"
        ),
        ("POST", "/v1/organizations/{organization_id}/plugins/{name}:disable"): _plugin_switch(
            "disable"
        ),
        ("POST", "/v1/members"): _service,
        ("POST", "/v1/members/{member_id}:remove"): _removal,
        ("PATCH", "/v1/members/{member_id}"): _role,
        ("POST", "/v1/invitations"): _invitation,
        ("POST", "/v1/invitations/{invitation_id}:revoke"): _invitation_revocation,
        ("POST", "/v1/tokens"): _token,
        ("POST", "/v1/tokens/{token_id}:rotate"): _rotation,
        ("POST", "/v1/tokens/{token_id}:revoke"): _revocation,
        **_OF_RULES,
        **OF_AUDIT,
        **OF_CONVERSATIONS,
        **OF_GATES,
        **OF_HOOKS,
        **OF_JOBS,
        **OF_MODELS,
        **OF_SCHEDULES,
        **OF_WEBHOOKS,
    }
)

ELSEWHERE: Final[Mapping[Route, str]] = MappingProxyType(
    {
        ("POST", "/v1/projects/{project_id}/plans:simulate"): "it changes nothing",
        (
            "POST",
            "/v1/projects/{project_id}/conversations/{conversation_id}/turns/{turn_id}:simulate",
        ): "it changes nothing",
        (
            "POST",
            "/v1/projects/{project_id}/conversations/{conversation_id}/turns/{turn_id}:export",
        ): "it changes nothing",
        ("POST", "/v1/projects/{project_id}/hooks/{hook_id}:simulate"): "it changes nothing",
        ("POST", "/v1/hooks/{address}"): "it takes a signature instead: tests/abuse/hooks",
        ("POST", "/v1/projects/{project_id}/policies:check"): "it changes nothing",
        ("POST", "/v1/organizations/{organization_id}/policies:check"): "it changes nothing",
        ("POST", "/v1/projects/{project_id}/policies:simulate"): "it changes nothing",
        ("POST", "/v1/projects/{project_id}/decisions:verify"): "it changes nothing",
        ("POST", "/v1/environments/{environment}/proposals:evaluate"): "it changes nothing",
        ("POST", "/graphql"): "each mutation takes a key of its own: tests/abuse/graphql",
        ("POST", "/v1/invitations:accept"): "it takes an identity provider: tests/api/identity",
        ("POST", "/v1/secrets/rotations"): "it takes the operator's credential: tests/api/secrets",
        ("POST", "/v1/sessions:logout"): "it takes a browser's session: tests/api/identity",
    }
)
"""Mutating methods that are not walked here, each with the reason."""


def mutating_routes(app: FastAPI) -> Iterator[Route]:
    """Yield every route of an app that may change something."""
    for route in iter_route_contexts(app.routes):
        template = str(getattr(route, "path_format", None) or getattr(route, "path", None))
        for method in sorted(getattr(route, "methods", None) or ()):
            if method not in {"GET", "HEAD", "OPTIONS"}:
                yield method, template
