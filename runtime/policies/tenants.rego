# Gather what the rules of the organization and of the project add, and look at its shape.
#
# A level that says nothing has no member here. An answer of another shape than asked for denies:
# passed over, it would allow what its author meant to deny.
package plangate

denying["organization"] := data.tenant.organization.deny

denying["project"] := data.tenant.project.deny

demanding["organization"] := data.tenant.organization.obligations

demanding["project"] := data.tenant.project.obligations

mapping["organization"] := data.tenant.organization.roles

mapping["project"] := data.tenant.project.roles

misshapen contains sprintf("tenant.%s.deny, expected a set of {message, remedy}", [level]) if {
	some level, found in denying
	not all_tell_why(found)
}

misshapen contains sprintf("tenant.%s.obligations, expected a set of {kind, ...}", [level]) if {
	some level, found in demanding
	not all_known(found)
}

misshapen contains sprintf("tenant.%s.roles, expected a set of names", [level]) if {
	some level, found in mapping
	not all_names(found)
}

all_tell_why(found) if {
	is_set(found)
	every denial in found {
		is_object(denial)
		object.keys(denial) == {"message", "remedy"}
		is_string(denial.message)
		is_string(denial.remedy)
	}
}

all_known(found) if {
	is_set(found)
	every obligation in found {
		obligation.kind in {"confirm", "approve", "redact", "cap_cost", "eval_gate"}
	}
}

all_names(found) if {
	is_set(found)
	every role in found { is_string(role) }
}
