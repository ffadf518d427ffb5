# Data at rest is encrypted, keys rotate, and buckets are reached over TLS.
package terraform.encryption

import rego.v1

import data.settings.encryption
import data.terraform.buckets
import data.terraform.lib
import data.terraform.transport

# ---------------------------------------------------------------- S3

s3_encryptions := lib.of_type("aws_s3_bucket_server_side_encryption_configuration")

s3_rules(r) := [default_ |
	some rule in lib.list(lib.value(r, "rule"))
	some default_ in lib.list(rule.apply_server_side_encryption_by_default)
]

deny contains finding if {
	some bucket in buckets.without(s3_encryptions)
	msg := "The bucket has no encryption configuration."
	remediation := "Add an aws_s3_bucket_server_side_encryption_configuration for it."
	finding := lib.finding("ENC-S3-001", "high", bucket, msg, remediation)
}

deny contains finding if {
	some r in s3_encryptions
	algorithms := {rule.sse_algorithm | some rule in s3_rules(r)}
	some algorithm in algorithms
	not algorithm in encryption.s3_algorithms
	msg := sprintf("The encryption algorithm %v is not allowed.", [algorithm])
	remediation := sprintf("Set sse_algorithm to one of: %s.", [concat(", ", encryption.s3_algorithms)])
	finding := lib.finding("ENC-S3-002", "high", r, msg, remediation)
}

# No rule, or one whose algorithm is not known yet.
deny contains finding if {
	some r in s3_encryptions
	algorithms := [rule.sse_algorithm | some rule in s3_rules(r)]
	count(algorithms) == 0
	msg := "The encryption algorithm is missing or known only after apply."
	remediation := "Write sse_algorithm as a plain value."
	finding := lib.finding("ENC-S3-003", "high", r, msg, remediation)
}

warn contains finding if {
	some bucket in buckets.without(tls_only)
	msg := "The bucket accepts plain HTTP."
	remediation := "Keep tls_only = true, which denies requests without aws:SecureTransport."
	finding := lib.finding("ENC-S3-004", "medium", bucket, msg, remediation)
}

tls_only := [r |
	some r in array.concat(lib.of_type("aws_s3_bucket_policy"), lib.of_type("aws_s3_bucket"))
	r.address in transport.complete
]

# ---------------------------------------------------------------- KMS

# Keys that AWS can rotate: symmetric ones that encrypt, and that AWS keeps.
rotatable := [r |
	some r in lib.of_type("aws_kms_key")
	object.get(r.change.after, "key_usage", "ENCRYPT_DECRYPT") in {"ENCRYPT_DECRYPT", null}
	object.get(r.change.after, "customer_master_key_spec", "SYMMETRIC_DEFAULT") in {"SYMMETRIC_DEFAULT", null}
	lib.blank(lib.value(r, "custom_key_store_id"))
	not lib.unknown(r, "custom_key_store_id")
]

deny contains finding if {
	some r in rotatable
	not lib.value(r, "enable_key_rotation") == true
	msg := "The key is not rotated, or whether it is known only after apply."
	remediation := "Set enable_key_rotation = true."
	finding := lib.finding("ENC-KMS-001", "high", r, msg, remediation)
}

deny contains finding if {
	some r in lib.of_type("aws_kms_key")
	days := lib.value(r, "deletion_window_in_days")
	is_number(days)
	days < encryption.kms_deletion_window_days
	msg := sprintf("A deleted key could be restored for %v days only.", [days])
	remediation := sprintf("Set deletion_window_in_days to %v or more.", [encryption.kms_deletion_window_days])
	finding := lib.finding("ENC-KMS-002", "medium", r, msg, remediation)
}

# ---------------------------------------------------------------- SQS and SNS

deny contains finding if {
	some r in lib.of_type("aws_sqs_queue")
	lib.blank(lib.value(r, "kms_master_key_id"))
	not lib.unknown(r, "kms_master_key_id")
	not lib.value(r, "sqs_managed_sse_enabled") == true
	msg := "The queue is not encrypted, or whether it is known only after apply."
	remediation := "Set kms_master_key_id, or leave the encryption that SQS manages switched on."
	finding := lib.finding("ENC-SQS-001", "high", r, msg, remediation)
}

deny contains finding if {
	some r in lib.of_type("aws_sns_topic")
	lib.blank(lib.value(r, "kms_master_key_id"))
	not lib.unknown(r, "kms_master_key_id")
	msg := "The topic is not encrypted."
	remediation := "Set kms_master_key_id, for example to alias/aws/sns."
	finding := lib.finding("ENC-SNS-001", "high", r, msg, remediation)
}

warn contains finding if {
	some r in array.concat(lib.of_type("aws_sqs_queue"), lib.of_type("aws_sns_topic"))
	lib.unknown(r, "kms_master_key_id")
	msg := "Which key encrypts it is known only after apply."
	remediation := "Name an existing key, so that reviewers can see it."
	finding := lib.finding("ENC-KEY-001", "low", r, msg, remediation)
}
