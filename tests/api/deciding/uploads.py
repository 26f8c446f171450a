"""Upload rules over the API."""

from __future__ import annotations

from runtime.kit.json_value import JsonObject
from tests.api.execution.conftest import Api


def modules(level: str, *rules: str) -> list[JsonObject]:
    """Build a module of these rules, with a test that passes."""
    text = f"package tenant.{level}\n\nimport rego.v1\n\n" + "\n\n".join(rules) + "\n"
    test = f"package tenant.{level}_test\n\nimport rego.v1\n\ntest_there_is_one if true\n"
    return [{"path": "rules.rego", "text": text}, {"path": "rules_test.rego", "text": test}]


def denial(*conditions: str, message: str = "small steps only") -> str:
    """Spell a rule that denies when all of this holds."""
    body = "".join(f"\t{condition}\n" for condition in conditions)
    return f'deny contains {{"message": "{message}", "remedy": "take less"}} if {{\n{body}}}'


LARGE = denial("input.inputs.by > 5")


async def activated(api: Api, *rules: str, project: str | None = None) -> None:
    """Let rules hold in the organization, or in a project."""
    level = "organization" if project is None else "project"
    answered = await api.call(
        "POST",
        await policies_path(api, project=project),
        {"modules": modules(level, *rules), "note": "as told", "activate": True},
    )
    assert answered.status == 201, answered.json


async def policies_path(api: Api, *, project: str | None = None) -> str:
    """Return where the rules of the organization or a project are."""
    if project is not None:
        return f"/v1/projects/{project}/policies"
    return f"/v1/organizations/{await organization_of(api)}/policies"


async def organization_of(api: Api) -> str:
    """Return the caller's organization."""
    found: str = (await api.call("GET", "/v1/me")).json["organization"]["id"]
    return found
