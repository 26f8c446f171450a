# Show what the rules of the organization say.
package tenant.organization_test

import rego.v1

asked(name, inputs, weekday) := {
	"principal": {"claims": {"department": "support"}},
	"action": {"name": name},
	"inputs": inputs,
	"time": {"weekday": weekday},
}

test_finance_is_who_works_there if {
	data.tenant.organization.roles == {"finance"} with input as {"principal": {"claims": {"department": "finance"}}}
	data.tenant.organization.roles == set() with input as {"principal": {"claims": {}}}
}

test_no_money_leaves_on_a_weekend if {
	count(data.tenant.organization.deny) == 1 with input as asked("ticket.refund", {"amount_cents": 1}, 5)
	count(data.tenant.organization.deny) == 1 with input as asked("ticket.refund_large", {"amount_cents": 1}, 6)
	count(data.tenant.organization.deny) == 0 with input as asked("ticket.refund", {"amount_cents": 1}, 4)
	count(data.tenant.organization.deny) == 0 with input as asked("ticket.reply", {}, 6)
}

test_a_colleague_agrees_above_thirty if {
	agreed := {"kind": "approve", "count": 1}
	data.tenant.organization.obligations == {agreed} with input as asked("ticket.refund", {"amount_cents": 3001}, 0)
	data.tenant.organization.obligations == set() with input as asked("ticket.refund", {"amount_cents": 3000}, 0)
}

test_two_of_finance_agree_above_five_hundred if {
	agreed := {"kind": "approve", "count": 2, "role": "finance"}
	hidden := {"kind": "redact", "pointers": ["/reason"]}
	large := "ticket.refund_large"
	data.tenant.organization.obligations == {agreed, hidden} with input as asked(large, {"amount_cents": 50001}, 0)
	data.tenant.organization.obligations == {hidden} with input as asked(large, {"amount_cents": 50000}, 0)
}

test_a_tier_is_confirmed if {
	data.tenant.organization.obligations == {{"kind": "confirm"}} with input as asked("customer.set_tier", {}, 0)
}

test_mails_are_not_shown if {
	hidden := {"kind": "redact", "pointers": ["/body"]}
	data.tenant.organization.obligations == {hidden} with input as asked("ticket.reply", {}, 0)
}
