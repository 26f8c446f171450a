# Say whether the input is the document that the rules were written for.
#
# Nothing is decided about any other: `decision` stays undefined, and silence denies. Each field is
# asked for by its type, because `not` turns a missing one into a yes. Members of the input that no
# rule of a unit reads are left out of it (so that equal questions are one), hence only those that
# the shipped rules themselves read are asked for here.
package plangate

well_formed if {
	principal_known
	action_known
	permission_known
}

principal_known if {
	is_string(input.principal.id)
	is_string(input.principal.organization)
	is_string(input.principal.grant)
	is_object(input.principal.claims)
	is_array(input.principal.roles)
	every role in input.principal.roles { is_string(role) }
}

action_known if {
	is_string(input.action.id)
	is_string(input.action.name)
	is_number(input.action.version)
	is_number(input.action.cost)
	is_array(input.action.targets)
	is_array(input.action.may_change)
	is_array(input.action.side_effects)
}

permission_known if {
	able[input.action.permission.risk]
	is_boolean(input.action.permission.confirmation)
	is_number(input.action.permission.approvals)
	input.action.permission.approvals >= 0
	is_string(input.action.permission.visibility)
	is_boolean(input.action.permission.urgent)
	is_array(input.action.permission.roles)
	every role in input.action.permission.roles { is_string(role) }
}
