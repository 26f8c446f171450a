# Say why a step may not run, with a stable code, what was expected and what would mend it.
package plangate

# Who may take a risk; a role that is not listed, such as viewer, takes none.
able := {
	"low": {"operator", "admin", "owner"},
	"medium": {"operator", "admin", "owner"},
	"high": {"admin", "owner"},
}

role_denials contains {"code": "role_missing", "message": message, "remedy": remedy} if {
	named := input.action.permission.roles
	count(named) > 0
	not role_named
	message := sprintf(
		"one of the roles %s; the principal has %s",
		[concat(", ", named), roles_text],
	)
	remedy := sprintf("ask somebody with the role %s", [concat(" or ", named)])
}

risk_denials contains {"code": "risk_too_high", "message": message, "remedy": remedy} if {
	risk := input.action.permission.risk
	not role_named
	not risk_taken
	message := sprintf("a role that may take %s risk; the principal has %s", [risk, roles_text])
	remedy := sprintf("ask somebody with the role %s", [concat(" or ", able[risk])])
}

risk_taken if {
	some role in roles
	role in able[input.action.permission.risk]
}

tenant_denials contains object.union({"code": "policy_denied"}, denial) if {
	some found in denying
	all_tell_why(found)
	some denial in found
}

tenant_denials contains {"code": "policy_denied", "message": message, "remedy": remedy} if {
	some problem in misshapen
	message := sprintf("an answer of another shape: %s", [problem])
	remedy := "ask whoever keeps these rules to mend them"
}
