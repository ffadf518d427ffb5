# Rights over principals at their edges: who just looks like a holder, and names that only begin like others.
package terraform.principals_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.principals
import data.terraform.principals_test

allow(action, resource) := principals_test.allow(action, resource)

arn(name) := principals_test.arn(name)

judged(changes) := principals_test.judged(changes, {})

owner(kind, name) := principals_test.owner(kind, name)

policy(name, statement) := principals_test.policy("/", name, statement)

role := owner("role", "app")

own_right := allow("iam:PutRolePolicy", arn("role/app"))

test_what_stops_a_change_and_what_is_only_told if {
	plan := fixtures.plan([role, principals_test.inline("role", "app", [
		own_right,
		allow("iam:PutRolePolicy", arn("role/*-admin")),
		allow("iam:PutRolePolicy", arn("role/admin")),
	])])
	denied := principals.deny with input as plan
	{[finding.id, finding.severity, finding.value] | some finding in denied} == {
		["ACC-IAM-023", "critical", "iam:putrolepolicy"],
		["ACC-IAM-024", "high", "role/*-admin"],
	}
	warned := principals.warn with input as plan
	{[finding.id, finding.severity, finding.value] | some finding in warned} == {["ACC-IAM-025", "medium", "role/admin"]}
}

# ---------------------------------------------------------------- who holds a statement

test_only_a_holder_changes_himself if {
	every row in [
		["a policy of the role's name", policy("app", own_right), set()],
		[
			"something of the role's that is no policy of it",
			fixtures.create("aws_any", {"role": "app", "policy": json.marshal({"Statement": own_right})}),
			set(),
		],
		["the role's policy", principals_test.inline("role", "app", own_right), {"ACC-IAM-023"}],
	] {
		judged([role, row[1]]) == row[2]
	}
}

test_a_user_is_no_role_of_that_name if {
	attached := fixtures.create("aws_iam_role_policy_attachment", {"role": "app", "policy_arn": arn("policy/own")})
	every row in [["role", {"ACC-IAM-023"}], ["user", set()], ["group", set()]] {
		statement := allow(principals_test.put[row[0]], arn(concat("/", [row[0], "app"])))
		judged([role, owner("user", "app"), owner("group", "app"), policy("own", statement), attached]) == row[1]
	}
}

# A plan that somebody else has made up: what is no text is nobody's name, and all the others are judged.
test_names_that_are_no_texts if {
	every odd in [7, true, null, {"name": "app"}, ["app"]] {
		attached := fixtures.create("aws_iam_policy_attachment", {"roles": [odd, "app"], "policy_arn": [odd, arn("policy/own")]})
		judged([role, policy("own", own_right), attached]) == {"ACC-IAM-023"}
		judged([role, policy("own", own_right), fixtures.create("aws_iam_policy_attachment", {"roles": [odd], "policy_arn": arn("policy/own")})]) == set()
	}
}

# A name that AWS completes is known by how it begins; one that AWS makes up nobody has written into a statement.
test_names_that_are_not_known_yet if {
	begun := fixtures.vague("aws_iam_role", {"name_prefix": "App-", "path": "/team/"}, {"name": true})
	named := object.union(begun, {"change": {"after": {"name": "app-2"}}})
	nameless := fixtures.vague("aws_iam_role", {"path": "/team/"}, {"name": true})
	every row in [
		[begun, "role/team/app-*", {"ACC-IAM-023", "ACC-IAM-025"}],
		[begun, "role/team/a*", {"ACC-IAM-023", "ACC-IAM-025"}],
		[begun, "role/team/api-*", {"ACC-IAM-024"}],
		[named, "role/team/app-2", {"ACC-IAM-023"}],
		[named, "role/team/app-", {"ACC-IAM-025"}],
		[nameless, "role/team/null", {"ACC-IAM-025"}],
		[nameless, "role/null", {"ACC-IAM-025"}],
	] {
		judged([row[0], principals_test.new_policy({}, allow("iam:PutRolePolicy", arn(row[1])))]) == row[2]
	}
}

# A policy whose name is not known is found by the reference to it.
test_a_nameless_policy_that_is_attached if {
	document := json.marshal({"Statement": own_right})
	nameless := fixtures.vague("aws_iam_policy", {"policy": document}, {"name": true, "arn": true})
	judged([role, nameless, fixtures.vague("aws_iam_role_policy_attachment", {"role": "app"}, {"policy_arn": true})]) == {"ACC-IAM-023"}
	judged([role, nameless, fixtures.create("aws_iam_role_policy_attachment", {"role": "app", "policy_arn": arn("policy/null")})]) == set()
}

# ---------------------------------------------------------------- lists of policies

# What keeps a principal's policies to a list attaches those on the list, and so did a role itself for a long time.
lists := {
	"aws_iam_group_policy_attachments_exclusive": ["group", "group_name", "policy_arns"],
	"aws_iam_role": ["role", "name", "managed_policy_arns"],
	"aws_iam_role_policy_attachments_exclusive": ["role", "role_name", "policy_arns"],
	"aws_iam_user_policy_attachments_exclusive": ["user", "user_name", "policy_arns"],
}

test_policies_of_a_list if {
	every type, row_ in lists {
		[kind, name, attribute] := row_
		own_policy := policy("own", allow(principals_test.put[kind], arn(concat("/", [kind, "app"]))))
		every row in [
			["app", [arn("policy/x"), arn("policy/own")], {"ACC-IAM-023"}],
			["other", [arn("policy/own")], set()],
			["app", [arn("policy/x")], set()],
			["app", [], set()],
			["app", null, set()],
		] {
			judged([owner(kind, "app"), own_policy, fixtures.create(type, {name: row[0], attribute: row[1]})]) == row[2]
		}
	}
}

test_new_policies_of_a_list if {
	every type, row_ in lists {
		[kind, name, attribute] := row_
		own_policy := policy("own", allow(principals_test.put[kind], arn(concat("/", [kind, "app"]))))
		every unknown in [true, [true], [false, true]] {
			list := fixtures.vague(type, {name: "app", attribute: []}, {attribute: unknown})
			every row in [["aws_iam_policy.this", {"ACC-IAM-023"}], ["aws_iam_policy.other", set()]] {
				more := principals_test.refers([[type, "this", attribute, [concat(".", [row[0], "arn"]), row[0]]]])
				principals_test.judged([owner(kind, "app"), own_policy, list], more) == row[1]
			}
		}
		every known in [false, {}, {attribute: false}, {attribute: []}, {attribute: [false]}, {"id": true, "arn": true}] {
			list := fixtures.vague(type, {name: "app", attribute: []}, known)
			judged([owner(kind, "app"), own_policy, list]) == set()
		}
	}
}

# Where nobody has written a list, the provider tells after apply what is attached; all roles of the plan are alike in that.
test_a_role_without_a_list_has_no_policy if {
	role_ := fixtures.vague("aws_iam_role", {"name": "app"}, {"managed_policy_arns": true, "arn": true})
	judged([role_, policy("own", own_right)]) == set()
	principals_test.judged([role_, policy("own", own_right)], principals_test.refers([])) == set()
}

# ---------------------------------------------------------------- references

keyed(key) := object.union(role, {"index": key})

# Terraform writes what an expression refers to with all of its beginnings.
test_a_role_by_its_key if {
	one := object.remove(principals_test.new_policy({}, own_right), ["index"])
	every row in [
		["a", [`aws_iam_role.this["a"].id`, `aws_iam_role.this["a"]`, "aws_iam_role.this"], {"ACC-IAM-023"}],
		["b", [`aws_iam_role.this["a"].id`, `aws_iam_role.this["a"]`, "aws_iam_role.this"], set()],
		["a.b[c]/d", [`aws_iam_role.this["a.b[c]/d"].id`, "aws_iam_role.this"], {"ACC-IAM-023"}],
		[1, ["aws_iam_role.this[1].id", "aws_iam_role.this[1]", "aws_iam_role.this"], {"ACC-IAM-023"}],
		[0, ["aws_iam_role.this[1].id", "aws_iam_role.this[1]", "aws_iam_role.this"], set()],
		[12, ["aws_iam_role.this[12].id", "aws_iam_role.this"], {"ACC-IAM-023"}],
		["a", [`aws_iam_role.other["a"].id`, "aws_iam_role.other"], set()],
		["a", [`aws_iam_user.this["a"].id`, "aws_iam_user.this"], set()],
		["a", [`aws_iam_role.this["b"]`, `aws_iam_role.this["a"]`, "aws_iam_role.this"], {"ACC-IAM-023"}],
	] {
		principals_test.judged([keyed(row[0]), one], principals_test.refers([["aws_iam_role_policy", "this", "role", row[1]]])) == row[2]
	}
}

test_one_of_many_means_no_other if {
	many := principals_test.new_policy({}, own_right) # its own key is `x`
	every row in [
		["x", [`aws_iam_role.this["a"].id`, "aws_iam_role.this"], set()],
		["a", [`aws_iam_role.this["a"].id`, "aws_iam_role.this"], {"ACC-IAM-023"}],
		["x", [`aws_iam_role.this.tags["a"]`, "aws_iam_role.this"], {"ACC-IAM-023"}], # no key of the role's
		["x", [`aws_iam_role.this["\"a"].id`, "aws_iam_role.this"], {"ACC-IAM-023"}], # nor one that we can read
	] {
		principals_test.judged([keyed(row[0]), many], principals_test.refers([["aws_iam_role_policy", "this", "role", row[1]]])) == row[2]
	}
}

test_keys_that_begin_alike if {
	every row in [
		["x", "x/inline/1", {"ACC-IAM-023"}],
		["x/inline", "x/inline/1", {"ACC-IAM-023"}],
		["x/inline/1", "x/inline/1", {"ACC-IAM-023"}],
		["x/inline/1", "x/inline", set()],
		["inline", "x/inline", set()],
		["", "x/inline", set()],
	] {
		judged([keyed(row[0]), principals_test.new_policy({"index": row[1]}, own_right)]) == row[2]
	}
}

# ---------------------------------------------------------------- names of many

test_names_that_go_on if {
	every row in [
		["role/app-*", "app-api", {"ACC-IAM-025"}],
		["role/app-*", "app2", {"ACC-IAM-024"}],
		["role/app-*", "app", {"ACC-IAM-024"}],
		["role/a*-*", "app-api", {"ACC-IAM-024"}],
	] {
		principals_test.with_policy(allow("iam:PutRolePolicy", arn(row[0])), [owner("role", row[1])]) == row[2]
	}
}

test_rights_of_which_one_takes_more_than_the_role if {
	run := allow("ecs:RunTask", "*")
	principals_test.with_policy([allow("iam:Pass*", arn("role/cdk-*")), run], []) == {"ACC-IAM-025"}
	principals_test.with_policy([allow("iam:P*", arn("role/cdk-*")), run], []) == {"ACC-IAM-024"}
	principals_test.with_policy(allow("sts:AssumeRole", arn("role/*-cdk-*")), []) == {"ACC-IAM-024"}
}

# It may be passed to functions only, whatever else is said of services.
test_where_a_role_is_passed_to_is_said_by_one_key if {
	functions := {"iam:PassedToService": "lambda.amazonaws.com", "aws:RequestTag/to": "ecs-tasks.amazonaws.com"}
	pass := object.union(allow("iam:PassRole", arn("role/admin")), {"Condition": {"StringEquals": functions}})
	principals_test.with_policy([pass, allow("ecs:RunTask", "*")], []) == set()
	principals_test.with_policy([pass, allow("lambda:CreateFunction", "*")], []) == {"ACC-IAM-025"}
}
