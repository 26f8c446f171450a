# Say when money may leave, and who has to agree.
package tenant.organization

import rego.v1

# Who works in finance is known to the identity provider.
roles contains "finance" if input.principal.claims.department == "finance"

deny contains {"message": "a day from Monday to Friday", "remedy": "refund on Monday"} if {
	pays_out
	input.time.weekday > 4
}

obligations contains {"kind": "approve", "count": 1} if {
	input.action.name == "ticket.refund"
	input.inputs.amount_cents > 3000
}

obligations contains {"kind": "approve", "count": 2, "role": "finance"} if {
	input.action.name == "ticket.refund_large"
	input.inputs.amount_cents > 50000
}

obligations contains {"kind": "confirm"} if input.action.name == "customer.set_tier"

pays_out if input.action.name in {"ticket.refund", "ticket.refund_large"}
