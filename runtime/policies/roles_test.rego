# Show which roles count.
package plangate_test

test_roles_of_the_membership_stay_as_they_are if {
	roles := data.plangate.decision.roles with input as held(["viewer", "admin", "viewer"])
	roles == ["viewer", "admin", "viewer"]
}

test_derived_roles_come_after_those_of_the_membership if {
	roles := data.plangate.decision.roles with input as held(["viewer"])
		with data.tenant.organization.roles as {"operator", "viewer", "agent"}
		with data.tenant.project.roles as {"night"}
	roles == ["viewer", "agent", "night", "operator"]
}

test_nobody_becomes_an_owner if {
	every level in ["organization", "project"] {
		roles := data.plangate.decision.roles with input as held(["viewer"])
			with data.tenant as {level: {"roles": {"owner", "agent"}}}
		roles == ["viewer", "agent"]
	}
}

test_an_owner_stays_one if {
	roles := data.plangate.decision.roles with input as held(["owner"])
		with data.tenant.organization.roles as {"owner"}
	roles == ["owner"]
}

test_a_derived_role_counts_for_risk if {
	data.plangate.decision.allow == true with input as held([])
		with data.tenant.organization.roles as {"operator"}
}

test_a_derived_role_counts_as_one_that_is_required if {
	asked := object.union(permission({"roles": ["night"], "risk": "high"}), {"principal": {"roles": []}})
	data.plangate.decision.allow == true with input as asked
		with data.tenant.project.roles as {"night"}
}

test_a_role_that_is_no_text_denies_and_is_not_held if {
	every level in ["organization", "project"] {
		decision := data.plangate.decision with input as held(["admin"])
			with data.tenant as {level: {"roles": {"agent", 7}}}
		codes(decision.denials) == ["policy_denied"]
		decision.roles == ["admin", "agent"]
		contains(decision.denials[0].message, sprintf("tenant.%s.roles, expected", [level]))
	}
}

test_roles_that_are_no_set_deny_and_are_not_held if {
	every wrong in [null, false, true, 7, "agent", ["agent"], {"agent": "agent"}] {
		decision := data.plangate.decision with input as held(["admin"])
			with data.tenant.organization.roles as wrong
		codes(decision.denials) == ["policy_denied"]
		decision.roles == ["admin"]
	}
}
