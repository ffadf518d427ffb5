# Every type, action, key and operator that the rules about locking out name, and what comes close to one.
package terraform.resource_policies_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.resource_policies

denied_in(plan) := found if {
	found := fixtures.ids(resource_policies.deny) with input as plan
}

denied(change) := denied_in(fixtures.plan([change]))

# The same where nobody says which account is ours.
denied_nameless(change) := denied_in(object.remove(fixtures.plan([change]), ["variables"]))

warned(change) := found if {
	found := fixtures.ids(resource_policies.warn) with input as fixtures.plan([change])
}

locked := {"CARE-LOCK-001"}

# ---------------------------------------------------------------- what denies oneself

actions_locked(kind, action) := values if {
	statement := {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
	plan := fixtures.plan([fixtures.document(kind, "policy", statement)])
	values := {finding.value | some finding in resource_policies.deny; finding.id == "CARE-LOCK-001"} with input as plan
}

test_every_action_without_which_a_policy_stays if {
	every row in [
		["aws_backup_vault_policy", "backup:*", {"backup:putbackupvaultaccesspolicy", "backup:deletebackupvaultaccesspolicy"}],
		["aws_ecr_repository_policy", "ecr:*", {"ecr:setrepositorypolicy", "ecr:deleterepositorypolicy"}],
		["aws_efs_file_system_policy", "*", {"elasticfilesystem:putfilesystempolicy", "elasticfilesystem:deletefilesystempolicy"}],
		["aws_iam_role", "sts:*", {"sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"}],
		["aws_kms_external_key", "kms:*", {"kms:putkeypolicy"}],
		["aws_kms_key", "kms:*", {"kms:putkeypolicy"}],
		["aws_kms_key_policy", "kms:*", {"kms:putkeypolicy"}],
		["aws_kms_replica_external_key", "kms:*", {"kms:putkeypolicy"}],
		["aws_kms_replica_key", "kms:*", {"kms:putkeypolicy"}],
		["aws_s3_bucket", "s3:*", {"s3:putbucketpolicy", "s3:deletebucketpolicy"}],
		["aws_s3_bucket_policy", "s3:*", {"s3:putbucketpolicy", "s3:deletebucketpolicy"}],
		["aws_secretsmanager_secret_policy", "*", {"secretsmanager:putresourcepolicy", "secretsmanager:deleteresourcepolicy"}],
		["aws_sns_topic", "sns:*", {"sns:settopicattributes"}],
		["aws_sns_topic_policy", "sns:*", {"sns:settopicattributes"}],
		["aws_sqs_queue", "sqs:*", {"sqs:setqueueattributes"}],
		["aws_sqs_queue_policy", "sqs:*", {"sqs:setqueueattributes"}],
		["aws_any", "*", set()],
	] {
		actions_locked(row[0], row[1]) == row[2]
	}
}

bucket(statement) := fixtures.document("aws_s3_bucket_policy", "policy", object.union({"Effect": "Deny"}, statement))

# Everybody is denied everything on a bucket, under a condition.
where(condition) := bucket({"Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition})

everybody(statement) := bucket(object.union({"Principal": "*", "Resource": "*"}, statement))

test_patterns_too_long_to_read_deny_and_spare_nothing if {
	long := concat("", ["s3:", concat("", ["*" | some _ in numbers.range(1, 1100)])])
	denied(everybody({"Action": long})) == set()
	denied(everybody({"NotAction": ["s3:GetObject", long]})) == locked
}

whom(principals) := bucket(object.union(principals, {"Action": "s3:*", "Resource": "*"}))

test_whom_a_deny_hits if {
	every row in [
		[{"Principal": {"Service": "*"}}, set()],
		[{"Principal": {"AWS": ""}}, set()],
		[{"NotPrincipal": {"AWS": "*"}}, set()],
		[{"NotPrincipal": {"AWS": ["arn:aws:iam::222222222222:role/x", "arn:aws:iam::111111111111:role/admin"]}}, set()],
		[{"NotPrincipal": {"AWS": ["arn:aws:iam::222222222222:role/x", "arn:aws:iam::333333333333:role/x"]}}, locked],
		[{}, set()],
	] {
		denied(whom(row[0])) == row[1]
	}
}

test_whom_a_deny_hits_where_our_account_is_not_known if {
	every row in [
		[{"Principal": "*"}, locked],
		[{"Principal": {"AWS": ""}}, set()],
		[{"Principal": {"AWS": "arn:aws:iam::222222222222:root"}}, set()],
		[{"NotPrincipal": {"AWS": "arn:aws:iam::222222222222:role/admin"}}, set()],
		[{"NotPrincipal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}}, locked],
	] {
		denied_nameless(whom(row[0])) == row[1]
	}
}

test_which_resources_are_the_bucket if {
	every row in [
		[{"Resource": "arn:aws:s3:::*"}, locked],
		[{"Resource": "arn:aws:s3:::*/*"}, set()],
		[{"Resource": "arn:aws:s3:::data*/tmp"}, set()],
		[{"NotResource": "arn:aws:s3:::data-lake/*"}, locked],
		[{"NotResource": "arn:aws:s3:::data-lake"}, set()],
		[{"NotResource": ["arn:aws:s3:::data-lake/tmp/*", "arn:aws:s3:::data-lake"]}, set()],
	] {
		denied(bucket(object.union({"Principal": "*", "Action": "s3:*"}, row[0]))) == row[1]
	}
}

test_names_with_a_slash_that_are_no_objects if {
	denied(fixtures.document("aws_efs_file_system_policy", "policy", {
		"Effect": "Deny", "Principal": "*", "Action": "*",
		"Resource": "arn:aws:elasticfilesystem:us-east-1:111111111111:file-system/fs-12345678",
	})) == locked
}

test_keys_that_each_request_has if {
	every key in [
		"aws:CurrentTime", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalType", "aws:SecureTransport",
		"aws:userid",
	] {
		denied(where({"Null": {key: "false"}})) == locked
		denied(where({"StringLike": {key: "*"}})) == locked
	}
}

test_more_conditions_that_hold_for_us if {
	every condition in [
		{"BoolIfExists": {"aws:SecureTransport": "true"}},
		{"StringLike": {"aws:SecureTransport": "true"}},
		{"StringEquals": {"aws:SecureTransport": "true"}},
		{"ForAnyValue:StringLike": {"aws:PrincipalArn": "*"}},
		{"ArnLike": {"aws:PrincipalArn": "*"}},
		{"ArnEquals": {"aws:PrincipalArn": "*"}},
		{"StringLikeIfExists": {"aws:SourceVpce": "*"}},
		{"ArnLikeIfExists": {"aws:SourceArn": "*"}},
		{"ArnEqualsIfExists": {"aws:SourceArn": "*"}},
		{"StringLike": {"aws:PrincipalAccount": "111111111111"}},
		{"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/x"}},
	] {
		denied(where(condition)) == locked
	}
}

test_conditions_that_spare_some_of_us if {
	every condition in [
		{"StringNotEquals": {"aws:SecureTransport": "true"}},
		{"Null": {"aws:SecureTransport": "true"}},
		{"Bool": {"aws:ViaAWSService": "true"}},
		{"StringEquals": {"aws:PrincipalTag/admin": "true"}},
		{"Null": {"aws:SourceVpce": "false"}},
		{"StringLike": {"aws:SourceVpce": "*"}},
		{"StringEquals": {"aws:PrincipalArn": "*"}},
		{"StringNotLike": {"aws:PrincipalArn": "*"}},
		{"StringEqualsIfExists": {"aws:SourceVpce": "*"}},
		{"StringNotLikeIfExists": {"aws:SourceVpce": "*"}},
		{"StringLikeIfExists": {"aws:SourceVpce": "vpce-1"}},
		{"StringEquals": {"aws:PrincipalAccount": "222222222222"}},
		{"StringEquals": {"aws:PrincipalTag/account": "111111111111"}},
		{"StringNotEquals": {"aws:PrincipalTag/account": "222222222222"}},
		{"StringNotLike": {"aws:PrincipalAccount": "1111*"}},
		{"StringNotLike": {"aws:PrincipalAccount": "*111111111111"}},
		{"StringNotLike": {"aws:PrincipalAccount": "111111111111*"}},
		{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/x"}},
		{"StringNotEquals": {"aws:PrincipalTag/owner": "arn:aws:iam::222222222222:role/x"}},
		{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
		{"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::222222222222:role/x", "arn:aws:iam::111111111111:role/admin"]}},
	] {
		denied(where(condition)) == set()
	}
}

test_conditions_on_accounts_where_ours_is_not_known if {
	denied_nameless(where({"StringNotEquals": {"aws:PrincipalAccount": "222222222222"}})) == set()
	denied_nameless(where({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::222222222222:role/admin"}})) == set()
}

# ---------------------------------------------------------------- keys that nobody administers

key_types := ["aws_kms_external_key", "aws_kms_key", "aws_kms_key_policy", "aws_kms_replica_external_key", "aws_kms_replica_key"]

administrator(extra) := object.union(
	{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "kms:*", "Resource": "*"},
	extra,
)

key(statement) := fixtures.document("aws_kms_key", "policy", statement)

nobody := {"CARE-LOCK-002"}

test_every_kind_of_key if {
	every kind in key_types {
		denied(fixtures.document(kind, "policy", administrator({}))) == set()
		denied(fixtures.document(kind, "policy", administrator({"Action": "kms:Decrypt"}))) == nobody
		denied(fixtures.create(kind, {"bypass_policy_lockout_safety_check": true})) == {"CARE-LOCK-003"}
	}
	denied(fixtures.document("aws_any", "policy", administrator({"Action": "kms:Decrypt"}))) == set()
	denied(fixtures.create("aws_any", {"bypass_policy_lockout_safety_check": true})) == set()
}

test_an_identity_provider_administers_no_key if {
	denied(key({
		"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/x"},
		"Action": "kms:*", "Resource": "*",
	})) == nobody
}

test_conditions_under_which_somebody_of_ours_administers if {
	every row in [
		[{"StringEquals": {"aws:PrincipalAccount": "111111111111"}}, set()],
		[{"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, set()],
		[{"StringEquals": {"kms:CallerAccount": ["222222222222", "111111111111"]}}, set()],
		[{"StringEquals": {"kms:CallerAccount": "222222222222"}}, nobody],
		[{"StringNotEquals": {"kms:CallerAccount": "111111111111"}}, nobody],
		[{"StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, nobody],
		[{"StringEquals": {"aws:SourceVpc": "vpc-1"}}, nobody],
		[{"StringEquals": {"aws:SourceAccount": "111111111111"}}, nobody],
	] {
		denied(key(administrator({"Principal": "*", "Condition": row[0]}))) == row[1]
	}
}

test_an_administrator_of_no_account if {
	denied_nameless(key(administrator({"Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}}))) == nobody
	denied(key(administrator({"Principal": {"AWS": "AIDACKCEVSQ6C2EXAMPLE"}}))) == nobody
}

# ---------------------------------------------------------------- everything at once

grant(extra) := object.union({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, extra)

test_what_is_left_to_access_points if {
	every row in [
		[{"StringEquals": {"s3:DataAccessPointAccount": "111111111111"}}, set()],
		[{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-east-1:111111111111:accesspoint/x"}}, set()],
		[{"StringNotEquals": {"s3:DataAccessPointAccount": "111111111111"}}, {"CARE-DOC-002"}],
		[{"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}, {"CARE-DOC-002"}],
		[{}, {"CARE-DOC-002"}],
	] {
		statement := grant({"Principal": "*", "Condition": row[0]})
		warned(fixtures.document("aws_s3_bucket_policy", "policy", statement)) == row[1]
	}
}

test_who_is_the_account_itself if {
	every row in [
		[{"AWS": "111111111111"}, set()],
		[{"AWS": "arn:aws-cn:iam::111111111111:root"}, set()],
		[{"AWS": "arn:aws:iam::111111111111:user/123456789012"}, {"CARE-DOC-002"}],
		[{"AWS": "1111111111112"}, {"CARE-DOC-002"}],
		[{"Federated": "arn:aws:iam::111111111111:root"}, {"CARE-DOC-002"}],
	] {
		warned(fixtures.document("aws_s3_bucket_policy", "policy", grant({"Principal": row[0]}))) == row[1]
	}
}

test_everything_is_said_once if {
	every_action := grant({"Action": "*", "Principal": {"AWS": "arn:aws:iam::111111111111:role/app"}})
	denied(fixtures.document("aws_sqs_queue", "policy", every_action)) == {"CARE-DOC-001"}
	warned(fixtures.document("aws_sqs_queue", "policy", every_action)) == set()
}

# A Deny on all of a bucket that is meant for some objects, or for the services that call, and is for its owners, too.
test_keys_that_no_request_of_ours_has if {
	absent := [
		"aws:CalledVia", "aws:CalledViaFirst", "aws:PrincipalServiceName", "aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID",
		"kms:EncryptionContext:team", "kms:ViaService", "s3:delimiter", "s3:ExistingObjectTag/team", "s3:max-keys", "s3:prefix",
		"s3:RequestObjectTagKeys", "s3:VersionId", "s3:x-amz-server-side-encryption",
	]
	every key in absent {
		every operator in [
			"StringNotEquals", "StringNotLikeIfExists", "ArnNotLike", "NotIpAddress", "ForAllValues:StringEquals",
			"ForAllValues:StringNotEquals", "StringEqualsIfExists",
		] {
			denied(where({operator: {key: "x"}})) == locked
		}
		denied(where({"Null": {key: "true"}})) == locked
		denied(where({"Null": {key: "false"}})) == set()
		every operator in ["StringEquals", "ForAnyValue:StringNotEquals", "ForAnyValue:StringEqualsIfExists"] {
			denied(where({operator: {key: ["x", "true"]}})) == set()
		}
	}
	every key in [
		"aws:SourceVpce", "aws:SourceArnPattern", "aws:SourceAccounts", "x-aws:CalledVia", "kms:ViaServices", "x-kms:ViaService", "s3:delimiters",
		"s3:max-keys-of", "s3:prefixes", "s3:VersionIds", "x-s3:prefix", "aws:PrincipalOrgID",
	] {
		denied(where({"StringNotEquals": {key: "x"}})) == set()
		denied(where({"Null": {key: "true"}})) == set()
	}
}

test_nobody_of_ours_is_a_service if {
	every key in ["aws:PrincipalIsAWSService", "aws:ViaAWSService"] {
		every operator in ["Bool", "BoolIfExists", "StringEquals", "StringLike"] {
			denied(where({operator: {key: "false"}})) == locked
			denied(where({operator: {key: "true"}})) == set()
		}
		denied(where({"Null": {key: "false"}})) == set()
	}
	denied(where({"Bool": {"aws:MultiFactorAuthPresent": "false"}})) == set()
}
