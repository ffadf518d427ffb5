# Keys that AWS does not rotate, and the edges of what is asked of the others.
package terraform.encryption_edges_test

import rego.v1

import data.terraform.encryption
import data.terraform.fixtures

denied(change) := found if {
	found := fixtures.ids(encryption.deny) with input as fixtures.plan([change])
}

warned(change) := found if {
	found := fixtures.ids(encryption.warn) with input as fixtures.plan([change])
}

key(extra) := fixtures.create("aws_kms_key", object.union({"enable_key_rotation": false}, extra))

test_keys_that_aws_can_rotate if {
	denied(key({"key_usage": null, "customer_master_key_spec": null, "custom_key_store_id": null})) == {"ENC-KMS-001"}
	denied(key({"key_usage": "ENCRYPT_DECRYPT", "customer_master_key_spec": "SYMMETRIC_DEFAULT"})) == {"ENC-KMS-001"}
	denied(key({"key_usage": "SIGN_VERIFY"})) == set()
	denied(key({"customer_master_key_spec": "RSA_2048"})) == set()
	denied(key({"custom_key_store_id": "cks-1"})) == set()
	denied(fixtures.vague("aws_kms_key", {"enable_key_rotation": false}, {"custom_key_store_id": true})) == set()
}

test_days_until_a_key_is_gone if {
	rotated := {"enable_key_rotation": true}
	denied(key(object.union(rotated, {"deletion_window_in_days": 14}))) == set()
	denied(key(object.union(rotated, {"deletion_window_in_days": 13}))) == {"ENC-KMS-002"}
}

test_a_topics_key_that_is_not_known_yet if {
	topic := fixtures.vague("aws_sns_topic", {}, {"kms_master_key_id": true})
	denied(topic) == set()
	warned(topic) == {"ENC-KEY-001"}
	warned(fixtures.create("aws_sns_topic", {"kms_master_key_id": "alias/aws/sns"})) == set()
}

bucket := fixtures.vague("aws_s3_bucket", {"bucket": "data-lake"}, {"id": true})

tls := {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

plain_http(kind, extra) if {
	policy := fixtures.create(kind, {"bucket": "data-lake", "policy": json.marshal({"Statement": object.union(tls, extra)})})
	fixtures.ids(encryption.warn) == {"ENC-S3-004"} with input as fixtures.plan([bucket, policy])
}

test_what_only_looks_like_tls_only if {
	not plain_http("aws_s3_bucket_policy", {})
	plain_http("aws_any", {})
	plain_http("aws_s3_bucket_policy", {"Principal": {"AWS": "111111111111"}})
	plain_http("aws_s3_bucket_policy", {"Action": "s3:GetObject"})
	policy := {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
	every condition in [
		{"Bool": {"aws:MultiFactorAuthPresent": "false"}},
		{"Bool": {"aws:SecureTransport": "true"}},
	] {
		change := fixtures.create("aws_s3_bucket_policy", {
			"bucket": "data-lake",
			"policy": json.marshal({"Statement": object.union(policy, {"Condition": condition})}),
		})
		fixtures.ids(encryption.warn) == {"ENC-S3-004"} with input as fixtures.plan([bucket, change])
	}
}
