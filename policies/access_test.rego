package terraform.access_test

import rego.v1

import data.terraform.access
import data.terraform.fixtures

denied(change) := found if {
	found := fixtures.ids(access.deny) with input as fixtures.plan([change])
}

iam(statement) := denied(fixtures.document("aws_iam_role_policy", "policy", statement))

queue(statement) := denied(fixtures.document("aws_sqs_queue", "policy", statement))

allow(extra) := object.union({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}, extra)

# ---------------------------------------------------------------- documents

test_text_that_is_no_document if {
	denied(fixtures.create("aws_iam_role_policy", {"policy": "not JSON"})) == {"ACC-DOC-001"}
	denied(fixtures.create("aws_iam_role_policy", {"policy": "{\"Version\": \"2012-10-17\"}"})) == {"ACC-DOC-001"}
	denied(fixtures.create("aws_ecr_lifecycle_policy", {"policy": "{\"rules\": []}"})) == set()
}

test_statement_without_an_effect if {
	iam({"Action": "*", "Resource": "*"}) == {"ACC-DOC-003"}
	iam(allow({"Effect": "Allow "})) == {"ACC-DOC-003"}
	iam([[allow({"Action": "*"})]]) == {"ACC-DOC-003"}
}

test_document_in_a_block if {
	body := json.marshal({"Statement": allow({"Action": "*"})})
	denied(fixtures.create("aws_any", {"block": [{"deeper": {"text": body}}]})) == {"ACC-IAM-001"}
}

test_document_unknown if {
	denied(fixtures.vague("aws_s3_bucket_policy", {}, {"policy": true})) == {"ACC-DOC-002"}
	denied(fixtures.vague("aws_iam_role", {}, {"assume_role_policy": true})) == {"ACC-DOC-002"}
}

test_document_that_aws_fills_in if denied(fixtures.vague("aws_kms_key", {}, {"policy": true})) == set()

test_escaped_keys_are_read if {
	text := `{"\u0053tatement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	denied(fixtures.create("aws_iam_policy", {"policy": text})) == {"ACC-IAM-001"}
}

test_keys_in_any_case if iam({"effect": "allow", "ACTION": "*", "resource": "*"}) == {"ACC-IAM-001"}

test_inline_policies_of_a_role if {
	body := json.marshal({"Statement": allow({"Action": "*"})})
	role := fixtures.create("aws_iam_role", {"inline_policy": [{"name": "all", "policy": body}, {"name": "none", "policy": null}]})
	denied(role) == {"ACC-IAM-001"}
}

# ---------------------------------------------------------------- IAM

test_narrow_policy if iam({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data-lake/*"}) == set()

test_every_action if {
	iam(allow({"Action": "*"})) == {"ACC-IAM-001"}
	iam(allow({"Action": "*:*"})) == {"ACC-IAM-001"}
	iam([allow({"Action": ["s3:GetObject", "**"]})]) == {"ACC-IAM-001"}
}

test_whole_service_everywhere if {
	iam(allow({"Action": "s3:*"})) == {"ACC-IAM-002"}
	iam(allow({"Action": "S3:*", "Resource": ["arn:aws:s3:::x", "*"]})) == {"ACC-IAM-002"}
	iam(allow({"Action": "ia*:Get", "Resource": "arn:aws:*:*:*:*"})) == {"ACC-IAM-002"}
	iam(allow({"Action": "s3:*", "Resource": "arn:*"})) == {"ACC-IAM-002"}
}

test_every_resource_of_a_service if {
	iam(allow({"Action": "s3:*", "Resource": "arn:aws:s3:::*"})) == {"ACC-IAM-002"}
	iam(allow({"Action": "s3:*", "Resource": ["arn:aws:s3:::*/*"]})) == {"ACC-IAM-002"}
	iam(allow({"Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111111111111:table/*"})) == {"ACC-IAM-002"}
	iam(allow({"Action": "s3:*Object", "Resource": "*"})) == {"ACC-IAM-002"}
}

test_whole_service_on_one_resource if {
	iam(allow({"Action": "s3:*", "Resource": ["arn:aws:s3:::data-lake/*", "arn:aws:s3:::role/*"]})) == set()
	iam(allow({"Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:111111111111:table/orders*"})) == set()
	iam(allow({"Action": ["s3:Get*", "s3:List*"], "Resource": "*"})) == set()
	iam(allow({"Action": "s3:*", "Resource": "arn:aws:s3:::data-lake"})) == set()
	iam(allow({"Action": "s3:*", "Resource": "arn:*:s3:::data-lake"})) == set()
}

test_deny_may_be_broad if iam({"Effect": "Deny", "Action": "*", "Resource": "*"}) == set()

test_everything_except if {
	iam({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}) == {"ACC-IAM-004"}
	iam({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x"}) == {"ACC-IAM-004"}
	queue({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "NotPrincipal": {"AWS": "x"}}) == {"ACC-IAM-004"}
}

test_pass_role if {
	iam(allow({"Action": "iam:PassRole"})) == {"ACC-IAM-005"}
	iam(allow({"Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/reader"})) == set()
	iam(allow({"Action": "iam:Pass*"})) == {"ACC-IAM-005"}
	iam(allow({"Action": "iam:PassRol?", "Resource": "arn:aws:iam::111111111111:role/*"})) == {"ACC-IAM-005"}
	iam(allow({"Action": "iam:PassRole", "Resource": "arn:aws:iam::111111111111:role/build/*"})) == set()
}

test_rights_that_give_any_right if {
	iam(allow({"Action": "iam:AttachRolePolicy"})) == {"ACC-IAM-007"}
	iam(allow({"Action": "iam:Put*"})) == {"ACC-IAM-007"}
	iam(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/*"})) == {"ACC-IAM-007"}
	iam(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/reader"})) == set()
	iam(allow({"Action": ["iam:Get*", "iam:ListRoles"]})) == set()
}

test_managed_policies if {
	denied(fixtures.create("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"})) == {"ACC-IAM-003"}
	denied(fixtures.create("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})) == set()
	denied(fixtures.vague("aws_iam_role_policy_attachment", {}, {"policy_arn": true})) == {"ACC-IAM-006"}
	denied(fixtures.create("aws_iam_role", {"managed_policy_arns": ["arn:aws:iam::aws:policy/PowerUserAccess"]})) == {"ACC-IAM-003"}
}

# ---------------------------------------------------------------- public access

test_open_to_everybody if {
	queue(allow({"Principal": "*"})) == {"ACC-PUB-001"}
	queue(allow({"Principal": {"AWS": "*"}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": {"AWS": ["arn:aws:iam::111111111111:root", "*"]}})) == {"ACC-PUB-001"}
	queue([allow({"Principal": "*"})]) == {"ACC-PUB-001"}
}

test_tied_by_a_condition if {
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111111111111"}}})) == set()
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::data-lake"}}})) == set()
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-1", "o-2"]}}})) == set()
	queue(allow({"Principal": "*", "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}}})) == set()
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}}})) == set()
}

test_conditions_that_tie_nobody if {
	queue(allow({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:x"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": null})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringLike": {"aws:SourceVpce": "vpce-*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:ResourceOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": []}}})) == {"ACC-PUB-001"}
}

test_deny_for_everybody if queue({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}) == set()

closed := {name: true | some name in access.switches}

bucket := fixtures.create("aws_s3_bucket", {"bucket": "data-lake"})

test_public_access_block if {
	block := fixtures.vague("aws_s3_bucket_public_access_block", closed, {"bucket": true})
	fixtures.ids(access.deny) == set() with input as fixtures.plan([bucket, block])
	fixtures.ids(access.deny) == {"ACC-PUB-003"} with input as fixtures.plan([bucket])
	denied(fixtures.create("aws_s3_bucket_public_access_block", object.union(closed, {"block_public_acls": false}))) == {"ACC-PUB-002"}
	denied(fixtures.vague("aws_s3_bucket_public_access_block", {}, {"block_public_acls": true})) == {"ACC-PUB-002"}
}

test_public_acl if {
	denied(fixtures.create("aws_s3_bucket_acl", {"acl": "public-read"})) == {"ACC-PUB-004"}
	denied(fixtures.create("aws_s3_bucket_acl", {"acl": "private"})) == set()
}

grant(who) := {"access_control_policy": [{"grant": [{"grantee": [who], "permission": "READ"}]}]}

test_acl_grants if {
	everybody := "http://acs.amazonaws.com/groups/global/AllUsers"
	denied(fixtures.create("aws_s3_bucket_acl", grant({"uri": everybody}))) == {"ACC-PUB-007"}
	denied(fixtures.create("aws_s3_bucket_acl", grant({"id": "79a59d"}))) == set()
}

test_lambda if {
	denied(fixtures.create("aws_lambda_function_url", {"authorization_type": "NONE"})) == {"ACC-PUB-005"}
	denied(fixtures.create("aws_lambda_function_url", {"authorization_type": "AWS_IAM"})) == set()
	denied(fixtures.create("aws_lambda_permission", {"principal": "*"})) == {"ACC-PUB-006"}
	denied(fixtures.create("aws_lambda_permission", {"principal": "*", "source_account": "111111111111"})) == set()
}

# ---------------------------------------------------------------- other accounts

test_own_account if {
	queue(allow({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}})) == set()
	queue(allow({"Principal": {"AWS": "111111111111"}})) == set()
}

test_other_account if {
	queue(allow({"Principal": {"AWS": "arn:aws:iam::999999999999:role/x"}})) == {"ACC-ACC-001"}
	queue(allow({"Principal": {"AWS": ["111111111111", "999999999999"]}})) == {"ACC-ACC-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}})) == {"ACC-ACC-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:999999999999:x"}}})) == {"ACC-ACC-001"}
	queue(allow({"Principal": {"AWS": "arn:aws:iam::*:root"}})) == {"ACC-ACC-002"}
}

test_other_account_without_a_document if {
	denied(fixtures.create("aws_lambda_permission", {"principal": "999999999999"})) == {"ACC-ACC-003"}
	denied(fixtures.create("aws_lambda_permission", {"principal": "s3.amazonaws.com", "source_account": "111111111111"})) == set()
	denied(fixtures.create("aws_sns_topic_subscription", {"endpoint": "arn:aws:sqs:us-east-1:999999999999:x"})) == {"ACC-ACC-003"}
	denied(fixtures.create("aws_sns_topic_subscription", {"endpoint": "https://example.com:443/x"})) == set()
	denied(fixtures.create("aws_kms_grant", {"grantee_principal": "arn:aws:iam::999999999999:role/x"})) == {"ACC-ACC-003"}
	denied(fixtures.create("aws_kms_grant", {"grantee_principal": "arn:aws:iam::111111111111:role/x"})) == set()
}

github := "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"

token(claims) := queue(allow({"Principal": {"Federated": github}, "Condition": {"StringLike": claims}}))

test_tokens_of_a_public_provider if {
	token({"token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}) == set()
	token({"token.actions.githubusercontent.com:sub": ["repo:acme/*"]}) == set()
	token({"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}) == {"ACC-FED-001"}
	token({"token.actions.githubusercontent.com:sub": ["repo:acme/app:*", "repo:*"]}) == {"ACC-FED-001"}
	token({"token.actions.githubusercontent.com:sub": "repo:acme*/app"}) == {"ACC-FED-001"}
	token({"oidc.example.com:sub": "repo:acme/app"}) == {"ACC-FED-001"}
	queue(allow({"Principal": {"Federated": "accounts.google.com"}})) == {"ACC-FED-001"}
}

test_trusted_account if {
	change := fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"AWS": "999999999999"}}))
	fixtures.ids(access.deny) == set() with input as fixtures.plan([change])
		with data.settings.access.trusted_accounts as ["999999999999"]
}

test_account_that_cannot_be_told if {
	queue(allow({"Principal": {"AWS": "AIDAEXAMPLE"}})) == {"ACC-ACC-002"}
	queue(allow({"Principal": {"CanonicalUser": "79a59d"}})) == {"ACC-ACC-002"}
}

test_services_and_web_identities if {
	queue(allow({"Principal": {"Service": "sns.amazonaws.com"}})) == set()
	google := {"StringEquals": {"accounts.google.com:aud": "app-1"}}
	queue(allow({"Principal": {"Federated": "accounts.google.com"}, "Condition": google})) == set()
	queue(allow({"Principal": {"Federated": "arn:aws:iam::999999999999:saml-provider/x"}})) == {"ACC-ACC-001"}
}

test_account_unknown_trusts_nobody if {
	plan := object.remove(
		fixtures.plan([fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"AWS": "111111111111"}}))]),
		["variables"],
	)
	fixtures.ids(access.deny) == {"ACC-ACC-001"} with input as plan
}
