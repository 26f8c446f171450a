"""Hold organizations that ask for more than the shipped rules do: good, odd and broken ones.

Whatever they do, evaluators have to say the same of it.
"""

from __future__ import annotations

from typing import Final

from runtime.domain.policy_unit import PolicyModule


def _organization(text: str) -> tuple[PolicyModule, ...]:
    return (
        PolicyModule(
            path="organization/rules.rego",
            text=f"package tenant.organization\n\nimport rego.v1\n\n{text}",
        ),
    )


def _project(text: str) -> tuple[PolicyModule, ...]:
    return (
        PolicyModule(
            path="project/rules.rego", text=f"package tenant.project\n\nimport rego.v1\n\n{text}"
        ),
    )


CUSTOMERS: Final[dict[str, tuple[PolicyModule, ...]]] = {
    "amount": _organization("""
limits := {"ticket.refund": 100, "Budget.move": 1000}

deny contains {"message": message, "remedy": "ask for less"} if {
	limit := limits[input.action.name]
	amount := input.inputs.amount
	is_number(amount)
	amount > limit
	message := sprintf("at most %v, not %v", [limit, amount])
}

deny contains {"message": "an amount is a number", "remedy": "send a number"} if {
	not is_number(object.get(input.inputs, "amount", 0))
}
"""),
    "hours": _organization("""
weekend if input.time.weekday in {5, 6}

night if not input.time.hour in numbers.range(7, 18)

deny contains {"message": concat(" ", ["closed on", input.time.date]), "remedy": "wait"} if {
	weekend
	not input.action.permission.urgent
}

deny contains {"message": "closed at night", "remedy": "wait"} if {
	night
	input.action.permission.risk != "low"
}
"""),
    "mapping": _organization("""
mapped := {"finance": "treasurer", "ops": "operator", "admins": "admin", "owners": "owner"}

roles contains role if {
	is_array(input.principal.claims.groups)
	some group in input.principal.claims.groups
	role := mapped[group]
}

roles contains role if {
	input.principal.claims.limit > 50
	role := lower(input.principal.claims.department)
}

deny contains {"message": "treasurers only", "remedy": "ask finance"} if {
	input.action.name == "Budget.move"
	not "treasurer" in roles
}
"""),
    "obligations": _organization("""
obligations contains {"kind": "confirm"} if input.project.environment == "production"

obligations contains {"kind": "approve", "count": 2, "role": "admin"} if input.inputs.amount >= 100

obligations contains {"kind": "approve", "count": 1} if "mail.send" in input.action.side_effects

obligations contains {"kind": "redact", "pointers": ["/note", "/items/0"]} if input.inputs.note

obligations contains {"kind": "cap_cost", "units": input.action.cost * 2} if input.action.cost > 0
"""),
    "project": (
        *_organization("""
ceiling := 500

deny contains {"message": "no heat on a Monday", "remedy": "wait"} if {
	input.action.name == "furnace.heat"
	input.time.weekday == 0
}
"""),
        *_project("""
import data.tenant.organization

deny contains {"message": "over half of the ceiling", "remedy": "ask for less"} if {
	input.inputs.amount > data.tenant.organization.ceiling / 2
}

deny contains {"message": "never on staging", "remedy": "use production"} if {
	input.project.environment == "staging"
	organization.ceiling > 100
}

obligations contains {"kind": "approve", "count": count(input.plan.actions)} if {
	input.plan.index == count(input.plan.actions) - 1
}

roles contains "treasurer" if input.principal.id == "usr_1"
"""),
    ),
    "texts": _organization("""
words := split(object.get(input.inputs, "note", ""), ",")

deny contains {"message": lower(word), "remedy": trim(word, " ")} if {
	some word in words
	regex.match(`^[a-z]+$`, word)
}

deny contains {"message": strings.reverse(note), "remedy": substring(note, 0, 3)} if {
	note := input.inputs.note
	not glob.match("*a*", [], note)
	strings.any_prefix_match([note], ["S", "日"])
}

deny contains {"message": replace(input.inputs.note, "%", "per cent"), "remedy": "x"} if {
	contains(input.inputs.note, "%")
}

deny contains {"message": concat(", ", kinds), "remedy": sprintf("%d", [count(items)])} if {
	items := object.get(input.inputs, ["items"], [])
	kinds := [type_name(one) | some one in items]
	count(items) > 2
	every item in items { not is_null(item) }
}
"""),
    "functions": _organization("""
default share(_, _) := 0

share(amount, total) := amount / total if {
	is_number(amount)
	total > 0
}

level := "high" if {
	share(input.inputs.amount, 1000) > 0.5
} else := "middle" if {
	share(input.inputs.amount, 1000) > 0.05
} else := "low"

deny contains {"message": sprintf("level %s", [level]), "remedy": "less"} if level == "high"

obligations contains {"kind": "approve", "count": max({1, min({5, hundreds})})} if {
	level == "middle"
	hundreds := ceil(abs(input.inputs.amount) / 100)
}
"""),
    "deny_of_texts": _organization("""
deny contains "just no" if input.inputs.amount > 99
"""),
    "deny_of_odd_members": _organization("""
deny contains {"message": input.inputs.amount, "remedy": "x"} if input.inputs.amount

deny contains {"message": "more", "remedy": "x", "allow": true} if input.time.hour > 12

deny contains {"message": "no remedy"} if input.time.weekday == 3
"""),
    "deny_is_true": _organization("""
deny if input.inputs.amount > 99
"""),
    "deny_is_one": _organization("""
deny := {"message": "one object", "remedy": "x"} if input.inputs.amount > 99
"""),
    "deny_is_list": _organization("""
deny := [{"message": "in a list", "remedy": "x"}] if input.inputs.amount > 99
"""),
    "unknown_obligation": _organization("""
obligations contains {"kind": "dance"} if input.action.permission.risk == "high"

obligations contains "confirm" if input.time.weekday == 2

obligations contains {"kind": "approve", "count": input.inputs.amount} if input.time.weekday == 4
"""),
    "odd_roles": _organization("""
roles contains 7 if input.time.weekday == 1

roles contains ["admin"] if input.time.weekday == 2

roles contains input.principal.claims.department

roles contains null if input.time.weekday == 3
"""),
    "roles_are_a_list": _organization("""
roles := ["admin", "operator"] if input.principal.claims.limit
"""),
    "failing": _organization("""
deny contains {"message": "too much", "remedy": "less"} if count(input.inputs.amount) > 1

deny contains {"message": "a text", "remedy": "less"} if startswith(input.inputs.amount, "a")

deny contains {"message": "odd share", "remedy": "less"} if 100 / input.inputs.amount > 50
"""),
    "contradicting": _organization("""
level := 1 if input.inputs.amount > 50

level := 2 if input.inputs.amount > 100

deny contains {"message": "level", "remedy": "less"} if level > 1
"""),
    "defaults": _organization("""
default trusted := false

trusted if input.principal.claims["https://claims.test/level"]

deny contains {"message": "not trusted", "remedy": "log in"} if {
	not trusted
	input.action.permission.risk == "high"
}

obligations contains {"kind": "confirm"} if not trusted
"""),
}
"""Modules of organizations and their projects, by what they are about."""
