# Grants at their edges: what belongs together, and what managed policies are.
package terraform.grants_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.grants

denied(changes) := found if {
	found := fixtures.ids(grants.deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(grants.warn) with input as fixtures.plan(changes)
}

iam(statement) := denied([fixtures.document("aws_iam_role_policy", "policy", statement)])

may(action, resource) := iam({"Effect": "Allow", "Action": action, "Resource": resource})

test_lists_in_messages if {
	grants.some_of(["a", "b", "c"]) == "a, b, c"
	grants.some_of(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
}

test_a_resources_own_policy_is_no_grant if {
	statement := {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": "111111111111"}}
	denied([fixtures.document("aws_sqs_queue", "policy", statement)]) == set()
}

test_one_danger_is_enough if may("ecr-public:*", "*") == {"ACC-IAM-002"}

test_everything_that_no_service_is if {
	service := concat("", ["?" | some _ in numbers.range(1, 60)])
	may(sprintf("%s*", [service]), "*") == {"ACC-IAM-001"}
}

# ---------------------------------------------------------------- passing roles

pass(resource, condition) := {"Effect": "Allow", "Action": "iam:PassRole", "Resource": resource, "Condition": condition}

to_lambda := {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}

start := {"Effect": "Allow", "Action": "lambda:CreateFunction", "Resource": "*"}

one := "arn:aws:iam::111111111111:role/app"

test_passing_and_starting if {
	iam([pass("*", to_lambda), start]) == {"ACC-IAM-012"}
	iam([pass("*", to_lambda)]) == set()
	iam([pass(one, to_lambda), start]) == set()
	iam([pass("*", {"StringEquals": {"aws:x": "lambda.amazonaws.com"}}), start]) == {"ACC-IAM-005"}
	iam([pass(one, {}), object.union(pass("*", to_lambda), {"Action": "iam:GetRole"}), start]) == set()
}

role(name, statements) := object.union(
	fixtures.document("aws_iam_role_policy", "policy", statements),
	{"address": sprintf("aws_iam_role_policy.%s", [name])},
)

test_passing_and_starting_in_two_roles if {
	denied([role("a", [pass("*", to_lambda)]), role("b", [pass(one, {}), start])]) == set()
	plan := fixtures.plan([role("a", [pass("*", to_lambda), start]), role("b", [pass(one, {})])])
	addresses := {finding.address | some finding in grants.deny with input as plan}
	addresses == {"aws_iam_role_policy.a"}
}

# ---------------------------------------------------------------- a Deny beside it

denying(part) := object.union({"Effect": "Deny", "Resource": "*"}, part)

beside(action, part) := iam([{"Effect": "Allow", "Action": action, "Resource": "*"}, denying(part)])

test_everything_without_its_dangers if {
	beside("*", {"NotAction": "s3:ListBucket"}) == set()
	beside("*", {"NotAction": ["s3:ListBucket", "sqs:ListQueues"]}) == set()
	iam([{"Effect": "Allow", "Action": "*", "Resource": "*"}, denying({"NotAction": "s3:ListBucket"}), denying({"Action": "sqs:*"})]) == set()
}

test_everything_with_one_danger if {
	every danger in ["iam:PassRole", "s3:GetObject", "secretsmanager:GetSecretValue"] {
		beside("*", {"NotAction": danger}) == {"ACC-IAM-001"}
	}
	beside("*", {"Action": "iam:*"}) == {"ACC-IAM-001"}
	beside("*", {"NotAction": "s3:ListBucket", "Resource": "arn:aws:s3:::app-data"}) == {"ACC-IAM-001"}
}

test_dangers_that_are_taken_back if {
	one := "secretsmanager:GetSecretValue"
	all := [one, "secretsmanager:BatchGetSecretValue"]
	beside("secretsmanager:*GetSecretValue", {"Action": one}) == {"ACC-IAM-009"}
	beside("secretsmanager:*GetSecretValue", {"Action": all}) == set()
	beside("iam:Pass*", {"Action": "iam:PassRole"}) == set()
	beside("iam:Pass*", {"Action": "iam:GetRole"}) == {"ACC-IAM-005"}
}

# ---------------------------------------------------------------- managed policies

arn(name) := sprintf("arn:aws:iam::aws:policy/%s", [name])

attach(kind, attribute, value) := [fixtures.create(kind, {attribute: value})]

role_with(name) := attach("aws_iam_role_policy_attachment", "policy_arn", arn(name))

test_every_attribute_that_attaches if {
	denied(attach("aws_any", "policy_arn", arn("AmazonSSMFullAccess"))) == {"ACC-IAM-003"}
	denied(attach("aws_any", "policy_arns", [arn("AmazonSSMFullAccess")])) == {"ACC-IAM-003"}
	denied(attach("aws_any", "managed_policy_arn", arn("AmazonSSMFullAccess"))) == {"ACC-IAM-003"}
	denied(attach("aws_any", "managed_policy_arns", [arn("AmazonSSMFullAccess")])) == {"ACC-IAM-003"}
	denied(attach("google_any", "policy_arn", arn("AmazonSSMFullAccess"))) == set()
	denied(attach("aws_any", "policy_arns", [7])) == set()
}

test_policies_of_ones_own_are_not_awss if {
	denied(attach("aws_any", "policy_arn", "arn:aws:iam::111111111111:policy/AdministratorAccess")) == set()
	denied(attach("aws_any", "policy_arn", sprintf("x%s", [arn("AdministratorAccess")]))) == set()
}

test_managed_policies_without_grave_rights if {
	every name in ["AIDevOpsAgentReadOnlyAccess", "NoSuchPolicy", "AWSAuditManagerServiceRolePolicy"] {
		denied(role_with(name)) == set()
	}
}

test_what_services_want if {
	denied(role_with("service-role/AWSBatchServiceRole")) == set()
	warned(role_with("service-role/AWSBatchServiceRole")) == {"ACC-IAM-018"}
	warned(role_with("service-role/NoSuchPolicy")) == {"ACC-IAM-016"}
	warned(role_with("service-role/AWSAuditManagerServiceRolePolicy")) == {"ACC-IAM-015"}
	warned(role_with("AmazonSSMFullAccess")) == set()
}

test_usual_and_unwanted if {
	fixtures.ids(grants.warn) == set() with input as fixtures.plan(role_with("AmazonSSMFullAccess"))
		with data.settings.access.usual_managed_policies as ["AmazonSSMFullAccess"]
		with data.settings.access.denied_managed_policies as ["AmazonSSMFullAccess"]
}
