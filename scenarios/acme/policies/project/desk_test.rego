# Show what the rules of the desk say.
package tenant.project_test

import rego.v1

asked(name, inputs, actions) := {
	"principal": {"claims": {}},
	"action": {"name": name},
	"inputs": inputs,
	"plan": {"index": 0, "actions": actions},
}

test_merging_and_paying_are_two_plans if {
	both := ["ticket.merge@1", "ticket.refund@1"]
	count(data.tenant.project.deny) == 1 with input as asked("ticket.merge", {}, both)
	count(data.tenant.project.deny) == 0 with input as asked("ticket.merge", {}, ["ticket.merge@1"])
}

test_only_finance_hands_over_to_finance if {
	moved := asked("ticket.escalate", {"team": "finance"}, ["ticket.escalate@1"])
	count(data.tenant.project.deny) == 1 with input as moved
	count(data.tenant.project.deny) == 0 with input as object.union(moved, {"inputs": {"team": "legal"}})
	count(data.tenant.project.deny) == 0 with input as object.union(moved, {"principal": {"claims": {"department": "finance"}}})
}

test_an_erasure_is_capped if {
	capped := {"kind": "cap_cost", "units": 10}
	data.tenant.project.obligations == {capped} with input as asked("customer.erase", {}, [])
}
