# Show that rules of tenants tighten, and that an answer of another shape denies.
package plangate_test

test_both_levels_may_deny if {
	denials := data.plangate.decision.denials with input as given
		with data.tenant.organization.deny as {{"message": "not on a Monday", "remedy": "wait"}}
		with data.tenant.project.deny as {{"message": "not here", "remedy": "ask"}}
	denials == [
		{"code": "policy_denied", "message": "not here", "remedy": "ask"},
		{"code": "policy_denied", "message": "not on a Monday", "remedy": "wait"},
	]
}

test_their_denials_come_after_ours if {
	denials := data.plangate.decision.denials with input as held([])
		with data.tenant.organization.deny as {{"message": "a", "remedy": "b"}}
	codes(denials) == ["risk_too_high", "policy_denied"]
}

test_empty_answers_add_nothing if {
	empty := {"deny": set(), "obligations": set(), "roles": set()}
	decision := data.plangate.decision with input as given
		with data.tenant as {"organization": empty, "project": empty}
	decision == {"allow": true, "denials": [], "obligations": [], "roles": ["admin"]}
}

test_a_misshapen_answer_denies_whole_and_says_where if {
	cases := {
		"deny": "{message, remedy}",
		"obligations": "{kind, ...}",
		"roles": "names",
	}
	every name, expected in cases {
		every level in ["organization", "project"] {
			every wrong in [null, false, true, 7, "text", [], {}] {
				decision := data.plangate.decision with input as given
					with data.tenant as {level: {name: wrong}}
				decision.allow == false
				decision.denials == [{
					"code": "policy_denied",
					"message": sprintf(
						"an answer of another shape: tenant.%s.%s, expected a set of %s",
						[level, name, expected],
					),
					"remedy": "ask whoever keeps these rules to mend them",
				}]
			}
		}
	}
}

test_a_misshapen_denial_denies_whatever_else_is_said if {
	cases := [
		"text",
		7,
		null,
		["message", "remedy"],
		{"message": "m"},
		{"remedy": "r"},
		{"message": "m", "remedy": 7},
		{"message": 7, "remedy": "r"},
		{"message": "m", "remedy": "r", "code": "allowed"},
	]
	every wrong in cases {
		denials := data.plangate.decision.denials with input as given
			with data.tenant.organization.deny as {wrong, {"message": "m", "remedy": "r"}}
		codes(denials) == ["policy_denied"]
		contains(denials[0].message, "tenant.organization.deny")
	}
}

test_a_misshapen_obligation_denies if {
	cases := ["confirm", 7, null, {}, {"kind": "confess"}, {"kind": null}, ["confirm"], {"role": "confirm"}]
	every wrong in cases {
		denials := data.plangate.decision.denials with input as given
			with data.tenant.project.obligations as {wrong, {"kind": "confirm"}}
		codes(denials) == ["policy_denied"]
		contains(denials[0].message, "tenant.project.obligations")
	}
}
