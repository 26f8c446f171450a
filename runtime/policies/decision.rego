# Answer the one question that the platform asks: may this step run, and what does it take?
#
# There is no default. What is undefined here has no answer, and no answer denies.
package plangate

decision := {
	"allow": count(denials) == 0,
	"denials": denials,
	"obligations": obligations,
	"roles": roles,
} if {
	well_formed
}

denials := array.concat(
	[denial | some denial in role_denials],
	array.concat(
		[denial | some denial in risk_denials],
		[denial | some denial in tenant_denials],
	),
)

obligations := array.concat(shipped_obligations, tenant_obligations) if count(denials) == 0

obligations := [] if count(denials) > 0
