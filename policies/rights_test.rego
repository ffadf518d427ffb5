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
