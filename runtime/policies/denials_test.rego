# Show who may take which risk, and how a denial reads.
package plangate_test

test_a_role_takes_the_risk_up_to_its_ceiling if {
	able := {
		"low": {"operator", "admin", "owner"},
		"medium": {"operator", "admin", "owner"},
		"high": {"admin", "owner"},
	}
	every risk, roles in able {
		roles == {role |
			some role in ["viewer", "operator", "admin", "owner", "developer", ""]
			data.plangate.decision.allow with input as object.union(
				permission({"risk": risk}),
				{"principal": {"roles": [role]}},
			)
		}
	}
}

test_the_highest_of_several_roles_counts if {
	every roles in [["viewer", "admin"], ["admin", "viewer"], ["viewer", "operator", "owner"]] {
		data.plangate.decision.allow == true with input as object.union(
			permission({"risk": "high"}),
			{"principal": {"roles": roles}},
		)
	}
}

test_a_risk_too_high_reads_so if {
	expected := {
		"low": "ask somebody with the role admin or operator or owner",
		"medium": "ask somebody with the role admin or operator or owner",
		"high": "ask somebody with the role admin or owner",
	}
	every risk, remedy in expected {
		denials := data.plangate.decision.denials with input as object.union(
			permission({"risk": risk}),
			{"principal": {"roles": ["viewer", "guest"]}},
		)
		denials == [{
			"code": "risk_too_high",
			"message": sprintf("a role that may take %s risk; the principal has viewer, guest", [risk]),
			"remedy": remedy,
		}]
	}
}

test_somebody_without_roles_reads_so if {
	denials := data.plangate.decision.denials with input as held([])
	denials[0].message == "a role that may take low risk; the principal has none"
}

test_a_missing_role_reads_so_and_comes_first if {
	denials := data.plangate.decision.denials with input as object.union(
		permission({"roles": ["nurse", "doctor"], "risk": "high"}),
		{"principal": {"roles": ["viewer"]}},
	)
	denials == [
		{
			"code": "role_missing",
			"message": "one of the roles nurse, doctor; the principal has viewer",
			"remedy": "ask somebody with the role nurse or doctor",
		},
		{
			"code": "risk_too_high",
			"message": "a role that may take high risk; the principal has viewer",
			"remedy": "ask somebody with the role admin or owner",
		},
	]
}

test_a_ceiling_is_not_enough_where_a_role_is_required if {
	denials := data.plangate.decision.denials with input as permission({"roles": ["nurse"]})
	codes(denials) == ["role_missing"]
}

test_a_required_role_takes_any_risk if {
	data.plangate.decision.allow == true with input as object.union(
		permission({"roles": ["doctor", "nurse"], "risk": "high"}),
		{"principal": {"roles": ["viewer", "nurse"]}},
	)
}

test_a_denied_step_has_no_obligations if {
	decision := data.plangate.decision with input as object.union(
		permission({"confirmation": true, "approvals": 2}),
		{"principal": {"roles": []}},
	)
		with data.tenant.organization.obligations as {{"kind": "confirm"}}
	decision.allow == false
	decision.obligations == []
}
