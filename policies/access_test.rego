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

test_documents_that_cannot_be_read if {
	nested := sprintf(`{"Statement": {"Effect": "Allow"}, "X": %s1%s}`, [repeated("[", 70), repeated("]", 70)])
	denied(fixtures.create("aws_iam_role", {"inline_policy": [{"policy": nested}]})) == {"ACC-DOC-004"}
	denied(fixtures.create("aws_iam_policy", {"policy": nested})) == {"ACC-DOC-001"}
	denied(fixtures.create("aws_any", {"text": `{"Statement": [}`})) == {"ACC-DOC-004"}
	iam({"Effect": "Deny", "effect": "Allow", "Action": "*", "Resource": "*"}) == {"ACC-DOC-001"}
}

repeated(text, times) := concat("", [text | some _ in numbers.range(1, times)])

test_patterns_beyond_reason if {
	iam(allow({"Action": repeated("*a", 600)})) == {"ACC-DOC-005"}
	iam(allow({"Resource": repeated("*", 1025)})) == {"ACC-DOC-005"}
	iam(allow({"Resource": repeated("*?", 65)})) == {"ACC-DOC-005"}
	iam(allow({"Resource": repeated("*", 900)})) == set()
}

unknown(kind, after_unknown) := denied(fixtures.vague(kind, {}, after_unknown))

test_unknown_documents if {
	unknown("aws_s3_bucket_policy", {"policy": true}) == {"ACC-DOC-002"}
	unknown("aws_iam_role", {"assume_role_policy": true}) == {"ACC-DOC-002"}
	unknown("aws_iam_role", {"inline_policy": [{"policy": true}]}) == {"ACC-DOC-002"}
	unknown("aws_ssoadmin_permission_set_inline_policy", {"inline_policy": true}) == {"ACC-DOC-002"}
	unknown("aws_ecr_lifecycle_policy", {"policy": true}) == set()
}

test_unknown_names if {
	unknown("aws_iam_role_policy_attachment", {"policy_arn": true}) == {"ACC-DOC-002"}
	unknown("aws_iam_role_policy_attachments_exclusive", {"policy_arns": [false, true]}) == {"ACC-DOC-002"}
	unknown("aws_lambda_permission", {"principal": true}) == {"ACC-DOC-002"}
	unknown("aws_s3_bucket_acl", {"acl": true}) == {"ACC-DOC-002"}
	unknown("aws_sns_topic_subscription", {"endpoint": true}) == {"ACC-DOC-002"}
	unknown("aws_sqs_queue", {"redrive_policy": true, "arn": true}) == set()
	unknown("aws_eks_cluster", {"endpoint": true}) == set()
}

test_what_aws_fills_in if {
	unknown("aws_kms_key", {"policy": true, "arn": true}) == set()
	unknown("aws_iam_role", {"managed_policy_arns": true, "arn": true}) == set()
	unknown("aws_iam_role", {"managed_policy_arns": true}) == {"ACC-DOC-002"}
}

configured(references) := found if {
	resource := {"type": "aws_kms_key", "name": "this", "expressions": {"policy": {"references": references}}}
	plan := object.union(
		fixtures.plan([fixtures.vague("aws_kms_key", {}, {"policy": true, "arn": true})]),
		{"configuration": {"root_module": {"resources": [resource]}}},
	)
	found := fixtures.ids(access.deny) with input as plan
}

test_what_refers_to_something_else_is_not_filled_in if {
	configured(["each.value.policy_json", "each.value"]) == set()
	configured(["aws_iam_role.app.arn", "aws_iam_role.app"]) == {"ACC-DOC-002"}
	configured(["data.aws_iam_policy_document.key.json"]) == {"ACC-DOC-002"}
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
