# Say which roles count: those of the membership, then those that a tenant's rules derive.
#
# A tenant maps what its identity provider claims to roles; nobody becomes an owner by a claim.
package plangate

derived contains role if {
	some found in mapping
	is_set(found)
	some role in found
	is_string(role)
	role != "owner"
	not role in input.principal.roles
}

# Those of the membership stay as the credential has them, with their order.
roles := array.concat(input.principal.roles, [role | some role in derived])

# The action names a role that the principal has: that is enough for its risk, too.
role_named if {
	some role in roles
	role in input.action.permission.roles
}

roles_text := concat(", ", roles) if count(roles) > 0

roles_text := "none" if count(roles) == 0
