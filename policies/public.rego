# Access for everybody.
package terraform.public

import rego.v1

import data.terraform.buckets
import data.terraform.lib
import data.terraform.trust

# METADATA
# title: Nobody is everybody
# description: Whoever finds the resource may use it, from any account.
# custom:
#   id: ACC-PUB-001
#   severity: critical
#   resources: ["*"]
#   elsewhere: [CKV_AWS_70, CKV_AWS_168, CKV_AWS_169, CKV_AWS_33, CKV_AWS_60, CKV_AWS_283, CKV_AWS_387, KMS.5, SQS.3,
#     SNS.4, s3_bucket_policy_public_write_access, s3_bucket_public_access, kms_key_not_publicly_accessible,
#     sqs_queues_not_publicly_accessible, sns_topics_not_publicly_accessible,
#     cloudwatch_log_group_not_publicly_accessible]
#   value: the actions, with a blank between them
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*"}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*",
#     Condition: {StringEquals: {"aws:SourceAccount": "111111111111"}}}]}}}
deny contains finding if {
	some s in data.terraform.access.allowed
	data.terraform.access.anyone(s)
	not trust.tied(s)
	msg := "A statement allows access to everybody."
	remediation := "Name the principals, or add a condition such as aws:SourceAccount or aws:PrincipalOrgID."
	finding := lib.about(concat(" ", s.actions), lib.finding("ACC-PUB-001", "critical", s.resource, msg, remediation))
}

switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

blocks := lib.of_type("aws_s3_bucket_public_access_block")

# METADATA
# title: Public access is blocked
# description: The block stops what a policy or an ACL opens by mistake.
# custom:
#   id: ACC-PUB-002
#   severity: critical
#   resources: [aws_s3_bucket_public_access_block, aws_s3_account_public_access_block]
#   elsewhere: [CKV_AWS_53, CKV_AWS_54, CKV_AWS_55, CKV_AWS_56, S3.1, S3.8, s3_account_level_public_access_blocks,
#     s3_bucket_level_public_access_block, AVD-AWS-0086, AVD-AWS-0087, AVD-AWS-0091, AVD-AWS-0093]
#   bad: {aws_s3_bucket_public_access_block: {bucket: app-data, block_public_acls: true, block_public_policy: false,
#     ignore_public_acls: true, restrict_public_buckets: true}}
#   good: {aws_s3_bucket_public_access_block: {bucket: app-data, block_public_acls: true, block_public_policy: true,
#     ignore_public_acls: true, restrict_public_buckets: true}}
deny contains finding if {
	some r in array.concat(blocks, lib.of_type("aws_s3_account_public_access_block"))
	off := [name | some name in switches; not lib.value(r, name) == true]
	count(off) > 0
	msg := sprintf("Public access is not fully blocked: %s off, or known only after apply.", [concat(", ", off)])
	remediation := "Keep block_public_access = true."
	finding := lib.finding("ACC-PUB-002", "critical", r, msg, remediation)
}

# METADATA
# title: Each bucket has a public access block
# description: The block stops what a policy or an ACL opens by mistake.
# custom:
#   id: ACC-PUB-003
#   severity: critical
#   resources: [aws_s3_bucket]
#   elsewhere: [CKV2_AWS_6, AVD-AWS-0094]
#   bad: {aws_s3_bucket: {bucket: app-data}}
#   good: {aws_s3_bucket: {bucket: app-data}, aws_s3_bucket_public_access_block: {bucket: app-data,
#     block_public_acls: true, block_public_policy: true, ignore_public_acls: true, restrict_public_buckets: true}}
deny contains finding if {
	some bucket in buckets.without(blocks)
	msg := "The bucket has no public access block."
	remediation := "Add an aws_s3_bucket_public_access_block for it."
	finding := lib.finding("ACC-PUB-003", "critical", bucket, msg, remediation)
}

# What has an access control list.
listable := [r |
	some kind in ["aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_bucket_object", "aws_s3_object", "aws_s3_object_copy"]
	some r in lib.of_type(kind)
]

# METADATA
# title: ACLs open nothing
# description: An ACL lets in people whom no policy names.
# custom:
#   id: ACC-PUB-004
#   severity: critical
#   resources: [aws_s3_bucket, aws_s3_bucket_acl, aws_s3_object, aws_s3_object_copy]
#   elsewhere: [CKV_AWS_20, CKV_AWS_57, S3.2, S3.3, s3_bucket_public_list_acl, s3_bucket_public_write_acl,
#     s3_bucket_object_public, AVD-AWS-0092]
#   value: the ACL
#   bad: {aws_s3_bucket_acl: {bucket: app-data, acl: public-read}}
#   good: {aws_s3_bucket_acl: {bucket: app-data, acl: private}}
deny contains finding if {
	some r in listable
	acl := lib.value(r, "acl")
	acl in {"public-read", "public-read-write", "authenticated-read"}
	msg := sprintf("The ACL %s opens it to others.", [acl])
	remediation := "Leave ACLs off (object_ownership = \"BucketOwnerEnforced\")."
	finding := lib.about(acl, lib.finding("ACC-PUB-004", "critical", r, msg, remediation))
}

# METADATA
# title: ACLs let no group in
# description: The groups are everybody, and everybody with an AWS account.
# custom:
#   id: ACC-PUB-007
#   severity: critical
#   resources: [aws_s3_bucket, aws_s3_bucket_acl, aws_s3_object, aws_s3_object_copy]
#   elsewhere: [CKV_AWS_375, CKV2_AWS_43]
#   bad: {aws_s3_bucket_acl: {bucket: app-data, access_control_policy: [{grant: [{permission: READ,
#     grantee: [{type: Group, uri: "http://acs.amazonaws.com/groups/global/AllUsers"}]}]}]}}
#   good: {aws_s3_bucket_acl: {bucket: app-data, access_control_policy: [{grant: [{permission: READ,
#     grantee: [{type: Group, uri: "http://acs.amazonaws.com/groups/s3/LogDelivery"}]}]}]}}
deny contains finding if {
	some r in listable
	walk(r.change.after, [_, uri])
	is_string(uri)
	regex.match("/groups/global/(AllUsers|AuthenticatedUsers)$", uri)
	msg := sprintf("An ACL grant lets the group %s in.", [uri])
	remediation := "Leave ACLs off (object_ownership = \"BucketOwnerEnforced\")."
	finding := lib.finding("ACC-PUB-007", "critical", r, msg, remediation)
}

# METADATA
# title: A function's URL asks who calls
# description: Anybody on the internet may call it otherwise.
# custom:
#   id: ACC-PUB-005
#   severity: critical
#   resources: [aws_lambda_function_url]
#   elsewhere: [CKV_AWS_258, awslambda_function_url_public]
#   bad: {aws_lambda_function_url: {function_name: app, authorization_type: NONE}}
#   good: {aws_lambda_function_url: {function_name: app, authorization_type: AWS_IAM}}
deny contains finding if {
	some r in lib.of_type("aws_lambda_function_url")
	not lib.value(r, "authorization_type") == "AWS_IAM"
	msg := "The function's URL can be called by everybody."
	remediation := "Set authorization_type = \"AWS_IAM\"."
	finding := lib.finding("ACC-PUB-005", "critical", r, msg, remediation)
}

# METADATA
# title: Permissions are for somebody
# description: Whoever knows the function, layer or key may use it.
# custom:
#   id: ACC-PUB-006
#   severity: critical
#   resources: [aws_ami_launch_permission, aws_kms_grant, aws_lambda_layer_version_permission, aws_lambda_permission,
#     aws_ram_principal_association, aws_snapshot_create_volume_permission,
#     aws_vpc_endpoint_service_allowed_principal, aws_s3_access_point]
#   elsewhere: [CKV_AWS_301, Lambda.1, awslambda_function_not_publicly_accessible]
#   bad: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "*"}}
#   good: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "111111111111"}}
deny contains finding if {
	some [r, attribute, name] in data.terraform.access.partner_names
	regex.match(`^[*?]+$|^arn:[^:]*:iam::[^:]*[*?]`, name)
	every other in ["principal_org_id", "source_account", "organization_id", "condition"] {
		value := lib.value(r, other)
		count([part | some part in lib.list(value); part != ""]) == 0
	}
	msg := sprintf("Its %s is everybody.", [attribute])
	remediation := "Set source_account, principal_org_id or organization_id, or name the principal."
	finding := lib.finding("ACC-PUB-006", "critical", r, msg, remediation)
}

# METADATA
# title: Permissions are for organisations of ours
# description: Whoever is not listed is somebody else.
# custom:
#   id: ACC-ACC-009
#   severity: high
#   resources: [aws_ami_launch_permission, aws_kms_grant, aws_lambda_layer_version_permission, aws_lambda_permission,
#     aws_ram_principal_association, aws_snapshot_create_volume_permission,
#     aws_vpc_endpoint_service_allowed_principal, aws_s3_access_point]
#   elsewhere: []
#   value: the organisation
#   bad: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "*",
#     principal_org_id: o-stranger01}}
#   good: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "111111111111"}}
deny contains finding if {
	some kind, _ in data.terraform.access.partners
	some r in lib.of_type(kind)
	some organization in data.terraform.access.organizations(r)
	not trust.certainly_ours("organization", lower(sprintf("%v", [organization])))
	msg := sprintf("It lets %v in, which is not listed as ours.", [organization])
	remediation := "Name one of ours, or have it listed in settings.access.trusted_organizations."
	finding := lib.about(organization, lib.finding("ACC-ACC-009", "high", r, msg, remediation))
}

# METADATA
# title: Images are not shared with everybody
# description: What is on an image, secrets too, is everybody's then.
# custom:
#   id: ACC-PUB-009
#   severity: critical
#   resources: [aws_ami_launch_permission]
#   elsewhere: [CKV_AWS_205]
#   bad: {aws_ami_launch_permission: {image_id: ami-0123456789abcdef0, group: all}}
#   good: {aws_ami_launch_permission: {image_id: ami-0123456789abcdef0, account_id: "111111111111"}}
deny contains finding if {
	some r in lib.of_type("aws_ami_launch_permission")
	lib.value(r, "group") == "all"
	msg := "Everybody may start the image, and read what is on it."
	remediation := "Name accounts instead of the group."
	finding := lib.finding("ACC-PUB-009", "critical", r, msg, remediation)
}

# METADATA
# title: Access points block public access
# description: An access point opens its bucket as a bucket policy does.
# custom:
#   id: ACC-PUB-010
#   severity: critical
#   resources: [aws_s3_access_point]
#   elsewhere: [CKV_AWS_392, S3.19, s3_access_point_public_access_block]
#   bad: {aws_s3_access_point: {bucket: app-data, name: app,
#     public_access_block_configuration: [{block_public_acls: false, block_public_policy: false,
#     ignore_public_acls: false, restrict_public_buckets: false}]}}
#   good: {aws_s3_access_point: {bucket: app-data, name: app,
#     public_access_block_configuration: [{block_public_acls: true, block_public_policy: true,
#     ignore_public_acls: true, restrict_public_buckets: true}]}}
deny contains finding if {
	some r in lib.of_type("aws_s3_access_point")
	some block in lib.list(lib.value(r, "public_access_block_configuration"))
	off := [name | some name in switches; block[name] == false]
	count(off) > 0
	msg := sprintf("Public access is not fully blocked at the access point: %s off.", [concat(", ", off)])
	remediation := "Leave public_access_block_configuration out: everything is blocked then."
	finding := lib.finding("ACC-PUB-010", "critical", r, msg, remediation)
}

# An endpoint's policy lets through what others grant; one that lets through everything lets data out to any account.
# METADATA
# title: Endpoints let through what is ours
# description: Data leaves the network through an endpoint that lets every account's resources through.
# custom:
#   id: ACC-PUB-008
#   severity: low
#   resources: [aws_vpc_endpoint, aws_vpc_endpoint_policy]
#   elsewhere: [vpc_endpoint_connections_trust_boundaries]
#   bad: {aws_vpc_endpoint: {service_name: com.amazonaws.us-east-1.s3, policy: {Statement: [{Effect: Allow,
#     Principal: "*", Action: "*", Resource: "*"}]}}}
#   good: {aws_vpc_endpoint: {service_name: com.amazonaws.us-east-1.s3, policy: {Statement: [{Effect: Allow,
#     Principal: "*", Action: "*", Resource: "*",
#     Condition: {StringEquals: {"aws:PrincipalAccount": "111111111111"}}}]}}}
warn contains finding if {
	some s in lib.statements
	s.resource.type in {"aws_vpc_endpoint", "aws_vpc_endpoint_policy"}
	s.allows
	data.terraform.access.anyone(s)
	not trust.tied(s)
	msg := "The endpoint lets everybody through to everything, other accounts' resources too."
	remediation := "Add a condition such as aws:PrincipalOrgID or aws:ResourceAccount."
	finding := lib.finding("ACC-PUB-008", "low", s.resource, msg, remediation)
}
