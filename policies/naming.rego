# Names of new resources. Existing ones keep theirs: most names cannot change without a replacement.
package terraform.naming

import rego.v1

import data.settings.naming
import data.terraform.lib

named contains {"resource": r, "attribute": attribute} if {
	some r in lib.present
	lib.creates(r)
	attribute := naming.attributes[r.type]
}

pattern(kind) := object.get(data.settings.naming.patterns, kind, data.settings.naming.patterns["default"])

# METADATA
# title: Names follow the convention
# description: Who owns a thing and what it is for is told by its name; a bucket with a dot in its name has no valid TLS certificate.
# custom:
#   id: NAME-001
#   severity: medium
#   resources: [aws_cloudwatch_log_group, aws_dynamodb_table, aws_iam_role, aws_kms_alias, aws_lambda_function,
#     aws_s3_bucket, aws_sns_topic, aws_sqs_queue]
#   elsewhere: [AVD-AWS-0320]
#   bad: {aws_sqs_queue: {name: MyQueue_1}}
#   good: {aws_sqs_queue: {name: orders}}
deny contains finding if {
	some item in named
	name := lib.value(item.resource, item.attribute)
	is_string(name)
	not regex.match(pattern(item.resource.type), name)
	msg := sprintf("The name %q does not follow the convention %s.", [name, pattern(item.resource.type)])
	remediation := "Rename it; the conventions are in policies/data.json under settings.naming."
	finding := lib.finding("NAME-001", "medium", item.resource, msg, remediation)
}

# METADATA
# title: Names are known when they are judged
# description: What a prefix or another resource makes of a name nobody has seen.
# custom:
#   id: NAME-002
#   severity: medium
#   resources: [aws_cloudwatch_log_group, aws_dynamodb_table, aws_iam_role, aws_kms_alias, aws_lambda_function,
#     aws_s3_bucket, aws_sns_topic, aws_sqs_queue]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name_prefix: orders-, _unknown: [name]}}
#   good: {aws_sqs_queue: {name: orders}}
deny contains finding if {
	some item in named
	not is_string(lib.value(item.resource, item.attribute))
	msg := sprintf("The name (%s) is not known before it is created, so it cannot be checked.", [item.attribute])
	remediation := "Give the full name instead of a prefix."
	finding := lib.finding("NAME-002", "medium", item.resource, msg, remediation)
}
