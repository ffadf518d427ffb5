# Data at rest is encrypted, keys rotate, and buckets are reached over TLS.
package terraform.encryption

import rego.v1

import data.settings.encryption
import data.terraform.buckets
import data.terraform.lib

# ---------------------------------------------------------------- S3

s3_encryptions := lib.of_type("aws_s3_bucket_server_side_encryption_configuration")

s3_rules(r) := [default_ |
	some rule in lib.list(lib.value(r, "rule"))
	some default_ in lib.list(rule.apply_server_side_encryption_by_default)
]

# METADATA
# title: Each bucket says how it is encrypted
# description: What nobody has chosen nobody looks after; a setting of another bucket does not count.
# custom:
#   id: ENC-S3-001
#   severity: high
#   resources: [aws_s3_bucket]
#   elsewhere: [CKV_AWS_19, AVD-AWS-0088, s3_bucket_default_encryption]
#   bad: {aws_s3_bucket: {bucket: orders}}
#   good: {aws_s3_bucket: {bucket: orders}, aws_s3_bucket_server_side_encryption_configuration: {bucket: orders, rule: [{apply_server_side_encryption_by_default: [{sse_algorithm: AES256}]}]}}
deny contains finding if {
	some bucket in buckets.without(s3_encryptions)
	msg := "The bucket has no encryption configuration."
	remediation := "Add an aws_s3_bucket_server_side_encryption_configuration for it."
	finding := lib.finding("ENC-S3-001", "high", bucket, msg, remediation)
}

# METADATA
# title: Buckets are encrypted as it was agreed
# description: The setting lists the algorithms that may be used here.
# custom:
#   id: ENC-S3-002
#   severity: high
#   resources: [aws_s3_bucket_server_side_encryption_configuration]
#   elsewhere: [CKV_AWS_19, AVD-AWS-0088]
#   bad: {aws_s3_bucket_server_side_encryption_configuration: {bucket: orders, rule: [{apply_server_side_encryption_by_default: [{sse_algorithm: DES}]}]}}
#   good: {aws_s3_bucket_server_side_encryption_configuration: {bucket: orders, rule: [{apply_server_side_encryption_by_default: [{sse_algorithm: AES256}]}]}}
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
# METADATA
# title: The encryption of a bucket is known when it is judged
# description: What is known only after apply may be nothing at all.
# custom:
#   id: ENC-S3-003
#   severity: high
#   resources: [aws_s3_bucket_server_side_encryption_configuration]
#   elsewhere: [CKV_AWS_19, AVD-AWS-0088]
#   bad: {aws_s3_bucket_server_side_encryption_configuration: {bucket: orders, rule: [{apply_server_side_encryption_by_default: [{}]}]}}
#   good: {aws_s3_bucket_server_side_encryption_configuration: {bucket: orders, rule: [{apply_server_side_encryption_by_default: [{sse_algorithm: AES256}]}]}}
deny contains finding if {
	some r in s3_encryptions
	algorithms := [rule.sse_algorithm | some rule in s3_rules(r)]
	count(algorithms) == 0
	msg := "The encryption algorithm is missing or known only after apply."
	remediation := "Write sse_algorithm as a plain value."
	finding := lib.finding("ENC-S3-003", "high", r, msg, remediation)
}

# METADATA
# title: Buckets take no plain HTTP
# description: Everybody on the way reads what is sent over it.
# custom:
#   id: ENC-S3-004
#   severity: medium
#   resources: [aws_s3_bucket]
#   elsewhere: [S3.5, CKV_AWS_379, s3_bucket_secure_transport_policy]
#   bad: {aws_s3_bucket: {bucket: orders}}
#   good: {aws_s3_bucket: {bucket: orders}, aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*",
#     Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
warn contains finding if {
	some bucket in buckets.without(tls_only)
	msg := "The bucket accepts plain HTTP."
	remediation := "Keep tls_only = true, which denies requests without aws:SecureTransport."
	finding := lib.finding("ENC-S3-004", "medium", bucket, msg, remediation)
}

tls_only := [r |
	some r in array.concat(lib.of_type("aws_s3_bucket_policy"), lib.of_type("aws_s3_bucket"))
	r.address in data.terraform.transport.complete
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

# METADATA
# title: Keys rotate
# description: A key that leaked opens only what was encrypted until the next rotation.
# custom:
#   id: ENC-KMS-001
#   severity: high
#   resources: [aws_kms_key]
#   elsewhere: [KMS.4, CKV_AWS_7, AVD-AWS-0065, kms_cmk_rotation_enabled]
#   bad: {aws_kms_key: {enable_key_rotation: false}}
#   good: {aws_kms_key: {enable_key_rotation: true}}
deny contains finding if {
	some r in rotatable
	not lib.value(r, "enable_key_rotation") == true
	msg := "The key is not rotated, or whether it is known only after apply."
	remediation := "Set enable_key_rotation = true."
	finding := lib.finding("ENC-KMS-001", "high", r, msg, remediation)
}

# METADATA
# title: A deleted key can be restored for some time
# description: What it has encrypted is lost with it, and that is often noticed after days.
# custom:
#   id: ENC-KMS-002
#   severity: medium
#   resources: [aws_kms_key]
#   elsewhere: [KMS.3, kms_cmk_not_deleted_unintentionally]
#   bad: {aws_kms_key: {enable_key_rotation: true, deletion_window_in_days: 7}}
#   good: {aws_kms_key: {enable_key_rotation: true, deletion_window_in_days: 30}}
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

# METADATA
# title: Queues are encrypted
# description: Messages lie on disks until somebody reads them.
# custom:
#   id: ENC-SQS-001
#   severity: high
#   resources: [aws_sqs_queue]
#   elsewhere: [SQS.1, CKV_AWS_27, AVD-AWS-0096, sqs_queues_server_side_encryption_enabled]
#   bad: {aws_sqs_queue: {sqs_managed_sse_enabled: false}}
#   good: {aws_sqs_queue: {sqs_managed_sse_enabled: true}}
deny contains finding if {
	some r in lib.of_type("aws_sqs_queue")
	lib.blank(lib.value(r, "kms_master_key_id"))
	not lib.unknown(r, "kms_master_key_id")
	not lib.value(r, "sqs_managed_sse_enabled") == true
	msg := "The queue is not encrypted, or whether it is known only after apply."
	remediation := "Set kms_master_key_id, or leave the encryption that SQS manages switched on."
	finding := lib.finding("ENC-SQS-001", "high", r, msg, remediation)
}

# METADATA
# title: Topics are encrypted
# description: Messages lie on disks until they are delivered.
# custom:
#   id: ENC-SNS-001
#   severity: high
#   resources: [aws_sns_topic]
#   elsewhere: [SNS.1, CKV_AWS_26, AVD-AWS-0095, sns_topics_kms_encryption_at_rest_enabled]
#   bad: {aws_sns_topic: {name: orders}}
#   good: {aws_sns_topic: {name: orders, kms_master_key_id: alias/aws/sns}}
deny contains finding if {
	some r in lib.of_type("aws_sns_topic")
	lib.blank(lib.value(r, "kms_master_key_id"))
	not lib.unknown(r, "kms_master_key_id")
	msg := "The topic is not encrypted."
	remediation := "Set kms_master_key_id, for example to alias/aws/sns."
	finding := lib.finding("ENC-SNS-001", "high", r, msg, remediation)
}

# METADATA
# title: The key is known when it is judged
# description: Whose key it is, and who may use it, nobody can look up before it is there.
# custom:
#   id: ENC-KEY-001
#   severity: low
#   resources: [aws_sns_topic, aws_sqs_queue]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, _unknown: [kms_master_key_id]}}
#   good: {aws_sqs_queue: {name: orders, kms_master_key_id: alias/app}}
warn contains finding if {
	some r in array.concat(lib.of_type("aws_sqs_queue"), lib.of_type("aws_sns_topic"))
	lib.unknown(r, "kms_master_key_id")
	msg := "Which key encrypts it is known only after apply."
	remediation := "Name an existing key, so that reviewers can see it."
	finding := lib.finding("ENC-KEY-001", "low", r, msg, remediation)
}
