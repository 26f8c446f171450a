"""What engines answer differently is refused, and what means the same is not."""

from __future__ import annotations

import pytest

from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule

HEAD = "package tenant.organization\n\nimport rego.v1\n\n"
DENIAL = 'deny contains {"message": "m", "remedy": "r"} if '


def problems(*rules: str) -> tuple[str, ...]:
    """Look at a module of these rules."""
    module = PolicyModule(path="a.rego", text=HEAD + "\n\n".join(rules) + "\n")
    return module_problems([module], level=PolicyLevel.ORGANIZATION)


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("not input.inputs.amount > 5", id="a comparison"),
        pytest.param('not startswith(input.inputs.note, "a")', id="a builtin"),
        pytest.param("not input.principal.claims.level in {1, 2}", id="a membership"),
        pytest.param('not limits[input.inputs.kind] == "x"', id="a computed member"),
        pytest.param("not limits[input.inputs.kind]", id="a member computed from the input"),
        pytest.param("not maybe > 5", id="a rule that may have no value"),
        pytest.param("not data.tenant.organization.maybe > 5", id="the same by its full name"),
        pytest.param("not count(\n\t\tinput.inputs.list\n\t) > 5", id="over several lines"),
    ],
)
def test_what_may_be_missing_behind_not_is_refused(condition: str) -> None:
    """One engine says true, the other nothing."""
    found = problems(
        "maybe := 7 if input.inputs.more", 'limits := {"a": "x"}', f"{DENIAL}{{\n\t{condition}\n}}"
    )

    assert found
    assert all("behind not" in problem for problem in found)


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("not input.inputs.vip", id="one reference"),
        pytest.param("not trusted", id="a rule"),
        pytest.param("some x in [1]\n\tnot known[x]", id="a bound member"),
        pytest.param("amount := input.inputs.amount\n\tnot amount > 5", id="bound before"),
        pytest.param('not "finance" in input.principal.roles', id="what is always there"),
        pytest.param("not input.time.weekday > 4", id="the time"),
        pytest.param("not count(known) > 3", id="a set, which always has a value"),
        pytest.param("not usual > 3", id="a rule with a default"),
        pytest.param('not "a" in words', id="a constant"),
        pytest.param("not trusted; input.inputs.amount > 5", id="another expression behind it"),
        pytest.param("not trusted\n\tinput.inputs.amount > 5", id="another one below it"),
        pytest.param("count([1 | not trusted]) > input.inputs.amount", id="in a comprehension"),
    ],
)
def test_what_is_there_or_stands_alone_is_not(condition: str) -> None:
    """It means the same to both."""
    found = problems(
        "trusted if input.inputs.vip",
        "known contains 1",
        'words := {"a", "b"}',
        "default usual := 1\n\nusual := 2 if input.inputs.vip",
        f"{DENIAL}{{\n\t{condition}\n}}",
    )

    assert found == ()


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            'deny contains {"message": names[g], "remedy": "r"} if some g in input.inputs.g',
            id="a member behind contains",
        ),
        pytest.param(
            'deny contains {"message": input.inputs.why, "remedy": "r"} if some g in [1]',
            id="a part of the input",
        ),
        pytest.param(
            'deny contains {"message": named(g), "remedy": "r"} if some g in input.inputs.g',
            id="a function of theirs",
        ),
        pytest.param("seen[g] := names[g] if some g in input.inputs.g", id="a value"),
        pytest.param("seen[input.inputs.g] := 1 if names[_]", id="a key"),
    ],
)
def test_what_may_be_missing_in_a_head_is_refused(rule: str) -> None:
    """One engine loses the other turns of the loop with it, denials included."""
    found = problems('names := {"a": "x"}', "named(g) := names[g]", rule)

    assert found
    assert all("in the head of a rule" in problem for problem in found)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            'deny contains {"message": m, "remedy": "r"} if {\n\tsome g in input.inputs.g\n'
            '\tm := sprintf("%v", [g])\n}',
            id="bound in the body",
        ),
        pytest.param(
            'deny contains {"message": sprintf("%s", [g]), "remedy": "r"} if some g in ["a"]',
            id="a builtin of what is bound",
        ),
        pytest.param("limit := names.a", id="no body"),
        pytest.param("limit := names.a if names.b", id="no loop"),
        pytest.param("limit(g) := names[g] if g", id="a function"),
        pytest.param(
            'obligations contains {"kind": "cap_cost", "units": 3}',
            id="nothing that could be missing",
        ),
        pytest.param(
            "roles contains input.principal.id if input.inputs.g", id="what is always there"
        ),
    ],
)
def test_a_head_of_what_is_there_is_not(rule: str) -> None:
    """It can't be missing in a turn."""
    assert problems('names := {"a": "x"}', rule) == ()
