# Say what this desk wants besides.
package tenant.project

import rego.v1

import data.tenant.organization

deny contains {"message": "a plan that only merges", "remedy": "merge first, then refund"} if {
	input.action.name == "ticket.merge"
	some action in input.plan.actions
	startswith(action, "ticket.refund")
}

deny contains {"message": "somebody of finance", "remedy": "ask finance"} if {
	input.action.name == "ticket.escalate"
	input.inputs.team == "finance"
	held := organization.roles
	not "finance" in held
}

obligations contains {"kind": "cap_cost", "units": 10} if {
	input.action.name == "customer.erase"
}
