"""Hold the scope of modules: they move, they answer the same, and nothing leads out of it."""

from __future__ import annotations

import pytest
import regorus

from runtime.kit.rego_scope import may_name, scoped
from runtime.kit.rego_text import RegoTextError

SCOPE = ("scopes", "org_1", "prj_1")
MODULE = """# data.tenant in a comment stays
package tenant.project

import rego.v1

import data.plangate
import data.tenant.organization as org
import input.plan

names := {"data": "data.tenant.text", `data.tenant.raw`: data.tenant.organization.limit}

deny contains x if {
	some x in data["tenant"].organization.words
	not input.data.tenant
	plan.data.tenant == org[x].data.tenant
	plangate.allowed(data.plangate["x"]) with data.tenant.organization as {}
}
"""
MOVED = """# data.tenant in a comment stays
package scopes.org_1.prj_1.tenant.project

import rego.v1

import data.scopes.org_1.prj_1.plangate
import data.scopes.org_1.prj_1.tenant.organization as org
import input.plan

names := {"data": "data.tenant.text", `data.tenant.raw`: data.scopes.org_1.prj_1.tenant.organization.limit}

deny contains x if {
	some x in data.scopes.org_1.prj_1["tenant"].organization.words
	not input.data.tenant
	plan.data.tenant == org[x].data.tenant
	plangate.allowed(data.scopes.org_1.prj_1.plangate["x"]) with data.scopes.org_1.prj_1.tenant.organization as {}
}
"""  # noqa: E501  # as long as moving makes a line


def test_only_references_move() -> None:
    """Texts, comments, members and what comes in as input stay to the letter."""
    assert scoped(MODULE, scope=SCOPE) == MOVED


def test_modules_without_references_move_by_their_package() -> None:
    """The least that is a module."""
    assert scoped("package plangate", scope=("a",)) == "package a.plangate"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("x := data", "'data'", id="all data"),
        pytest.param("x := data[input.name]", "'data'", id="computed"),
        pytest.param('x := data["a-b"]', "'data'", id="a text that is no name"),
        pytest.param("x := data.scopes.org_2.base", "'data.scopes.org_2.base'", id="elsewhere"),
        pytest.param("import data.system", "'data.system'", id="an import from elsewhere"),
        pytest.param("import data", "'data'", id="an import of everything"),
        pytest.param("p if x with data.scopes as 1", "'data.scopes'", id="with"),
        pytest.param("p if { some data in [] }", "'data'", id="a local of that name"),
        pytest.param("x := $`{data.system}`", "template", id="a template"),
    ],
)
def test_what_leads_out_of_the_scope_is_refused(text: str, words: str) -> None:
    """A reference that is not seen through is not moved, so it is not taken."""
    with pytest.raises(RegoTextError, match="line 2") as caught:
        scoped(f"package tenant.project\n{text}\n", scope=SCOPE)

    assert words in caught.value.problem


@pytest.mark.parametrize(
    "package", ["system", "scopes.org_2.base.tenant", "data.tenant", "tenants"]
)
def test_a_foreign_package_is_refused(package: str) -> None:
    """A module stands where its package may stand."""
    with pytest.raises(RegoTextError, match="not below plangate or tenant"):
        scoped(f"package {package}\n", scope=SCOPE)


@pytest.mark.parametrize(
    "scope", [(), ("a", "b.c"), ("a-b",), ("",), ("1a",), ("a", "input"), ("é",), ("a\n",)]
)
def test_a_scope_is_made_of_plain_names(scope: tuple[str, ...]) -> None:
    """What needs quotes, or means something else, is no scope."""
    with pytest.raises(ValueError, match="scope"):
        scoped("package tenant\n", scope=scope)


def test_ids_may_name_a_scope() -> None:
    """Ids of organizations and projects do."""
    assert may_name("org_01KDVDNA000000000000000000")


def test_the_packages_that_move_may_be_others() -> None:
    """Whoever calls says which."""
    moved = scoped("package a\nx := data.b.c\n", scope=("s",), packages=("a", "b"))

    assert moved == "package s.a\nx := data.s.b.c\n"


POLICY = {
    "plangate.rego": """package plangate

import data.tenant.organization
import data.tenant.project as local

decision := {"limit": limit, "deny": deny, "words": words}

limit := min({organization.limit, local.limit})

deny := [d | some d in data.tenant.organization["deny"]]

words := {name: value | some name; value := data.tenant.project.words[name]}
""",
    "organization.rego": """package tenant.organization

limit := 10

deny contains "too much" if input.amount > limit

deny contains sprintf("%s data.tenant.x", [input.note]) if startswith(input.note, "no")
""",
    "project.rego": """package tenant.project

import data.tenant.organization as above

default limit := 7

limit := above.limit / 2 if input.half

words := {"data": above.limit, "tenant": "data.plangate.limit"}
""",
}


def answer(modules: dict[str, str], rule: str, spelled: str) -> str:
    """Return what modules say."""
    engine = regorus.Engine()
    for path, text in modules.items():
        engine.add_policy(path, text)
    engine.set_input_json(spelled)
    return str(engine.eval_rule_as_json(rule))


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param('{"amount": 11, "note": "no data"}', id="denied"),
        pytest.param('{"amount": 1, "note": "yes", "half": true}', id="allowed"),
        pytest.param('{"data": {"tenant": 1}}', id="undefined members"),
    ],
)
def test_moved_modules_say_the_same(spelled: str) -> None:
    """Also two tenants beside each other in one engine, each by its own rules."""
    # arrange
    other = {path: text.replace("10", "3") for path, text in POLICY.items()}
    both = {f"a/{path}": scoped(text, scope=("s", "a")) for path, text in POLICY.items()}
    both |= {f"b/{path}": scoped(text, scope=("s", "b")) for path, text in other.items()}

    # act, assert
    for name, modules in (("a", POLICY), ("b", other)):
        alone = answer(modules, "data.plangate.decision", spelled)
        assert answer(both, f"data.s.{name}.plangate.decision", spelled) == alone
        assert '"limit"' in alone
