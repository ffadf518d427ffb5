package terraform.principals_test

import rego.v1

import data.terraform.fixtures
import data.terraform.principals

allow(action, resource) := {"Effect": "Allow", "Action": action, "Resource": resource}

arn(name) := concat("", ["arn:aws:iam::111111111111:", name])

judged(changes, more) := found if {
	found := fixtures.ids(data.terraform.principals.deny | data.terraform.principals.warn) with input as object.union(fixtures.plan(changes), more)
}

refers(rows) := {"configuration": {"root_module": {"resources": [resource |
	some [type, name, attribute, references] in rows
	resource := {"type": type, "name": name, "expressions": {attribute: {"references": references}}}
]}}}

# ---------------------------------------------------------------- oneself

put := {"role": "iam:PutRolePolicy", "user": "iam:PutUserPolicy", "group": "iam:PutGroupPolicy"}

owner(kind, name) := fixtures.create(concat("_", ["aws_iam", kind]), {"name": name})

inline(kind, name, statement) := fixtures.create(sprintf("aws_iam_%s_policy", [kind]), {kind: name, "policy": json.marshal({"Statement": statement})})

itself(name, statement) := judged([owner("role", "app"), inline("role", name, statement), owner("role", "other")], {})

test_a_role_that_changes_itself if {
	every action in ["iam:PutRolePolicy", "iam:Attach*", "iam:*", "IAM:DeleteRolePermissionsBoundary", "iam:DetachRolePolicy"] {
		itself("app", allow(action, arn("role/App"))) == {"ACC-IAM-023"}
	}
	itself("app", allow("iam:PutRolePolicy", "arn:aws:iam::*:role/a?p")) == {"ACC-IAM-023", "ACC-IAM-024"}
	every statement in [
		allow("iam:PutRolePolicy", arn("role/other")),
		allow("iam:PutRolePolicy", arn("user/app")),
		allow("iam:PutRolePolicy", "*"),
		allow("iam:PutRolePolicy", arn("role/*")),
		allow("*", arn("role/app")),
		allow("iam:GetRole", arn("role/app")),
		allow("iam:UpdateAssumeRolePolicy", arn("role/app")),
	] {
		itself("app", statement) == set()
	}
	bounded := {"Condition": {"StringEquals": {"iam:PermissionsBoundary": arn("policy/b")}}}
	itself("app", object.union(allow("iam:PutRolePolicy", arn("role/app")), bounded)) == set()
	forbidden := {"Effect": "Deny", "Action": ["iam:PutRole*", "iam:*tachRolePolicy", "iam:DeleteRolePolicy"], "Resource": "*"}
	itself("app", [allow("iam:*RolePolicy", arn("role/app")), forbidden]) == set()
	itself("app", [allow("iam:*RolePolicy", arn("role/app")), object.union(forbidden, {"Action": "iam:PutRolePolicy"})]) == {"ACC-IAM-023"}
}

test_users_and_groups_that_change_themselves if {
	every kind, action in put {
		name := concat("/", [kind, "app"])
		judged([owner(kind, "app"), inline(kind, "app", allow(action, arn(name)))], {}) == {"ACC-IAM-023"}
		judged([owner(kind, "app"), inline(kind, "x", allow(action, arn(name)))], {}) == set()
	}
	judged([owner("user", "app"), inline("user", "app", allow("iam:CreateAccessKey", arn("user/app")))], {}) == set()
}

test_a_policy_that_is_its_own_to_change if {
	change := fixtures.create("aws_iam_policy", {"name": "app", "path": "/team/", "policy": json.marshal({"Statement": allow(
		"iam:CreatePolicyVersion",
		arn("policy/team/app"),
	)})})
	judged([change], {}) == {"ACC-IAM-023"}
}

role_in_path := fixtures.create("aws_iam_role", {"name": "app", "path": "/team/"})

own_right := allow("iam:PutRolePolicy", arn("role/team/app"))

new_policy(extra, statement) := object.union(
	fixtures.vague("aws_iam_role_policy", {"policy": json.marshal({"Statement": statement})}, {"role": true}),
	extra,
)

test_a_new_role_that_changes_itself if {
	every row in [
		[{}, {"ACC-IAM-023"}],
		[{"index": "x/inline"}, {"ACC-IAM-023"}],
		[{"index": "xy/inline"}, set()],
		[{"module_address": "module.a"}, set()],
		[{"change": {"after_unknown": {"role": false}}}, set()],
	] {
		judged([role_in_path, new_policy(row[0], own_right)], {}) == row[1]
	}
	judged([role_in_path, new_policy({}, allow("iam:PutRolePolicy", arn("role/app")))], {}) == {"ACC-IAM-025"}
	written := fixtures.create("aws_iam_role", {"name": "app", "inline_policy": [{"policy": json.marshal({"Statement": allow(
		"iam:PutRolePolicy",
		arn("role/app"),
	)})}]})
	judged([written], {}) == {"ACC-IAM-023"}
	known := inline("role", "app", own_right)
	judged([role_in_path, object.union(known, {"index": "z"})], {}) == {"ACC-IAM-023"}
}

test_whose_policy_it_is_by_reference if {
	every row in [
		[["aws_iam_role_policy", "this", "role", ["aws_iam_role.this[\"x\"].id", "aws_iam_role.this"]], {"ACC-IAM-023"}],
		[["aws_iam_role_policy", "this", "role", ["aws_iam_role.other[\"x\"].id", "aws_iam_role.other"]], set()],
		[["aws_iam_role_policy", "that", "role", ["aws_iam_role.other"]], {"ACC-IAM-023"}],
		[["aws_iam_user_policy", "this", "role", ["aws_iam_role.other"]], {"ACC-IAM-023"}],
		[["aws_iam_role_policy", "this", "policy", ["aws_iam_role.other"]], {"ACC-IAM-023"}],
		[["aws_iam_role_policy", "this", "role", ["aws_iam_roles.other"]], {"ACC-IAM-023"}],
		[["aws_iam_role_policy", "this", "role", ["local.role"]], {"ACC-IAM-023"}],
	] {
		judged([role_in_path, new_policy({}, own_right)], refers([row[0]])) == row[1]
	}
}

# One role for many policies has no key.
test_a_single_role_is_meant_by_reference_only if {
	single := object.remove(role_in_path, ["index"])
	judged([single, new_policy({}, own_right)], refers([["aws_iam_role_policy", "this", "role", ["aws_iam_role.this"]]])) == {"ACC-IAM-023"}
	judged([single, new_policy({}, own_right)], {}) == set()
	judged([single, object.remove(new_policy({}, own_right), ["index"])], {}) == {"ACC-IAM-023"}
	many := refers([["aws_iam_role_policy", "this", "role", ["aws_iam_role.this"]]])
	judged([object.union(role_in_path, {"index": "y"}), new_policy({}, own_right)], many) == set()
}

policy(path, name, statement) := fixtures.create("aws_iam_policy", {"path": path, "name": name, "policy": json.marshal({"Statement": statement})})

# A policy of its own, and what attaches it.
test_a_policy_that_is_attached if {
	every kind, action in put {
		name := concat("/", [kind, "app"])
		own_policy := policy("/team/", "own", allow(action, arn(name)))
		attached := sprintf("aws_iam_%s_policy_attachment", [kind])
		every row in [
			["app", arn("policy/team/Own"), {"ACC-IAM-023"}],
			["other", arn("policy/team/own"), set()],
			["app", arn("policy/own"), set()],
			["app", null, set()],
		] {
			judged([owner(kind, "app"), own_policy, fixtures.create(attached, {kind: row[0], "policy_arn": row[1]})], {}) == row[2]
			many := fixtures.create("aws_iam_policy_attachment", {concat("", [kind, "s"]): ["x", row[0]], "policy_arn": row[1]})
			judged([owner(kind, "app"), own_policy, many], {}) == row[2]
		}
		new := fixtures.vague(attached, {kind: "app"}, {"policy_arn": true})
		judged([owner(kind, "app"), own_policy, new], {}) == {"ACC-IAM-023"}
		judged([owner(kind, "app"), own_policy, new], refers([[attached, "this", "policy_arn", ["aws_iam_policy.this"]]])) == {"ACC-IAM-023"}
		judged([owner(kind, "app"), own_policy, new], refers([[attached, "this", "policy_arn", ["aws_iam_policy.other"]]])) == set()
		unnamed := fixtures.vague(attached, {}, {"policy_arn": true, kind: true})
		judged([owner(kind, "app"), own_policy, unnamed], {}) == {"ACC-IAM-023"}
	}
}

test_a_document_that_nobody_attaches if {
	attached := fixtures.create("aws_iam_role_policy_attachment", {"role": "app", "policy_arn": arn("policy/own")})
	judged([owner("role", "app"), policy("/", "own", own_right), attached], {}) == {"ACC-IAM-025"}
	queue := fixtures.create("aws_sqs_queue", {"name": "own", "policy": json.marshal({"Statement": allow("iam:PutRolePolicy", arn("role/app"))})})
	judged([owner("role", "app"), queue, attached], {}) == set()
}

# ---------------------------------------------------------------- others

with_policy(statement, changes) := judged(array.concat([policy("/", "p", statement)], changes), {})

over := {
	"role": ["iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy", "iam:Delete*Boundary", "sts:AssumeRole", "sts:Assume*", "iam:*"],
	"user": ["iam:PutUserPolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:UploadSSHPublicKey"],
	"group": ["iam:AddUserToGroup", "iam:AttachGroupPolicy"],
	"policy": ["iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"],
	"instance-profile": ["iam:AddRoleToInstanceProfile"],
	"oidc-provider": ["iam:AddClientIDToOpenIDConnectProvider"],
	"saml-provider": ["iam:UpdateSAMLProvider"],
}

test_rights_over_what_somebody_else_made if {
	every kind, actions in over {
		every action in actions {
			with_policy(allow(action, arn(concat("/", [kind, "admin"]))), []) == {"ACC-IAM-025"}
			with_policy(allow(action, arn(concat("/", [kind, "*-admin"]))), []) == {"ACC-IAM-024"}
		}
	}
	with_policy(allow("iam:PutUserPolicy", arn("role/admin")), []) == set()
	with_policy(allow("iam:GetRole", arn("role/admin")), []) == set()
	with_policy(allow("iam:DeleteRolePolicy", arn("role/admin")), []) == set()
}

test_rights_over_what_the_plan_makes if {
	every type in ["group", "instance_profile", "role", "saml_provider", "user"] {
		kind := replace(type, "_", "-")
		action := over[kind][0]
		with_policy(allow(action, arn(concat("/", [kind, "Team/app"]))), [fixtures.create(concat("_", ["aws_iam", type]), {"name": "App", "path": "/team/"})]) == set()
	}
	every url in ["https://Token.example.com/team", "token.example.com/Team"] {
		provider := fixtures.create("aws_iam_openid_connect_provider", {"url": url})
		with_policy(allow(over["oidc-provider"][0], arn("oidc-provider/token.example.com/team")), [provider]) == set()
		with_policy(allow(over["oidc-provider"][0], arn("oidc-provider/token.example.com")), [provider]) == {"ACC-IAM-025"}
	}
	made := [owner("role", "app")]
	with_policy(allow("iam:PutRolePolicy", "arn:aws:iam::*:role/app"), made) == set()
	with_policy(allow("sts:AssumeRole", "arn:aws:iam::999999999999:role/app"), made) == {"ACC-IAM-025"}
	with_policy(allow("iam:CreatePolicyVersion", arn("policy/other")), [policy("/", "other", allow("s3:GetObject", "arn:aws:s3:::x/*"))]) == set()
	with_policy(allow("iam:PutUserPolicy", arn("user/app")), made) == {"ACC-IAM-025"}
	gone := fixtures.change("aws_iam_role", ["delete"], null, {})
	with_policy(allow("iam:PutRolePolicy", arn("role/app")), [gone]) == {"ACC-IAM-025"}
}

test_families if {
	made := [owner("role", "orders-api")]
	every row in [
		["role/orders-*", {"ACC-IAM-025"}],
		["role/orders-api*", {"ACC-IAM-025"}],
		["role/orders-api-?", {"ACC-IAM-024"}],
		["role/*-role", {"ACC-IAM-024"}],
		["role/orders-*-role", {"ACC-IAM-024"}],
		["role/prod-*", {"ACC-IAM-024"}],
		["user/orders-*", {"ACC-IAM-024"}],
		["role/aws-service-role/x.amazonaws.com/*", set()],
		["role/not-aws-service-role/x.amazonaws.com/*", {"ACC-IAM-024"}],
	] {
		with_policy(allow(["iam:PutRolePolicy", "iam:PutUserPolicy"], arn(row[0])), made) == row[1]
	}
}

# Who assumes a role has to be trusted by it, and who passes one needs something to pass it to.
test_roles_that_are_taken if {
	every row in [
		["role/cdk-*", {"ACC-IAM-025"}],
		["role/*-role", {"ACC-IAM-024"}],
		["role/cdk-*-role", {"ACC-IAM-024"}],
	] {
		with_policy(allow("sts:AssumeRole", arn(row[0])), []) == row[1]
		with_policy(allow(["iam:PassRole", "ecs:RunTask"], arn(row[0])), []) == row[1]
		with_policy(allow(["sts:AssumeRole", "iam:PutRolePolicy"], arn(row[0])), []) - {"ACC-IAM-025"} == {"ACC-IAM-024"}
	}
}

test_patterns_that_cross_the_kind if {
	every row in [
		["*:role/admin", {"ACC-IAM-025"}],
		["arn:*:role/admin", {"ACC-IAM-025"}],
		["arn:aws:iam::*/admin", {"ACC-IAM-025"}],
		["*/admin", {"ACC-IAM-025"}],
		["*admin", {"ACC-IAM-024"}],
		[arn("*admin"), {"ACC-IAM-024"}],
		[arn("role*admin"), {"ACC-IAM-024"}],
		[arn("r?le/admin"), {"ACC-IAM-025"}],
		["arn:aws-cn:iam::111111111111:role/admin", {"ACC-IAM-025"}],
		["arn:aws:sts::111111111111:role/admin", set()],
		[arn("root"), set()],
		[arn("role"), set()],
		[arn("user*admin"), set()],
	] {
		with_policy(allow("iam:PutRolePolicy", row[0]), []) == row[1]
	}
}

test_oneself_is_nobody_else if {
	with_policy(allow("iam:CreateAccessKey", arn("user/${aws:username}")), []) == set()
	with_policy(allow("iam:CreateAccessKey", arn("user/${aws:userid}")), []) == set()
	with_policy(allow("iam:CreateAccessKey", arn("user/${aws:username}-admin")), []) == {"ACC-IAM-025"}
	with_policy(allow("iam:CreateAccessKey", arn("user/x-${aws:username}")), []) == {"ACC-IAM-025"}
}

test_everything_has_rules_of_its_own if {
	with_policy(allow("iam:PutRolePolicy", "*"), []) == set()
	with_policy(allow("iam:PutRolePolicy", arn("role/*")), []) == set()
	with_policy(allow("*", arn("role/admin")), []) == set()
}

conditioned(statement, operator, key, values) := object.union(statement, {"Condition": {operator: {key: values}}})

test_conditions_that_narrow if {
	statement := allow("iam:AttachRolePolicy", arn("role/admin"))
	with_policy(conditioned(statement, "ArnEquals", "iam:PolicyARN", arn("policy/logs")), []) == set()
	with_policy(conditioned(statement, "StringEquals", "aws:RequestedRegion", "us-east-1"), []) == {"ACC-IAM-025"}
}

test_a_deny_takes_back if {
	deny := {"Effect": "Deny", "Action": "iam:PutRolePolicy", "Resource": "*"}
	with_policy([allow("iam:P*tRolePolicy", arn("role/admin")), deny], []) == set()
	with_policy([allow("iam:*RolePolicy", arn("role/admin")), deny], []) == {"ACC-IAM-025"}
}

passing(service) := conditioned(allow("iam:PassRole", arn("role/admin")), "StringEquals", "iam:PassedToService", service)

test_roles_that_are_passed if {
	pass := allow("iam:PassRole", arn("role/admin"))
	run := allow("ecs:RunTask", "arn:aws:ecs:us-east-1:111111111111:task-definition/x:1")
	with_policy([pass, run], []) == {"ACC-IAM-025"}
	with_policy([allow("iam:P*", arn("role/admin")), allow("lambda:Create*", "*")], []) == {"ACC-IAM-025"}
	with_policy(pass, []) == set()
	with_policy([pass, allow("ecs:DescribeTasks", "*")], []) == set()
	with_policy([passing("ecs-tasks.amazonaws.com"), run], []) == {"ACC-IAM-025"}
	with_policy([passing("lambda.amazonaws.com"), run], []) == set()
	with_policy([conditioned(pass, "StringEquals", "iam:AssociatedResourceArn", "arn:aws:ecs:us-east-1:111111111111:x"), run], []) == set()
	with_policy([pass, run], [owner("role", "admin")]) == set()
	elsewhere := object.union(policy("/", "q", run), {"address": "aws_iam_policy.q"})
	with_policy(pass, [elsewhere]) == set()
}

test_what_is_said if {
	found := principals.deny | principals.warn with input as fixtures.plan([policy("/", "p", [
		allow(["iam:PutRolePolicy", "iam:AttachRolePolicy"], arn("role/Admin")),
		allow("sts:AssumeRole", arn("role/*-role")),
	])])
	{[finding.value, finding.msg] | some finding in found} == {
		["role/admin", "A statement allows iam:PutRolePolicy on role/admin, which the plan does not make: its holder gets those rights."],
		["role/admin", "A statement allows iam:AttachRolePolicy on role/admin, which the plan does not make: its holder gets those rights."],
		["role/*-role", "A statement allows sts:AssumeRole on role/*-role: its holder gets the rights of all that are called so."],
	}
}
