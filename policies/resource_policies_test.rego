package terraform.resource_policies_test

import rego.v1

import data.terraform.fixtures
import data.terraform.resource_policies

denied(change) := found if {
	found := fixtures.ids(resource_policies.deny) with input as fixtures.plan([change])
}

warned(change) := found if {
	found := fixtures.ids(resource_policies.warn) with input as fixtures.plan([change])
}

bucket(extra) := fixtures.document("aws_s3_bucket_policy", "policy", with_(
	{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::data-lake", "arn:aws:s3:::data-lake/*"]},
	extra,
))

with_(statement, extra) := object.union(object.remove(statement, object.keys(extra)), extra)

without(statement, key, extra) := object.union(object.remove(statement, [key]), extra)

locked := {"CARE-LOCK-001"}

test_everybody_is_locked_out if {
	denied(bucket({})) == locked
	denied(bucket({"Action": "*"})) == locked
	denied(bucket({"Action": ["s3:PutBucketPolicy"]})) == locked
	denied(bucket({"Action": "s3:Delete*"})) == locked
	denied(bucket({"Principal": {"AWS": ["*"]}})) == locked
	denied(bucket({"Principal": {"AWS": "111111111111"}})) == locked
	denied(bucket({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}})) == locked
	denied(bucket({"Resource": "*"})) == locked
	denied(bucket({"Resource": "arn:aws:s3:::data*"})) == locked
	denied(bucket({"Action": null, "NotAction": "s3:GetObject"})) == locked
	denied(bucket({"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::222222222222:role/x"}})) == locked
}

test_a_deny_that_spares_somebody_or_something if {
	denied(bucket({"Effect": "Allow"})) == set()
	denied(bucket({"Action": "s3:DeleteObject"})) == set()
	denied(bucket({"Action": null, "NotAction": ["s3:*BucketPolicy", "s3:GetObject"]})) == set()
	denied(bucket({"Resource": "arn:aws:s3:::data-lake/*"})) == set()
	denied(bucket({"Principal": {"AWS": "arn:aws:iam::222222222222:root"}})) == set()
	denied(bucket({"Principal": null, "NotPrincipal": {"AWS": "arn:aws:iam::111111111111:role/admin"}})) == set()
}

test_conditions_that_spare_us if {
	every condition in [
		{"Bool": {"aws:SecureTransport": "false"}},
		{"StringNotEquals": {"aws:PrincipalAccount": "111111111111"}},
		{"StringNotEquals": {"aws:PrincipalAccount": ["111111111111", "222222222222"]}},
		{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/admin"}},
		{"StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
		{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
		{"Null": {"aws:PrincipalArn": "true"}},
	] {
		denied(bucket({"Condition": condition})) == set()
	}
}

test_conditions_that_hold_for_us if {
	every condition in [
		{"Bool": {"aws:SecureTransport": "true"}},
		{"Bool": {"aws:SecureTransport": ["true", "false"]}},
		{"StringNotEquals": {"aws:PrincipalAccount": "222222222222"}},
		{"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
		{"StringLike": {"aws:PrincipalArn": "*"}},
		{"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/admin"}},
		{"Null": {"aws:PrincipalArn": "false"}},
		{},
	] {
		denied(bucket({"Condition": condition})) == locked
	}
}

everybody(action) := {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}

test_other_resources if {
	denied(fixtures.document("aws_sqs_queue_policy", "policy", everybody("sqs:*"))) == locked
	denied(fixtures.document("aws_sns_topic_policy", "policy", everybody("sns:SetTopicAttributes"))) == locked
	denied(fixtures.document("aws_iam_role", "assume_role_policy", everybody("sts:AssumeRole"))) == locked
	denied(fixtures.document("aws_secretsmanager_secret_policy", "policy", everybody("*"))) == locked
	denied(fixtures.document("aws_sqs_queue_policy", "policy", everybody("sqs:ReceiveMessage"))) == set()
	denied(fixtures.document("aws_iam_policy", "policy", object.remove(everybody("*"), ["Principal"]))) == set()
}

root := {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "kms:*", "Resource": "*"}

key(statements) := fixtures.document("aws_kms_key", "policy", statements)

test_keys_that_somebody_administers if {
	denied(key([root])) == set()
	denied(key([with_(root, {"Principal": {"AWS": "111111111111"}})])) == set()
	denied(key([with_(root, {"Principal": {"AWS": "arn:aws:iam::111111111111:role/admin"}, "Action": ["kms:Put*"]})])) == set()
	denied(key([with_(root, {"Principal": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "111111111111"}}})])) == set()
	denied(fixtures.create("aws_kms_key", {"policy": null})) == set()
}

test_keys_that_nobody_administers if {
	nobody := {"CARE-LOCK-002"}
	denied(key([with_(root, {"Action": "kms:Decrypt"})])) == nobody
	denied(key([with_(root, {"Principal": {"AWS": "arn:aws:iam::222222222222:root"}})])) == nobody
	denied(key([with_(root, {"Principal": {"Service": "logs.amazonaws.com"}})])) == nobody
	denied(key([with_(root, {"Condition": {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}})])) == nobody
	denied(key([with_(root, {"Effect": "Deny"})])) == nobody | locked
	denied(key([])) == nobody
}

test_an_account_that_is_not_known if {
	nameless := object.remove(fixtures.plan([key([root])]), ["variables"])
	fixtures.ids(resource_policies.deny) == set() with input as nameless
}

test_the_check_of_aws if {
	denied(fixtures.create("aws_kms_key", {"bypass_policy_lockout_safety_check": true})) == {"CARE-LOCK-003"}
	denied(fixtures.create("aws_kms_key", {"bypass_policy_lockout_safety_check": false})) == set()
}

queue(extra) := fixtures.document("aws_sqs_queue", "policy", with_(
	{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/app"}, "Action": "sqs:SendMessage", "Resource": "*"},
	extra,
))

test_everything_at_once if {
	denied(queue({"Action": "*"})) == {"CARE-DOC-001"}
	denied(queue({"Action": ["sqs:SendMessage", "*:*"]})) == {"CARE-DOC-001"}
	warned(queue({"Action": "sqs:*"})) == {"CARE-DOC-002"}
	warned(queue({"Action": "sqs:*", "Principal": {"Service": "sns.amazonaws.com"}})) == {"CARE-DOC-002"}
	warned(queue({})) == set()
	warned(queue({"Action": "sqs:*", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}})) == set()
	denied(queue({"Action": "*", "Principal": {"AWS": "111111111111"}})) == set()
	warned(fixtures.document("aws_iam_role_policy", "policy", {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})) == set()
	warned(key([root])) == set()
}

permission(action, principal) := fixtures.create("aws_lambda_permission", {"action": action, "principal": principal})

test_permissions_for_everything if {
	denied(permission("*", "arn:aws:iam::111111111111:role/app")) == {"CARE-DOC-001"}
	warned(permission("lambda:*", "events.amazonaws.com")) == {"CARE-DOC-002"}
	warned(permission("lambda:*", "111111111111")) == set()
	warned(permission("lambda:InvokeFunction", "events.amazonaws.com")) == set()
}
