package terraform.sharing_test

import rego.v1

import data.terraform.fixtures
import data.terraform.sharing

denied(kind, after) := found if {
	found := fixtures.ids(sharing.deny) with input as fixtures.plan([fixtures.create(kind, after)])
}

warned(kind, after) := found if {
	found := fixtures.ids(sharing.warn) with input as fixtures.plan([fixtures.create(kind, after)])
}

test_shared_with_everybody if {
	denied("aws_db_snapshot", {"shared_accounts": ["all"]}) == {"ACC-PUB-013"}
	denied("aws_ssm_document", {"permissions": {"type": "Share", "account_ids": "All"}}) == {"ACC-PUB-013"}
	denied("aws_imagebuilder_distribution_configuration", {"distribution": [{"x": [{"user_groups": ["all"]}]}]}) == {"ACC-PUB-013"}
	denied("aws_db_snapshot", {"shared_accounts": ["111111111111"], "tags": {"scope": "all"}}) == set()
}

test_public_address if {
	denied("aws_db_instance", {"publicly_accessible": true}) == {"ACC-PUB-014"}
	denied("aws_db_instance", {"publicly_accessible": false}) == set()
}

test_meant_for_everybody if {
	warned("aws_cognito_identity_pool", {"allow_unauthenticated_identities": true}) == {"ACC-PUB-015"}
	warned("aws_ecrpublic_repository", {"repository_name": "x"}) == {"ACC-PUB-015"}
	warned("aws_cognito_identity_pool", {"allow_unauthenticated_identities": false}) == set()
}

list(grantee) := {"access_control_policy": [{"owner": [{"id": "a1"}], "grant": [{"permission": "READ", "grantee": [grantee]}]}]}

test_acl_of_somebody_else if {
	denied("aws_s3_bucket_acl", list({"type": "CanonicalUser", "id": "b2"})) == {"ACC-ACC-011"}
	denied("aws_s3_bucket_acl", list({"type": "AmazonCustomerByEmail", "email_address": "x@example.com"})) == {"ACC-ACC-011"}
	denied("aws_s3_bucket", {"bucket": "x", "grant": [{"id": "b2", "permissions": ["READ"]}]}) == {"ACC-ACC-011"}
	denied("aws_s3_bucket_acl", list({"type": "CanonicalUser", "id": "a1"})) == set()
	denied("aws_s3_bucket_acl", list({"type": "Group", "uri": "http://acs.amazonaws.com/groups/s3/LogDelivery"})) == set()
	denied("aws_s3_bucket_acl", list({"type": "CanonicalUser", "id": "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"})) == set()
	with_setting := fixtures.ids(sharing.deny) with input as fixtures.plan([fixtures.create("aws_s3_bucket_acl", list({"id": "b2"}))])
		with data.settings.access.trusted_principals as ["B2"]
	with_setting == set()
}

test_a_bucket_that_exists_has_its_owner_in_its_list if {
	granted := {"bucket": "x", "grant": [{"id": "b2", "permissions": ["FULL_CONTROL"]}]}
	row := fixtures.change("aws_s3_bucket", ["no-op"], granted, {})
	change := object.union(row, {"change": object.union(row.change, {"before": granted})})
	found := fixtures.ids(sharing.deny) with input as fixtures.plan([change])
	found == set()
}

test_images if {
	image := "111111111111.dkr.ecr.us-east-1.amazonaws.com/x:1"
	denied("aws_lambda_function", {"image_uri": image}) == set()
	denied("aws_lambda_function", {"image_uri": "111111111111.dkr-ecr.us-east-1.on.aws/x:1"}) == set()
	denied("aws_lambda_function", {"image_uri": ""}) == set()
	every other in ["docker.io/x/y:1", "public.ecr.aws/x/y:1", "111111111111.dkr.ecr.us-east-1.amazonaws.com.example.com/x:1"] {
		denied("aws_lambda_function", {"image_uri": other}) == {"ACC-ACC-012"}
	}
}

test_buckets_of_nobody_knows_whom if {
	replica := {"rule": [{"destination": [{"bucket": "arn:aws:s3:::elsewhere"}]}]}
	warned("aws_s3_bucket_replication_configuration", replica) == {"ACC-ACC-013"}
	own := {"rule": [{"destination": [{"bucket": "arn:aws:s3:::elsewhere", "account": "111111111111"}]}]}
	warned("aws_s3_bucket_replication_configuration", own) == set()
	warned("aws_lambda_function", {"s3_bucket": "artifacts"}) == {"ACC-ACC-013"}
	warned("aws_lambda_function", {"s3_bucket": "artifacts", "s3_object_version": "v1"}) == set()
	both := [fixtures.create("aws_lambda_function", {"s3_bucket": "artifacts"}), fixtures.create("aws_s3_bucket", {"bucket": "artifacts"})]
	found := fixtures.ids(sharing.warn) with input as fixtures.plan(both)
	found == set()
}

invoked(after) := denied("aws_lambda_permission", after)

test_who_may_invoke if {
	every principal in ["alexa-appkit.amazon.com", "AIDAJQABLZS4A3QDU576Q", "x.amazonaws.com.example", "a*"] {
		invoked({"principal": principal}) == {"ACC-ACC-014"}
	}
	every principal in ["*", "111111111111", "arn:aws:iam::111111111111:role/app", "s3.amazonaws.com", "sns.amazonaws.com.cn", "", null] {
		invoked({"principal": principal}) == set()
	}
	every skill in ["alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"] {
		invoked({"principal": skill, "event_source_token": "amzn1.ask.skill.1"}) == set()
	}
	invoked({"principal": "x.example.com", "event_source_token": "amzn1.ask.skill.1"}) == {"ACC-ACC-014"}
	invoked({"principal": "alexa-appkit.amazon.com", "event_source_token": ""}) == {"ACC-ACC-014"}
	change := fixtures.create("aws_lambda_permission", {"principal": "AIDAJQABLZS4A3QDU576Q"})
	found := sharing.deny with input as fixtures.plan([change]) with data.settings.access.trusted_principals as ["AIDAJQABLZS4A3QDU576Q"]
	fixtures.ids(found) == set()
}
