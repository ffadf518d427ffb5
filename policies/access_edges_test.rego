# Every attribute, type and key that the rules about access name, and what comes close to one.
package terraform.access_edges_test

import rego.v1

import data.terraform.fixtures

denied(changes) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(fixtures.access_warn) with input as fixtures.plan(changes)
}

# Pairs of a rule and a resource.
found(changes) := pairs if {
	pairs := {[finding.id, finding.address] | some finding in fixtures.access_deny} with input as fixtures.plan(changes)
}

address(kind) := sprintf("%s.this[\"x\"]", [kind])

each(id, kinds) := {[id, address(kind)] | some kind in kinds}

iam(statement) := denied([fixtures.document("aws_iam_role_policy", "policy", statement)])

queue(statement) := denied([fixtures.document("aws_sqs_queue", "policy", statement)])

allow(extra) := object.union({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}, extra)

# ---------------------------------------------------------------- what cannot be judged

test_every_attribute_that_lets_somebody_in if {
	attributes := {
		"access_policies", "access_policy", "assume_role_policy", "inline_policy", "permissions_policy", "policy",
		"policy_document", "policy_json", "resource_policy", "account_assignments", "allowed_principals",
		"grantee_principal", "managed_policy_arn", "managed_policy_arns", "policy_arn", "policy_arns", "principal",
		"principal_arn", "principal_arns", "principal_id", "principals", "retiring_principal", "source_account",
	}
	plan := fixtures.plan([fixtures.vague("aws_any", {}, {attribute: true | some attribute in attributes})])
	found := {finding.value | some finding in fixtures.access_deny} with input as plan
	found == attributes
}

unknown(kind, attributes) := values if {
	change := fixtures.vague(kind, {}, {attribute: true | some attribute in attributes})
	values := {finding.value | some finding in fixtures.access_deny; finding.id == "ACC-DOC-002"} with input as fixtures.plan([change])
}

test_attributes_that_let_somebody_in_here_only if {
	rows := [
		["aws_lambda_permission", {"principal_org_id"}],
		["aws_s3_bucket", {"acl", "grant"}],
		["aws_s3_bucket_acl", {"acl", "access_control_policy", "grant", "grantee", "id", "uri"}],
		["aws_s3_object", {"acl"}],
		["aws_sns_topic_subscription", {"endpoint"}],
	]
	every row in rows {
		every name in row[1] {
			unknown(row[0], {name}) == {name}
		}
		unknown("aws_any", row[1]) == set()
	}
}

test_attributes_that_aws_fills_in if {
	rows := [
		["aws_iam_role", {"inline_policy", "managed_policy_arns"}],
		["aws_opensearch_domain", {"access_policies"}],
		["aws_elasticsearch_domain", {"access_policies"}],
		["aws_s3_bucket", {"acl", "grant"}],
		["aws_s3_object", {"acl"}],
		["aws_kms_key", {"policy"}],
	]
	every row in rows {
		unknown(row[0], row[1] | {"arn"}) == set()
		unknown(row[0], row[1] | {"id"}) == set()
		unknown(row[0], row[1]) == row[1]
	}
}

test_attributes_that_aws_never_fills_in if {
	unknown("aws_iam_role", {"assume_role_policy", "arn"}) == {"assume_role_policy"}
	unknown("aws_s3_bucket_policy", {"policy", "id"}) == {"policy"}
	nested := fixtures.vague("aws_iam_role", {}, {"inline_policy": [{"policy": true}], "arn": true})
	denied([nested]) == {"ACC-DOC-002"}
}

configured(after_unknown) := found if {
	resource := {"type": "aws_iam_role", "name": "this", "expressions": {}}
	plan := object.union(
		fixtures.plan([fixtures.vague("aws_iam_role", {}, after_unknown)]),
		{"configuration": {"root_module": {"resources": [resource]}}},
	)
	found := fixtures.ids(fixtures.access_deny) with input as plan
}

test_what_is_configured_without_a_reference if {
	configured({"inline_policy": true}) == set()
	configured({"inline_policy": [{"policy": true}]}) == {"ACC-DOC-002"}
	configured({"assume_role_policy": true}) == {"ACC-DOC-002"}
}

test_documents_about_something_else if {
	every kind in ["aws_dlm_lifecycle_policy", "aws_ecr_lifecycle_policy", "aws_vpc_endpoint"] {
		denied([fixtures.create(kind, {"policy": "{}", "other": `{"Statement": [}`})]) == set()
	}
}

# ---------------------------------------------------------------- public access

test_nearly_everybody if {
	queue(allow({"Principal": {"AWS": "a*"}})) == {"ACC-ACC-002"}
	queue(allow({"Principal": {"AWS": "*a"}})) == {"ACC-ACC-002"}
	queue(allow({"Principal": {"Federated": "a*"}})) == {"ACC-FED-001"}
	queue(allow({"Principal": {"Federated": "*a"}})) == {"ACC-FED-001"}
	denied([fixtures.create("aws_lambda_permission", {"principal": "a*"})]) == set()
	denied([fixtures.create("aws_lambda_permission", {"principal": "*a"})]) == set()
}

test_every_switch if {
	switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	closed := {name: true | some name in switches}
	every kind in ["aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"] {
		denied([fixtures.create(kind, closed)]) == set()
		every name in switches {
			denied([fixtures.create(kind, object.union(closed, {name: false}))]) == {"ACC-PUB-002"}
		}
	}
	point(object.union(closed, {"other": false})) == set()
	every name in switches {
		point(object.union(closed, {name: false})) == {"ACC-PUB-010"}
	}
}

point(block) := denied([fixtures.create("aws_s3_access_point", {"public_access_block_configuration": [block]})])

with_acls := {"aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object", "aws_s3_object_copy"}

acls(attribute, value) := found([fixtures.create(kind, {attribute: value}) | some kind in with_acls | {"aws_any"}])

test_acls if {
	blocked := {["ACC-PUB-003", address("aws_s3_bucket")]} # has none here
	every acl in ["public-read", "public-read-write", "authenticated-read"] {
		acls("acl", acl) == each("ACC-PUB-004", with_acls) | blocked
	}
	acls("acl", "private") == blocked
	every group in ["AllUsers", "AuthenticatedUsers"] {
		uri := sprintf("http://acs.amazonaws.com/groups/global/%s", [group])
		acls("grant", [{"uri": uri}]) == each("ACC-PUB-007", with_acls) | blocked
		acls("grant", [{"uri": sprintf("%s/x", [uri])}]) == blocked
	}
}

test_images if denied([fixtures.create("aws_ami_launch_permission", {"group": "x"})]) == set()

organization(kind, attributes) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([fixtures.create(kind, attributes)])
		with data.settings.access.trusted_organizations as ["o-ours"]
}

test_organisations_of_partners if {
	organization("aws_lambda_permission", {"principal": "*", "principal_org_id": "o-ours"}) == set()
	organization("aws_lambda_permission", {"principal": "*", "principal_org_id": "o-9"}) == {"ACC-ACC-009"}
	organization("aws_lambda_layer_version_permission", {"principal": "*", "organization_id": "o-ours"}) == set()
	arn := "arn:aws:organizations::111111111111:organization/o-9/x"
	organization("aws_ami_launch_permission", {"organization_arn": arn}) == {"ACC-ACC-009"}
	organization("aws_any", {"principal_org_id": "o-9"}) == set()
}

through(kind, extra) := warned([fixtures.document(kind, "policy", allow(extra))])

test_endpoints if {
	through("aws_vpc_endpoint", {"Principal": "*"}) == {"ACC-PUB-008"}
	through("aws_vpc_endpoint_policy", {"Principal": "*"}) == {"ACC-PUB-008"}
	through("aws_sqs_queue", {"Principal": "*"}) == set()
	through("aws_vpc_endpoint", {"Principal": "*", "Effect": "Deny"}) == set()
	through("aws_vpc_endpoint", {"Principal": {"AWS": "111111111111"}}) == set()
	through("aws_vpc_endpoint", {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "111111111111"}}}) == set()
}

# ---------------------------------------------------------------- other accounts

test_a_condition_on_somebody_who_is_named if {
	queue(allow({"Principal": {"AWS": "111111111111"}, "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-9"}}})) == set()
	queue(allow({"Principal": {"AWS": "111111111111"}, "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}})) == set()
}

test_whom_a_condition_lets_in if {
	queue(allow({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "999999999999"}}})) == {"ACC-ACC-005"}
	user := allow({"Principal": "*", "Condition": {"StringLike": {"aws:userid": "999999999999:*"}}})
	plan := fixtures.plan([fixtures.document("aws_sqs_queue", "policy", user)])
	{finding.value | some finding in fixtures.access_deny} == {"999999999999"} with input as plan
}

test_every_partner if {
	rows := [
		["aws_ami_launch_permission", "account_id"],
		["aws_kms_grant", "grantee_principal"],
		["aws_kms_grant", "retiring_principal"],
		["aws_lambda_layer_version_permission", "principal"],
		["aws_lambda_permission", "principal"],
		["aws_lambda_permission", "source_account"],
		["aws_ram_principal_association", "principal"],
		["aws_snapshot_create_volume_permission", "account_id"],
		["aws_vpc_endpoint_service_allowed_principal", "principal_arn"],
		["aws_s3_access_point", "bucket_account_id"],
	]
	every row in rows {
		denied([fixtures.create(row[0], {row[1]: "999999999999"})]) == {"ACC-ACC-003"}
		denied([fixtures.create(row[0], {row[1]: "111111111111"})]) == set()
	}
	denied([fixtures.create("aws_kms_grant", {"grantee_principal": "aws:arn:a:b:999999999999:x"})]) == {"ACC-ACC-003"}
}

# The account of a partner is a text; a number is none of AWS's.
test_partners_that_are_no_texts if {
	every odd in [999999999999, true, {"a": "999999999999"}] {
		data.terraform.access.partner_names == set() with input as fixtures.plan([fixtures.create("aws_lambda_permission", {"principal": odd})])
	}
}

test_accounts_of_awss if {
	layer := "arn:aws:lambda:us-east-1:580247275435:layer:LambdaInsightsExtension:38"
	iam(allow({"Action": "lambda:GetLayerVersion", "Resource": layer})) == set()
}

assuming(extra) := iam(object.union(allow({"Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/deployer"}), extra))

test_roles_of_any_account if {
	assuming({}) == {"ACC-ACC-010"}
	assuming({"Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}}) == set()
	assuming({"Action": "sts:*"}) == set()
	assuming({"Action": "iam:GetRole"}) == set()
	assuming({"Resource": "a:arn:aws:iam::*:role/deployer"}) == set()
	assuming({"Resource": "arn:aws:iam::*:role/*"}) == set()
}

test_partners_of_buses_and_endpoint_services if {
	rows := [
		["aws_cloudwatch_event_permission", "principal", "999999999999", "111111111111"],
		["aws_vpc_endpoint_service", "allowed_principals", ["111111111111", "999999999999"], ["111111111111"]],
	]
	every row in rows {
		denied([fixtures.create(row[0], {row[1]: row[2]})]) == {"ACC-ACC-003"}
		denied([fixtures.create(row[0], {row[1]: row[3]})]) == set()
	}
	denied([fixtures.create("aws_vpc_endpoint_service", {"allowed_principals": ["*"]})]) == {"ACC-PUB-006"}
	denied([fixtures.create("aws_vpc_endpoint_service", {"allowed_principals": ["arn:aws:iam::999999999999:root"]})]) == {"ACC-ACC-004"}
}

logs_to(account, actions) := found if {
	principal := {"AWS": sprintf("arn:aws:iam::%s:root", [account])}
	statement := allow({"Principal": principal, "Action": actions, "Resource": "arn:aws:s3:::logs/*"})
	found := denied([fixtures.document("aws_s3_bucket_policy", "policy", statement)])
}

test_load_balancers_may_write_logs_and_nothing_else if {
	logs_to("127311923021", "s3:PutObject") == set()
	logs_to("127311923021", ["s3:PutObject", "s3:GetObject"]) == {"ACC-ACC-001"}
	logs_to("999999999999", "s3:PutObject") == {"ACC-ACC-001"}
}

# ---------------------------------------------------------------- services

statement(service, condition) := fixtures.document(
	"aws_sqs_queue", "policy",
	allow({"Principal": {"Service": service}, "Condition": condition}),
)

serving(service, condition) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([statement(service, condition)])
		with data.settings.access.trusted_organizations as ["o-ours"]
}

test_couriers if {
	every service in ["cloudtrail", "iot", "s3", "ses", "sns"] {
		serving(sprintf("%s.amazonaws.com", [service]), {}) == {"ACC-SVC-001"}
	}
	warned([statement("s3.amazonaws.com", {})]) == set()
	warned([statement("events.amazonaws.com", {})]) == {"ACC-SVC-002"}
	warned([fixtures.document("aws_sqs_queue", "policy", allow({"Principal": {"AWS": "111111111111"}}))]) == set()
}

test_conditions_that_say_for_whom if {
	said := [
		{"StringEquals": {"aws:SourceAccount": "111111111111"}},
		{"ArnLike": {"aws:SourceArn": "arn:aws:s3:::data-lake"}},
		{"StringEquals": {"aws:SourceOrgID": "o-ours"}},
		{"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-ours/r-1/*"}},
		{"StringEquals": {"aws:SourceOwner": "111111111111"}},
		{"StringEquals": {"kms:CallerAccount": "111111111111"}},
		{"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
		{"StringEquals": {"kms:EncryptionContext:x": "y"}},
	]
	every condition in said {
		serving("s3.amazonaws.com", condition) == set()
	}
	unsaid := [
		{"StringEquals": {"aws:PrincipalOrgID": "o-ours"}},
		{"ArnLike": {"aws:SourceArn": "*"}},
		{"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
		{"StringEquals": {"xkms:ViaService": "sqs.us-east-1.amazonaws.com"}},
		{"StringNotEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
	]
	every condition in unsaid {
		serving("s3.amazonaws.com", condition) == {"ACC-SVC-001"}
	}
}

test_permissions_for_what_is_no_service if {
	warned([fixtures.create("aws_lambda_permission", {"principal": "events.amazonaws.com"})]) == {"ACC-SVC-002"}
	warned([fixtures.create("aws_lambda_permission", {"principal": "111111111111"})]) == set()
	warned([fixtures.create("aws_lambda_permission", {"principal": "x.amazonaws.com.example"})]) == set()
}

# ---------------------------------------------------------------- identity providers

token(provider, condition) := queue(allow({"Principal": {"Federated": provider}, "Condition": condition}))

test_providers_whose_applications_can_be_told_apart if {
	every name in ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"] {
		every claim in ["aud", "app_id", "sub"] {
			token(name, {"StringEquals": {sprintf("%s:%s", [name, claim]): "mine"}}) == set()
		}
		token(name, {"StringNotEquals": {sprintf("%s:aud", [name]): "mine"}}) == {"ACC-FED-001"}
	}
	token("x:oidc-provider/y", {}) == {"ACC-FED-001"}
}
