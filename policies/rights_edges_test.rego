# What comes close to a dangerous right, and is none.
package terraform.rights_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.rights

denied(statement) := found if {
	change := fixtures.document("aws_iam_role_policy", "policy", statement)
	found := fixtures.ids(rights.deny) with input as fixtures.plan([change])
}

warnings(statement) := found if {
	change := fixtures.document("aws_iam_role_policy", "policy", statement)
	found := {finding.msg | some finding in rights.warn} with input as fixtures.plan([change])
}

allow(action, resource) := {"Effect": "Allow", "Action": action, "Resource": resource}

oneself := "arn:aws:iam::*:user/${aws:username}"

test_every_name_of_oneself if {
	every row in [
		[oneself, {"ACC-IAM-020"}],
		["arn:aws:iam::111111111111:user/x-${aws:userid}", {"ACC-IAM-020"}],
		["arn:aws:iam::111111111111:user/${aws:PrincipalTag/user}", {"ACC-IAM-020"}],
		["arn:aws:iam::111111111111:user/somebody", set()],
		["arn:aws:iam::${aws:PrincipalAccount}:user/somebody", set()],
	] {
		denied(allow("iam:PutUserPolicy", row[0])) == row[1]
	}
}

test_every_action_has_a_rule_of_its_own if {
	every action in ["*", "*:*"] {
		denied(allow(action, oneself)) == set()
		warnings(allow(action, "*")) == set()
	}
}

test_rights_of_oneself_that_a_deny_takes_back if {
	dangerous := ["iam:PutUserPolicy", "iam:AttachUserPolicy", "iam:DetachUserPolicy", "iam:DeleteUserPolicy"]
	deny := {"Effect": "Deny", "Action": dangerous, "Resource": "*"}
	denied([allow("iam:*UserPolicy", oneself), deny]) == set()
	denied([allow("iam:*UserPolicy", oneself), object.union(deny, {"Action": array.slice(dangerous, 1, 4)})]) == {"ACC-IAM-020"}
}

reads(action, key) := object.union(allow(action, "*"), {"Condition": {"StringEquals": {key: "x"}}})

test_which_tags_bind if {
	every row in [
		["aws:ResourceTag/team", {"ACC-IAM-021"}],
		["secretsmanager:ResourceTag/team", {"ACC-IAM-021"}],
		["aws:RequestTag/team", set()],
		["aws:PrincipalTag/my:ResourceTag/team", set()],
		["aws:SourceVpc", set()],
	] {
		denied([reads("secretsmanager:GetSecretValue", row[0]), allow("secretsmanager:TagResource", "*")]) == row[1]
	}
}

test_tags_that_bind_to_nothing_dangerous if {
	denied([reads("logs:PutLogEvents", "aws:ResourceTag/team"), allow("logs:TagResource", "*")]) == set()
}

test_rights_that_set_no_tag_that_binds if {
	denied(allow("tag:TagResources", "*")) == set()
	denied([reads("secretsmanager:GetSecretValue", "aws:ResourceTag/team"), allow("secretsmanager:ListSecrets", "*")]) == set()
}

test_a_service_without_actions_that_tag if {
	denied([reads("codebuild:StartBuild", "aws:ResourceTag/team"), allow("codebuild:*", "*")]) == set()
}

test_harm_and_what_has_no_harm_to_do if {
	# The harm is on one bucket, another right of the same service on everything.
	warnings([allow("s3:DeleteObject", "arn:aws:s3:::data-lake/*"), allow("s3:ListAllMyBuckets", "*")]) == set()
	# DynamoDB's tables are data; Glue's are descriptions of them.
	warnings(allow("glue:DeleteTable", "*")) == set()
	warnings(allow("dynamodb:DescribeTable", "*")) == set()
}

test_three_examples_of_harm if {
	warnings(allow("dynamodb:*", "*")) == {concat(" ", [
		"A statement allows dynamodb:* for everything:",
		"dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:DeleteTable.",
	])}
}
