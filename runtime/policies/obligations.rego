# Say what an allowed step still takes: people first, then whatever a tenant's rules add.
package plangate

confirmed if input.action.permission.confirmation

confirmed if input.action.permission.risk == "high"

confirmations := [{"kind": "confirm"} | confirmed]

approvals := [{"kind": "approve", "count": count_needed} |
	count_needed := input.action.permission.approvals
	count_needed > 0
]

shipped_obligations := array.concat(confirmations, approvals)

# Ordered by members that all have: how engines order objects of different members is their own.
tenant_obligations := [place[5] |
	some place in sort([
	[
		obligation.kind,
		object.get(obligation, "count", 1),
		object.get(obligation, "role", ""),
		object.get(obligation, "units", 0),
		object.get(obligation, "pointers", []),
		obligation,
	] |
		some found in demanding
		some obligation in found
		not obligation in shipped_obligations
	])
]
