package terraform.rights_test

import rego.v1

import data.terraform.fixtures
import data.terraform.rights

denied(statement) := found if {
	change := fixtures.document("aws_iam_role_policy", "policy", statement)
	found := fixtures.ids(rights.deny) with input as fixtures.plan([change])
}

warned(statement) := found if {
	change := fixtures.document("aws_iam_role_policy", "policy", statement)
	found := fixtures.ids(rights.warn) with input as fixtures.plan([change])
}

allow(action, resource) := {"Effect": "Allow", "Action": action, "Resource": resource}

test_rights_of_oneself if {
	oneself := "arn:aws:iam::*:user/${aws:username}"
	denied(allow("iam:PutUserPolicy", oneself)) == {"ACC-IAM-020"}
	denied(allow("iam:*UserPolicy", oneself)) == {"ACC-IAM-020"}
	denied(allow(["iam:CreateAccessKey", "iam:ChangePassword"], oneself)) == set()
	denied([allow("iam:*", oneself), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]) == set()
}

role(name, extra) := object.union(fixtures.create("aws_iam_role", {"name": name}), extra)

new_policy(extra, statement) := object.union(
	fixtures.vague("aws_iam_role_policy", {"policy": json.marshal({"Statement": statement})}, {"role": true}),
	extra,
)

judged(changes, more) := found if {
	found := fixtures.ids(rights.deny) with input as object.union(fixtures.plan(changes), more)
}

test_a_role_that_changes_itself if {
	every action in ["iam:PutRolePolicy", "iam:Attach*", "iam:*", "IAM:DeleteRolePermissionsBoundary"] {
		itself("app", allow(action, "arn:aws:iam::111111111111:role/App")) == {"ACC-IAM-023"}
	}
	itself("app", allow("iam:PutRolePolicy", "arn:aws:iam::*:role/a?p")) == {"ACC-IAM-023"}
	itself("app", allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/other")) == set()
	itself("app", allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:user/app")) == set()
	itself("app", allow("iam:PutRolePolicy", "*")) == set()
	itself("app", allow("*", "arn:aws:iam::111111111111:role/app")) == set()
	itself("app", allow("iam:GetRole", "arn:aws:iam::111111111111:role/app")) == set()
	bounded := {"Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111111111111:policy/b"}}}
	itself("app", object.union(allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/app"), bounded)) == set()
	forbidden := [allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/app"), {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]
	itself("app", forbidden) == set()
}

itself(name, statement) := found if {
	policy := fixtures.create("aws_iam_role_policy", {"role": name, "policy": json.marshal({"Statement": statement})})
	found := judged([policy], {})
}

test_a_new_role_that_changes_itself if {
	in_path := role("app", {"change": {"after": {"path": "/team/"}}})
	own := allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/team/app")
	judged([in_path, new_policy({}, own)], {}) == {"ACC-IAM-023"}
	judged([in_path, new_policy({"index": "x/inline"}, own)], {}) == {"ACC-IAM-023"}
	judged([in_path, new_policy({"index": "xy/inline"}, own)], {}) == set()
	judged([in_path, new_policy({"module_address": "module.a"}, own)], {}) == set()
	judged([in_path, new_policy({}, allow("iam:PutRolePolicy", "arn:aws:iam::111111111111:role/app"))], {}) == set()
	written := fixtures.create("aws_iam_role", {"name": "app", "inline_policy": [{"policy": json.marshal({"Statement": allow(
		"iam:PutRolePolicy",
		"arn:aws:iam::111111111111:role/app",
	)})}]})
	judged([written], {}) == {"ACC-IAM-023"}
	judged([in_path, new_policy({}, own)], refers("aws_iam_role.this")) == {"ACC-IAM-023"}
	judged([in_path, new_policy({}, own)], refers("aws_iam_role.other")) == set()
	known := fixtures.create("aws_iam_role_policy", {"role": "app", "policy": json.marshal({"Statement": own})})
	judged([in_path, object.union(known, {"index": "z"})], {}) == {"ACC-IAM-023"}
}

refers(name) := {"configuration": {"root_module": {"resources": [{
	"type": "aws_iam_role_policy",
	"name": "this",
	"expressions": {"role": {"references": [sprintf("%s[\"x\"].id", [name]), name]}},
}]}}}

test_tags_that_bind if {
	reads := object.union(allow("secretsmanager:GetSecretValue", "*"), {"Condition": {"StringEquals": {"aws:ResourceTag/team": "x"}}})
	denied([reads, allow("secretsmanager:TagResource", "*")]) == {"ACC-IAM-021"}
	denied([reads, allow("tag:TagResources", "*")]) == {"ACC-IAM-021"}
	denied([reads, allow("s3:PutObjectTagging", "*")]) == set()
	denied([reads, allow("secretsmanager:TagResource", "arn:aws:secretsmanager:us-east-1:111111111111:secret:app/x")]) == set()
}

test_harm_to_everything if {
	warned(allow("s3:DeleteObject", "arn:aws:s3:::*/*")) == {"ACC-IAM-022"}
	warned(allow("dynamodb:DeleteTable", "*")) == {"ACC-IAM-022"}
	warned(allow("lambda:Invoke*", "*")) == {"ACC-IAM-022"}
	warned(allow("s3:DeleteObject", "arn:aws:s3:::data-lake/*")) == set()
	warned(allow("logs:PutLogEvents", "*")) == set()
	warned(allow("*", "*")) == set()
	all_but := {"Effect": "Deny", "NotAction": ["s3:DeleteBucket", "logs:PutLogEvents"], "Resource": "*"}
	warned([allow("*", "*"), all_but]) == {"ACC-IAM-022"}
	warned([allow("*", "*"), object.union(all_but, {"NotAction": "logs:PutLogEvents"})]) == set()
}
