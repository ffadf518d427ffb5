package terraform.encryption_test

import rego.v1

import data.terraform.encryption
import data.terraform.fixtures

bucket := fixtures.vague("aws_s3_bucket", {"bucket": "data-lake"}, {"id": true})

encrypted(algorithm) := fixtures.vague(
	"aws_s3_bucket_server_side_encryption_configuration",
	{"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": algorithm}]}]},
	{"bucket": true},
)

tls := {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

policy(statement) := object.union(
	fixtures.document("aws_s3_bucket_policy", "policy", statement),
	{"change": {"after_unknown": {"bucket": true}}},
)

denied(changes) := found if {
	found := fixtures.ids(encryption.deny) with input as fixtures.plan(changes)
}

warned(changes) := found if {
	found := fixtures.ids(encryption.warn) with input as fixtures.plan(changes)
}

test_encrypted_bucket if denied([bucket, encrypted("aws:kms")]) == set()

test_bucket_without_encryption if denied([bucket]) == {"ENC-S3-001"}

test_encryption_of_another_bucket_does_not_count if {
	other := object.union(encrypted("aws:kms"), {"index": "y"})
	denied([bucket, other]) == {"ENC-S3-001"}
}

test_encryption_that_is_removed_does_not_count if {
	gone := fixtures.change("aws_s3_bucket_server_side_encryption_configuration", ["delete"], null, {})
	denied([bucket, gone]) == {"ENC-S3-001"}
}

test_encryption_found_by_name if {
	named := fixtures.create("aws_s3_bucket_server_side_encryption_configuration", {
		"bucket": "data-lake",
		"rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": "AES256"}]}],
	})
	denied([bucket, object.union(named, {"index": "y"})]) == set()
}

test_algorithm_that_is_not_allowed if denied([bucket, encrypted("DES")]) == {"ENC-S3-002"}

test_algorithm_unknown if {
	unknown := fixtures.vague(
		"aws_s3_bucket_server_side_encryption_configuration",
		{"rule": [{"apply_server_side_encryption_by_default": [{}]}]},
		{"bucket": true, "rule": [{"apply_server_side_encryption_by_default": [{"sse_algorithm": true}]}]},
	)
	denied([bucket, unknown]) == {"ENC-S3-003"}
	none := fixtures.vague("aws_s3_bucket_server_side_encryption_configuration", {"rule": null}, {"bucket": true})
	denied([bucket, none]) == {"ENC-S3-003"}
}

test_tls_only if {
	warned([bucket, policy(tls)]) == set()
	warned([bucket, policy([tls])]) == set()
	warned([bucket]) == {"ENC-S3-004"}
	warned([bucket, policy(object.union(tls, {"Effect": "Allow"}))]) == {"ENC-S3-004"}
}

test_rotated_key if denied([fixtures.create("aws_kms_key", {"enable_key_rotation": true, "deletion_window_in_days": 30})]) == set()

test_key_without_rotation if denied([fixtures.create("aws_kms_key", {"enable_key_rotation": false})]) == {"ENC-KMS-001"}

test_rotation_unknown if denied([fixtures.vague("aws_kms_key", {}, {"enable_key_rotation": true})]) == {"ENC-KMS-001"}

test_key_that_aws_cannot_rotate if {
	denied([fixtures.create("aws_kms_key", {"key_usage": "SIGN_VERIFY", "customer_master_key_spec": "RSA_2048"})]) == set()
}

test_short_deletion_window if {
	denied([fixtures.create("aws_kms_key", {"enable_key_rotation": true, "deletion_window_in_days": 7})]) == {"ENC-KMS-002"}
}

test_queue if {
	denied([fixtures.create("aws_sqs_queue", {"kms_master_key_id": null, "sqs_managed_sse_enabled": true})]) == set()
	denied([fixtures.create("aws_sqs_queue", {"kms_master_key_id": "alias/app"})]) == set()
	denied([fixtures.create("aws_sqs_queue", {"kms_master_key_id": "", "sqs_managed_sse_enabled": false})]) == {"ENC-SQS-001"}
	denied([fixtures.vague("aws_sqs_queue", {"kms_master_key_id": null}, {"sqs_managed_sse_enabled": true})]) == {"ENC-SQS-001"}
}

test_topic if {
	denied([fixtures.create("aws_sns_topic", {"kms_master_key_id": "alias/aws/sns"})]) == set()
	denied([fixtures.create("aws_sns_topic", {"kms_master_key_id": null})]) == {"ENC-SNS-001"}
	denied([fixtures.create("aws_sns_topic", {})]) == {"ENC-SNS-001"}
}

test_key_of_a_queue_unknown if {
	unknown := fixtures.vague("aws_sqs_queue", {}, {"kms_master_key_id": true})
	denied([unknown]) == set()
	warned([unknown]) == {"ENC-KEY-001"}
}

test_keys_that_aws_does_not_keep_cannot_rotate if {
	denied(fixtures.create("aws_kms_key", {"custom_key_store_id": "cks-1", "enable_key_rotation": false})) == set()
}
