# Build inputs for the tests beside this file, which change what matters to them.
package plangate_test

given := {
	"principal": {
		"id": "person",
		"organization": "org",
		"roles": ["admin"],
		"grant": "assisted",
		"claims": {},
	},
	"project": {"id": "project", "environment": "production"},
	"action": {
		"id": "ticket.refund@2",
		"name": "ticket.refund",
		"version": 2,
		"targets": ["ticket"],
		"may_change": ["/ticket/refunded"],
		"permission": {
			"risk": "low",
			"confirmation": false,
			"approvals": 0,
			"roles": [],
			"visibility": "user",
			"urgent": false,
		},
		"cost": 1,
		"side_effects": [],
	},
	"inputs": {"amount": 5},
	"plan": {"index": 0, "actions": ["ticket.refund@2"]},
	"time": {"date": "2026-01-05", "weekday": 0, "hour": 9, "minute": 30},
}

# The answer to the input with other parts; parts that are not named stay.
permission(parts) := object.union(given, {"action": {"permission": parts}})

held(roles) := object.union(given, {"principal": {"roles": roles}})

codes(denials) := [denial.code | some denial in denials]
