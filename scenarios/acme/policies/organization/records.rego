# Say what no record may show: what is mailed to customers, and why they get money back.
package tenant.organization

import rego.v1

obligations contains {"kind": "redact", "pointers": ["/body"]} if {
	input.action.name == "ticket.reply"
}

obligations contains {"kind": "redact", "pointers": ["/reason"]} if {
	input.action.name == "ticket.refund_large"
}
