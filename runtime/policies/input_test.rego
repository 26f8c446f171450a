# Show that no field may be missing, null or of another type: nothing is decided then.
package plangate_test

types := {
	["principal", "id"]: "string",
	["principal", "organization"]: "string",
	["principal", "roles"]: "array",
	["principal", "grant"]: "string",
	["principal", "claims"]: "object",
	["action", "id"]: "string",
	["action", "name"]: "string",
	["action", "version"]: "number",
	["action", "targets"]: "array",
	["action", "may_change"]: "array",
	["action", "cost"]: "number",
	["action", "side_effects"]: "array",
	["action", "permission", "risk"]: "string",
	["action", "permission", "confirmation"]: "boolean",
	["action", "permission", "approvals"]: "number",
	["action", "permission", "roles"]: "array",
	["action", "permission", "visibility"]: "string",
	["action", "permission", "urgent"]: "boolean",
}

without(path) := json.remove(given, [concat("/", path)])

nested(path, value) := {path[0]: {path[1]: value}} if count(path) == 2

nested(path, value) := {path[0]: {path[1]: {path[2]: value}}} if count(path) == 3

replaced(path, value) := object.union(without(path), nested(path, value))

test_the_given_input_is_answered if {
	data.plangate.decision.allow == true with input as given
}

# What no rule reads is left out of the input; who adds a field to these two parts adds it here.
test_every_field_of_the_parts_that_are_read_is_in_the_table if {
	texts_and_lists := {path |
		some part in ["principal", "action"]
		walk(given[part], [below, value])
		path := array.concat([part], below)
		not is_object(value)
		is_string(path[count(path) - 1])
	}
	{path | some path, _ in types} == texts_and_lists | {["principal", "claims"]}
}

test_parts_that_no_rule_reads_may_be_left_out if {
	every part in ["project", "inputs", "plan", "time"] {
		data.plangate.decision.allow == true with input as without([part])
	}
}

test_a_missing_field_has_no_answer if {
	every path, _ in types {
		not data.plangate.decision with input as without(path)
	}
}

test_a_field_of_another_type_has_no_answer if {
	every path, type in types {
		every wrong in [null, true, 7, "7", ["7"], {"7": "admin"}] {
			wrong_or_not(path, type, wrong)
		}
	}
}

wrong_or_not(_, type, wrong) if type_name(wrong) == type

wrong_or_not(path, _, wrong) if {
	not data.plangate.decision with input as replaced(path, wrong)
}

test_no_input_has_no_answer if {
	every wrong in [null, true, 7, "7", [], {}] {
		not data.plangate.decision with input as wrong
	}
}

test_a_role_that_is_no_text_has_no_answer if {
	not data.plangate.decision with input as held(["admin", 7])
	not data.plangate.decision with input as permission({"roles": ["admin", null]})
}

test_an_unknown_risk_has_no_answer if {
	not data.plangate.decision with input as permission({"risk": "extreme"})
}

test_fewer_than_no_approvals_have_no_answer if {
	not data.plangate.decision with input as permission({"approvals": -1})
}
