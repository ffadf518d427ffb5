package terraform.access_test

import rego.v1

import data.terraform.fixtures

denied(change) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([change])
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
	found := fixtures.ids(fixtures.access_deny) with input as plan
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
	queue(allow({"Principal": ["*"]})) == {"ACC-PUB-001"}
	queue(allow({"Principal": {"*": "*"}})) == {"ACC-PUB-001"}
	queue(allow({"principal": {"aws": "**"}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": {"Federated": "*"}})) == {"ACC-PUB-001"}
}

# Everybody under one condition, where the settings list somebody of each kind.
everybody(condition) := found if {
	change := fixtures.document("aws_sqs_queue", "policy", allow({"Principal": "*", "Condition": condition}))
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([change])
		with data.settings.access.trusted_accounts as ["222222222222"]
		with data.settings.access.trusted_endpoints as ["vpce-1a"]
		with data.settings.access.trusted_networks as ["203.0.113.0/24", "10.0.0.0/8"]
		with data.settings.access.trusted_organizations as ["o-ours"]
		with data.settings.access.trusted_vpcs as ["vpc-1a"]
}

test_conditions_that_tie if {
	ties := [
		{"StringEquals": {"aws:SourceAccount": "111111111111"}},
		{"StringEquals": {"aws:PrincipalAccount": ["111111111111", "222222222222"]}},
		{"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::data-lake"}},
		{"ForAnyValue:ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}},
		{"StringEquals": {"aws:PrincipalOrgID": "o-ours"}},
		{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-ours/r-1/*"}},
		{"StringEquals": {"aws:SourceVpc": "vpc-1a"}},
		{"StringEquals": {"aws:SourceVpce": "vpce-1a"}},
		{"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}},
		{"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
		{"StringLike": {"aws:userid": "AROAEXAMPLE:*"}},
		{"StringEquals": {"s3:DataAccessPointAccount": "111111111111"}},
		{"StringEquals": {"aws:VpceAccount": "111111111111"}},
		{"StringEquals": {"aws:PrincipalAccount": "111111111111", "aws:SourceVpc": "vpc-9"}},
	]
	every condition in ties {
		everybody(condition) == set()
	}
}

test_conditions_that_tie_to_somebody_else if {
	everybody({"StringEquals": {"aws:PrincipalOrgID": ["o-ours", "o-other"]}}) == {"ACC-ACC-005"}
	everybody({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-other/*"}}) == {"ACC-ACC-005"}
	everybody({"StringEquals": {"aws:SourceVpc": "vpc-9"}}) == {"ACC-ACC-005"}
	everybody({"StringEquals": {"aws:SourceVpce": "vpce-9"}}) == {"ACC-ACC-005"}
	everybody({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}) == {"ACC-ACC-005"}
	everybody({"StringEquals": {"s3:DataAccessPointAccount": "999999999999"}}) == {"ACC-ACC-007"}
	everybody({"StringLike": {"aws:userid": "999999999999:*"}}) == {"ACC-ACC-007"}
	everybody({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/*"}}) == {"ACC-ACC-007"}
}

test_conditions_that_are_always_true if {
	none := [
		{"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
		{"StringEquals": {"aws:SourceVpc": "${aws:SourceVpc}"}},
		{"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111111111111:${aws:x}"}},
		{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "/*"}},
		{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-/*"}},
		{"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-ours"}},
		{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
		{"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
		{"IpAddress": {"aws:SourceIp": "::/0"}},
		{"StringEquals": {"aws:SourceIp": "203.0.113.0/24"}},
		{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
		{"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}},
		{"StringLike": {"aws:userid": "*"}},
		{"StringLike": {"aws:userid": "A*"}},
		{"StringLike": {"aws:PrincipalAccount": "1*"}},
	]
	every condition in none {
		everybody(condition) == {"ACC-PUB-001"}
	}
}

test_conditions_that_tie_nobody if {
	queue(allow({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:*:x"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": null})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": 7}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringLike": {"aws:SourceVpce": "vpce-*"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:ResourceOrgID": "o-1"}}})) == {"ACC-PUB-001"}
	queue(allow({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": []}}})) == {"ACC-PUB-001"}
}

test_a_deny_for_what_is_not_everybody if {
	every nobody in [{"Service": "*"}, {"Federated": "*"}, {"CanonicalUser": "*"}] {
		queue([
			{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"},
			{"Effect": "Deny", "Principal": nobody, "Action": "sqs:*", "Resource": "*"},
		]) == {"ACC-PUB-001"}
	}
	every all in ["*", {"AWS": "*"}, {"AWS": ["*", "111111111111"]}] {
		queue([
			{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"},
			{"Effect": "Deny", "Principal": all, "Action": "sqs:*", "Resource": "*"},
		]) == set()
	}
}

test_deny_for_everybody if queue({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}) == set()

closed := {name: true | some name in data.terraform.public.switches}

bucket := fixtures.create("aws_s3_bucket", {"bucket": "data-lake"})

test_public_access_block if {
	block := fixtures.vague("aws_s3_bucket_public_access_block", closed, {"bucket": true})
	fixtures.ids(fixtures.access_deny) == set() with input as fixtures.plan([bucket, block])
	fixtures.ids(fixtures.access_deny) == {"ACC-PUB-003"} with input as fixtures.plan([bucket])
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
	queue(allow({"Principal": {"AWS": "arn:aws:iam::*:root"}})) == {"ACC-ACC-002"}
}

test_other_account_without_a_document if {
	denied(fixtures.create("aws_lambda_permission", {"principal": "999999999999"})) == {"ACC-ACC-003"}
	denied(fixtures.create("aws_lambda_permission", {"principal": "s3.amazonaws.com", "source_account": "111111111111"})) == set()
	denied(fixtures.create("aws_sns_topic_subscription", {"endpoint": "arn:aws:sqs:us-east-1:999999999999:x"})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_sns_topic_subscription", {"endpoint": "https://example.com:443/x"})) == set()
	denied(fixtures.create("aws_kms_grant", {"grantee_principal": "arn:aws:iam::999999999999:role/x"})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_kms_grant", {"grantee_principal": "arn:aws:iam::111111111111:role/x"})) == set()
	denied(fixtures.create("aws_snapshot_create_volume_permission", {"account_id": "999999999999"})) == {"ACC-ACC-003"}
}

test_everybody_without_a_document if {
	denied(fixtures.create("aws_kms_grant", {"grantee_principal": "*"})) == {"ACC-PUB-006"}
	denied(fixtures.create("aws_lambda_layer_version_permission", {"principal": "*"})) == {"ACC-PUB-006"}
	denied(fixtures.create("aws_lambda_layer_version_permission", {"principal": "*", "organization_id": "o-9"})) == {"ACC-ACC-009"}
	denied(fixtures.create("aws_ami_launch_permission", {"group": "all"})) == {"ACC-PUB-009"}
	open := {"public_access_block_configuration": [{"block_public_acls": true, "block_public_policy": false}]}
	denied(fixtures.create("aws_s3_access_point", open)) == {"ACC-PUB-010"}
	denied(fixtures.create("aws_s3_access_point", {"name": "x"})) == set()
	denied(fixtures.create("aws_s3_account_public_access_block", {"block_public_acls": true})) == {"ACC-PUB-002"}
	denied(fixtures.create("aws_s3_object", {"acl": "public-read"})) == {"ACC-PUB-004"}
}

named(attribute, value) := denied(fixtures.create("aws_any", {"block": [{attribute: value}]}))

test_what_belongs_to_others if {
	others := [
		"arn:aws:kms:us-east-1:999999999999:key/1", "arn:aws:iam::999999999999:role/x", "arn:aws-cn:sqs:cn-north-1:999999999999:dead",
		"999999999999.dkr.ecr.us-east-1.amazonaws.com/app:1", "https://sqs.us-east-1.amazonaws.com/999999999999/q",
		"arn:aws:lambda:us-east-1:999999999999:layer:x:1",
	]
	every value in others {
		named("x", value) == {"ACC-ACC-004"}
	}
	named("layers", ["arn:aws:lambda:us-east-1:999999999999:layer:x:1"]) == {"ACC-ACC-004"}
	ours := [
		"arn:aws:kms:us-east-1:111111111111:key/1", "arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:s3:::x", "999999999999",
		"arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:38", "public.ecr.aws/x/y",
		"602401143452.dkr.ecr.us-east-1.amazonaws.com/eks/pause:3.5",
	]
	every value in ours {
		named("x", value) == set()
	}
	iam(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::999999999999:role/x"})) == {"ACC-ACC-008"}
}

test_roles_of_any_account if {
	iam(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/deployer"})) == {"ACC-ACC-010"}
	iam(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::111111111111:role/deployer"})) == set()
}

test_account_unknown_cannot_be_judged if {
	plan := object.remove(fixtures.plan([fixtures.create("aws_any", {"x": "arn:aws:iam::111111111111:role/x"})]), ["variables"])
	fixtures.ids(fixtures.access_deny) == {"ACC-ACC-006"} with input as plan
}

# ---------------------------------------------------------------- services

serving(service, condition) := queue(allow({"Principal": {"Service": service}, "Condition": condition}))

test_services_that_act_for_everybody if {
	serving("sns.amazonaws.com", {}) == {"ACC-SVC-001"}
	serving("sns.amazonaws.com", {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:999999999999:x"}}) == {"ACC-ACC-007"}
	serving("sns.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "999999999999"}}) == {"ACC-ACC-007"}
	serving("sns.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "111111111111"}}) == set()
	serving("s3.amazonaws.com", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data-lake"}}) == set()
	serving("events.amazonaws.com", {}) == set()
	plan := fixtures.plan([fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"Service": "events.amazonaws.com"}}))])
	fixtures.ids(fixtures.access_warn) == {"ACC-SVC-002"} with input as plan
	key := {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:111111111111:*"}}
	document := {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Condition": key}
	fixtures.ids(fixtures.access_warn) == set() with input as fixtures.plan([fixtures.document("aws_kms_key", "policy", document)])
}

test_permissions_of_functions if {
	denied(fixtures.create("aws_lambda_permission", {"principal": "s3.amazonaws.com", "source_arn": "arn:aws:s3:::x"})) == {"ACC-SVC-001"}
	denied(fixtures.create("aws_lambda_permission", {"principal": "sns.amazonaws.com", "source_arn": "arn:aws:sns:us-east-1:999999999999:x"})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_lambda_permission", {"principal": "sns.amazonaws.com", "source_arn": "arn:aws:sns:us-east-1:111111111111:x"})) == set()
}

test_roles_of_services_need_no_source if {
	trust := {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "s3.amazonaws.com"}}
	denied(fixtures.document("aws_iam_role", "assume_role_policy", trust)) == set()
}

test_endpoints_that_let_everything_through if {
	endpoint := fixtures.document("aws_vpc_endpoint", "policy", allow({"Principal": "*", "Action": "*"}))
	denied(endpoint) == set()
	fixtures.ids(fixtures.access_warn) == {"ACC-PUB-008"} with input as fixtures.plan([endpoint])
}

test_principals_that_are_listed if {
	oai := "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2ABC"
	change := fixtures.document("aws_s3_bucket_policy", "policy", allow({"Principal": {"AWS": oai}}))
	denied(change) == {"ACC-ACC-002"}
	fixtures.ids(fixtures.access_deny) == set() with input as fixtures.plan([change])
		with data.settings.access.trusted_principals as [oai]
}

test_provider_of_ones_own if {
	name := "sso.corp.example/realms/a"
	provider := sprintf("arn:aws:iam::111111111111:oidc-provider/%s", [name])
	condition := {"StringEquals": {sprintf("%s:aud", [name]): "app"}}
	statement := {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": provider}, "Condition": condition}
	change := fixtures.document("aws_iam_role", "assume_role_policy", statement)
	denied(change) == {"ACC-FED-001"}
	fixtures.ids(fixtures.access_deny) == set() with input as fixtures.plan([change])
		with data.settings.access.trusted_providers as [name]
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
	token({"token.actions.githubusercontent.com:sub": ""}) == {"ACC-FED-001"}
	token({"token.actions.githubusercontent.com:sub": "*"}) == {"ACC-FED-001"}
	token({"token.actions.githubusercontent.com:sub": []}) == {"ACC-FED-001"}
	token({"token.actions.githubusercontent.com:sub": "${token.actions.githubusercontent.com:sub}"}) == {"ACC-FED-001"}
	queue(allow({"Principal": {"Federated": "accounts.google.com"}})) == {"ACC-FED-001"}
}

test_trusted_account if {
	change := fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"AWS": "999999999999"}}))
	fixtures.ids(fixtures.access_deny) == set() with input as fixtures.plan([change])
		with data.settings.access.trusted_accounts as ["999999999999"]
}

test_account_that_cannot_be_told if {
	queue(allow({"Principal": {"AWS": "AIDAEXAMPLE"}})) == {"ACC-ACC-002"}
	queue(allow({"Principal": {"CanonicalUser": "79a59d"}})) == {"ACC-ACC-002"}
}

test_services_and_web_identities if {
	google := {"StringEquals": {"accounts.google.com:aud": "app-1"}}
	queue(allow({"Principal": {"Federated": "accounts.google.com"}, "Condition": google})) == set()
	queue(allow({"Principal": {"Federated": "arn:aws:iam::999999999999:saml-provider/x"}})) == {"ACC-ACC-001"}
}

test_account_unknown_trusts_nobody if {
	plan := object.remove(
		fixtures.plan([fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"AWS": "111111111111"}}))]),
		["variables"],
	)
	fixtures.ids(fixtures.access_deny) == {"ACC-ACC-001"} with input as plan
}

# ---------------------------------------------------------------- read alike by everybody

test_what_is_no_text if {
	iam(allow({"Resource": [["*"]]})) == {"ACC-DOC-006"}
	iam(allow({"Action": {"a": 1}})) == {"ACC-DOC-006"}
	iam(allow({"Resource": {"a": "*"}})) == {"ACC-DOC-006"}
}

test_templates if {
	denied(fixtures.create("aws_cloudformation_stack", {"template_url": "https://example.com/x"})) == {"ACC-DOC-007"}
	denied(fixtures.create("aws_cloudcontrolapi_resource", {"desired_state": "{}"})) == {"ACC-DOC-007"}
}

test_documents_in_something_else if {
	body := {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}
	denied(fixtures.create("aws_any", {"text": json.marshal({"Policy": body})})) == {"ACC-PUB-001"}
	denied(fixtures.create("aws_any", {"text": json.marshal({"Policy": json.marshal(body)})})) == {"ACC-PUB-001"}
	denied(fixtures.create("aws_any", {"policies": [{"document": body}]})) == {"ACC-PUB-001"}
	denied(fixtures.create("aws_any", {"text": concat("", ["\ufeff", json.marshal(body)])})) == {"ACC-DOC-004"}
	denied(fixtures.create("aws_any", {"text": json.marshal({"note": "a \u0026 b, statement"})})) == set()
}

test_keys_written_twice if {
	twice := `{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}], "Statement": []}`
	denied(fixtures.create("aws_any", {"text": twice})) == {"ACC-DOC-004"}
	denied(fixtures.create("aws_sqs_queue", {"policy": twice})) == {"ACC-DOC-001"}
}

through(expressions) := found if {
	resource := {"type": "aws_sqs_queue", "name": "this", "expressions": {"policy": {"references": expressions}}}
	plan := object.union(
		fixtures.plan([fixtures.vague("aws_sqs_queue", {}, {"policy": true, "arn": true})]),
		{"configuration": {"root_module": {"resources": [resource]}}},
	)
	found := [fixtures.ids(fixtures.access_deny), fixtures.ids(fixtures.access_warn)] with input as plan
}

test_unknown_through_a_local_value if {
	through(["local.policies", "each.key"]) == [set(), {"ACC-DOC-008"}]
	through(["local.policies", "aws_iam_role.x.arn"]) == [{"ACC-DOC-002"}, set()]
}

in_module(given) := found if {
	resource := {"type": "aws_sqs_queue", "name": "this", "expressions": {"policy": {"references": ["var.policy"]}}}
	call := {"expressions": {"policy": given}, "module": {"resources": [resource]}}
	plan := object.union(
		fixtures.plan([fixtures.vague("aws_sqs_queue", {}, {"policy": true, "arn": true})]),
		{"configuration": {"root_module": {"module_calls": {"queue": call}}}},
	)
	found := [fixtures.ids(fixtures.access_deny), fixtures.ids(fixtures.access_warn)] with input as plan
}

test_unknown_through_a_variable_of_a_module if {
	in_module({"constant_value": null}) == [set(), set()]
	in_module({"references": ["var.policy"]}) == [set(), set()]
	in_module({"references": ["aws_iam_role.x.arn", "aws_iam_role.x"]}) == [{"ACC-DOC-002"}, set()]
	in_module({"references": ["local.policy"]}) == [set(), {"ACC-DOC-008"}]
}

dead(account) := json.marshal({"deadLetterTargetArn": concat("", ["arn:aws:sqs:us-east-1:", account, ":x"])})

test_accounts_in_json if {
	denied(fixtures.create("aws_sqs_queue", {"redrive_policy": dead("999999999999")})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_sqs_queue", {"redrive_policy": dead("111111111111")})) == set()
	denied(fixtures.create("aws_ecs_task_definition", {"container_definitions": `[{"image": "999999999999.dkr.ecr.us-east-1.amazonaws.com/x"}]`})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_vpc_peering_connection", {"peer_owner_id": "999999999999"})) == {"ACC-ACC-004"}
	denied(fixtures.create("aws_sqs_queue", {"tags": {"owner": "999999999999"}})) == set()
}

test_loadbalancers_write_their_logs if {
	logs_to(allow({"Principal": {"AWS": "arn:aws:iam::127311923021:root"}, "Action": "s3:PutObject"})) == set()
	logs_to(allow({"Principal": {"AWS": "arn:aws:iam::127311923021:root"}, "Action": "s3:GetObject"})) == {"ACC-ACC-001"}
}

logs_to(statement) := denied(fixtures.document("aws_s3_bucket_policy", "policy", statement))

test_identities_of_cloudfront if {
	oai := "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2ABC"
	policy := fixtures.document("aws_s3_bucket_policy", "policy", allow({"Principal": {"AWS": oai}, "Action": "s3:GetObject"}))
	denied(policy) == {"ACC-ACC-002"}
	both := fixtures.plan([policy, fixtures.create("aws_cloudfront_origin_access_identity", {"iam_arn": oai})])
	found := fixtures.ids(fixtures.access_deny) with input as both
	found == set()
}

trusts(provider, subject) := found if {
	statement := {
		"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": sprintf("arn:aws:iam::111111111111:oidc-provider/%s", [provider])},
		"Condition": {"StringLike": {sprintf("%s:sub", [provider]): subject}},
	}
	found := denied(fixtures.document("aws_iam_role", "assume_role_policy", statement))
}

test_subjects_name_an_owner if {
	github := "token.actions.githubusercontent.com"
	every subject in ["repo:acme/app:ref:refs/heads/main", "repo:acme/*", "repository_owner:acme:environment:prod", "repository_id:7"] {
		trusts(github, subject) == set()
	}
	every subject in ["environment:prod", "environment:prod*", "repo:*/app:*", "repo:acme*", "*"] {
		trusts(github, subject) == {"ACC-FED-001"}
	}
	trusts("oidc.eks.us-east-1.amazonaws.com/id/A", "system:serviceaccount:app:*") == set()
	trusts("oidc.eks.us-east-1.amazonaws.com/id/A", "system:serviceaccount:*:*") == {"ACC-FED-001"}
	trusts("gitlab.com", "project_path:acme/*:ref_type:branch:ref:main") == set()
	trusts("app.terraform.io", "organization:*:project:x") == {"ACC-FED-001"}
}

key(source) := denied(fixtures.document("aws_kms_key_policy", "policy", {
	"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*",
	"Condition": {"ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": source}},
}))

test_a_key_for_somebody_elses_messages if {
	key("arn:aws:sns:us-east-1:111111111111:x") == set()
	key("arn:aws:sns:us-east-1:999999999999:x") == {"ACC-SVC-001"}
	key("*") == {"ACC-SVC-001"}
}

from(value) := everybody({"IpAddress": {"aws:SourceIp": value}})

test_networks_within_ours if {
	every value in ["203.0.113.7", "203.0.113.128/25", "10.1.0.0/16", "10.0.0.0/8", ["10.1.2.3", "203.0.113.0/24"]] {
		from(value) == set()
	}
	every value in ["203.0.112.0/23", "10.0.0.0/9, ", "11.0.0.0/8", "203.0.114.1"] {
		from(value) != set()
	}
	every value in ["0.0.0.0/0", "0.0.0.0/1", "::/0", "10.0.0.0/7", "999.1.1.1", "10.0.0.010"] {
		from(value) == {"ACC-PUB-001"}
	}
}

test_networks_of_six_parts if {
	change := fixtures.document("aws_sqs_queue", "policy", allow({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "2001:db8:1::/48"}}}))
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([change])
		with data.settings.access.trusted_networks as ["2001:db8::/32", "::::/32", "10.0.0.010/8", "office"]
	found == set()
}
