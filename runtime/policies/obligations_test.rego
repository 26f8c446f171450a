# Show what an allowed step still takes.
package plangate_test

test_a_low_risk_takes_nothing if {
	decision := data.plangate.decision with input as given
	decision == {"allow": true, "denials": [], "obligations": [], "roles": ["admin"]}
}

test_a_medium_risk_takes_nothing if {
	data.plangate.decision.obligations == [] with input as permission({"risk": "medium"})
}

test_a_high_risk_is_confirmed if {
	data.plangate.decision.obligations == [{"kind": "confirm"}] with input as permission({"risk": "high"})
}

test_an_action_may_ask_to_be_confirmed if {
	data.plangate.decision.obligations == [{"kind": "confirm"}] with input as permission({"confirmation": true})
}

test_an_action_may_ask_for_approvals if {
	obligations := data.plangate.decision.obligations with input as permission({"approvals": 1})
	obligations == [{"kind": "approve", "count": 1}]
}

test_a_confirmation_comes_before_approvals if {
	obligations := data.plangate.decision.obligations with input as permission({"risk": "high", "approvals": 3})
	obligations == [{"kind": "confirm"}, {"kind": "approve", "count": 3}]
}

test_both_levels_add_obligations_after_ours if {
	obligations := data.plangate.decision.obligations with input as permission({"confirmation": true})
		with data.tenant.organization.obligations as {
			{"kind": "redact", "pointers": ["/b"]},
			{"kind": "redact", "pointers": ["/a"]},
			{"kind": "cap_cost", "units": 5},
			{"kind": "cap_cost", "units": 4},
			{"kind": "confirm"},
		}
		with data.tenant.project.obligations as {
			{"kind": "approve", "count": 2, "role": "doctor"},
			{"kind": "approve", "count": 2, "role": "nurse"},
			{"kind": "approve", "role": "zebra"},
		}
	obligations == [
		{"kind": "confirm"},
		{"kind": "approve", "role": "zebra"},
		{"kind": "approve", "count": 2, "role": "doctor"},
		{"kind": "approve", "count": 2, "role": "nurse"},
		{"kind": "cap_cost", "units": 4},
		{"kind": "cap_cost", "units": 5},
		{"kind": "redact", "pointers": ["/a"]},
		{"kind": "redact", "pointers": ["/b"]},
	]
}

test_a_gate_may_be_asked_for if {
	obligations := data.plangate.decision.obligations with input as permission({"confirmation": true})
		with data.tenant.organization.obligations as {{"kind": "eval_gate"}}
	obligations == [{"kind": "confirm"}, {"kind": "eval_gate"}]
}

test_the_order_of_added_obligations_is_by_their_members if {
	ordered := [
		{"kind": "approve", "role": "a", "pointers": ["/b"]},
		{"kind": "approve", "role": "b", "pointers": ["/a"]},
		{"kind": "cap_cost", "pointers": ["/c"]},
		{"kind": "cap_cost", "units": 4, "pointers": ["/b"]},
		{"kind": "cap_cost", "units": 5, "pointers": ["/a"]},
		{"kind": "redact", "pointers": ["/a"]},
		{"kind": "redact", "pointers": ["/b"], "count": 1},
	]
	obligations := data.plangate.decision.obligations with input as given
		with data.tenant.project.obligations as {obligation | some obligation in ordered}
	obligations == ordered
}
