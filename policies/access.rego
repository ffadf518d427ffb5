# Who is let in: documents that can be judged, public access, and principals of other accounts.
package terraform.access

import rego.v1

import data.terraform.buckets
import data.terraform.iam
import data.terraform.lib
import data.terraform.trust

# ---------------------------------------------------------------- documents that cannot be judged

# Attributes that hold a document, on top of a resource or in its blocks.
holders := {
	"access_policies",
	"access_policy",
	"assume_role_policy",
	"inline_policy",
	"permissions_policy",
	"policy",
	"policy_document",
	"policy_json",
	"resource_policy",
}

# Attributes that name a policy to attach, or somebody to let in.
names := {
	"account_assignments",
	"allowed_principals",
	"grantee_principal",
	"managed_policy_arn",
	"managed_policy_arns",
	"policy_arn",
	"policy_arns",
	"principal",
	"principal_arn",
	"principal_arns",
	"principal_id",
	"principals",
	"retiring_principal",
	"source_account",
}

# The same for attributes that elsewhere mean something else.
names_in := {
	"aws_lambda_permission": {"principal_org_id"},
	"aws_s3_bucket": {"acl", "grant"},
	"aws_s3_bucket_acl": {"acl", "access_control_policy", "grant", "grantee", "id", "uri"},
	"aws_s3_object": {"acl"},
	"aws_sns_topic_subscription": {"endpoint"},
}

# Types whose `policy` is about something else than access.
other_documents := {"aws_dlm_lifecycle_policy", "aws_ecr_lifecycle_policy"} | lib.narrowing

# METADATA
# title: Documents can be read
# description: A text that is no policy document, or is nested beyond reason, would otherwise pass unseen.
# custom:
#   id: ACC-DOC-001
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the attribute
#   bad: {aws_iam_policy: {policy: allow everything}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some r in lib.present
	not r.type in other_documents
	some attribute in holders
	some part in parts(r.change.after[attribute])
	not lib.is_document(part)
	msg := sprintf("%s is not a policy document, so it cannot be judged.", [attribute])
	remediation := "Write a JSON object with a Statement."
	finding := lib.about(attribute, lib.finding("ACC-DOC-001", "high", r, msg, remediation))
}

# Blocks are judged by what is in them.
parts(item) := [item] if {
	not lib.blank(item)
	not is_array(item)
}

parts(item) := [part | some part in item; not is_object(part); not lib.blank(part)] if is_array(item)

# METADATA
# title: Documents in any attribute can be read
# description: A text that is meant as a policy document and cannot be read would otherwise pass unseen.
# custom:
#   id: ACC-DOC-004
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the attribute
#   bad: {aws_api_gateway_rest_api: {access: '{"Statement": [{"Effect": "Allow"}'}}
#   good: {aws_api_gateway_rest_api: {access: {Statement: [{Effect: Allow, Principal: {AWS: "111111111111"},
#     Action: "execute-api:Invoke", Resource: "*"}]}}}
deny contains finding if {
	some [r, path, text] in lib.leaves
	not r.type in other_documents
	lib.is_broken_document(text)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
	not attribute in holders
	msg := sprintf("%s looks like a policy document and cannot be read as one, so it cannot be judged.", [attribute])
	remediation := "Write a JSON object with a Statement, without keys written twice or in two cases, and not nested deeply."
	finding := lib.about(attribute, lib.finding("ACC-DOC-004", "high", r, msg, remediation))
}

# METADATA
# title: Documents, attached policies and principals are known when they are judged
# description: What is known only after apply nobody has seen, whether it is a whole attribute, a block or an element of a list.
# custom:
#   id: ACC-DOC-002
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the attribute
#   bad: {aws_iam_policy: {name: app, _unknown: [policy]}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some [r, path] in not_known
	not filled_in(r, path)
	not maybe_filled_in(r, path)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
	msg := sprintf("%s is known only after apply, so it cannot be judged.", [attribute])
	remediation := "Write it without values of resources that do not exist yet."
	finding := lib.about(attribute, lib.finding("ACC-DOC-002", "high", r, msg, remediation))
}

# Where a document, an attached policy or a principal may stand and nobody knows what will.
not_known := [[r, path] |
	some r in lib.present
	not r.type in other_documents
	walk(r.change.after_unknown, [path, true])
	steps := {step | some step in path; is_string(step)}
	count(steps & ((holders | names) | object.get(names_in, r.type, set()))) > 0
]

# METADATA
# title: Local values that may be unknown are seen
# description: The plan does not say whether a local value is empty, so that AWS's default is used, or known only after apply.
# custom:
#   id: ACC-DOC-008
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the attribute
#   bad: {aws_sqs_queue: {name: orders, _unknown: [policy, arn], _refers: {policy: local.policies}}}
#   good: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Allow, Principal: {AWS: "111111111111"},
#     Action: "sqs:SendMessage", Resource: "*"}]}}}
warn contains finding if {
	some [r, path] in not_known
	maybe_filled_in(r, path)
	msg := sprintf("%s is AWS's default, or a local value that is known only after apply: the plan does not say.", [path[0]])
	remediation := "See what the local value is made of."
	finding := lib.about(path[0], lib.finding("ACC-DOC-008", "medium", r, msg, remediation))
}

# What the provider fills in where nobody has written anything; AWS's defaults let nobody else in.
computed := {
	"aws_iam_role": {"inline_policy", "managed_policy_arns"},
	"aws_opensearch_domain": {"access_policies"},
	"aws_elasticsearch_domain": {"access_policies"},
	"aws_s3_bucket": {"acl", "grant"},
	"aws_s3_object": {"acl"},
}

is_computed(r, attribute) if attribute in computed[r.type]

is_computed(r, "policy") if not endswith(r.type, "_policy")

# Nobody has written it: the configuration refers to no resource there. Without a configuration, the plan of something
# new tells by its other unknown attributes that it is the provider's.
filled_in(r, path) if {
	count(path) == 1
	is_computed(r, path[0])
	data.terraform.lib.has_configuration
	not [r.type, r.name, path[0]] in data.terraform.lib.referring
	not [r.type, r.name, path[0]] in data.terraform.lib.hinting
}

# Through a local value, something of another resource and nothing at all look the same.
maybe_filled_in(r, path) if {
	count(path) == 1
	is_computed(r, path[0])
	[r.type, r.name, path[0]] in data.terraform.lib.hinting
	not [r.type, r.name, path[0]] in data.terraform.lib.referring
}

filled_in(r, path) if {
	count(path) == 1
	is_computed(r, path[0])
	not data.terraform.lib.has_configuration
	some sibling in ["arn", "id"]
	r.change.after_unknown[sibling] == true
}

# METADATA
# title: Patterns can be judged
# description: AWS takes no pattern of this length, and an engine could be exhausted by it.
# custom:
#   id: ACC-DOC-005
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow,
#     Action: "s3:a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:Get*",
#     Resource: "arn:aws:s3:::app-data/*"}]}}}
deny contains finding if {
	some s in lib.statements
	count(s.unreadable) > 0
	msg := "An action or resource is longer, or has more wildcards, than AWS takes, so it cannot be judged."
	remediation := "Write at most 1,024 characters and 64 wildcards."
	finding := lib.finding("ACC-DOC-005", "high", s.resource, msg, remediation)
}

# METADATA
# title: Actions and resources are texts
# description: AWS takes nothing else, and what it would make of a list in a list nobody knows.
# custom:
#   id: ACC-DOC-006
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the key in lower case
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: [["*"]]}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: ["arn:aws:sqs:us-east-1:111111111111:orders"]}]}}}
deny contains finding if {
	some s in lib.statements
	s.allows
	some key in s.odd
	msg := sprintf("In %s stands something else than texts, so it cannot be judged.", [key])
	remediation := "Write a text or a list of texts."
	finding := lib.about(key, lib.finding("ACC-DOC-006", "high", s.resource, msg, remediation))
}

# Types whose resources are made by somebody else, from a text that is no policy document.
makers := {"aws_cloudformation_stack", "aws_cloudformation_stack_instances", "aws_cloudformation_stack_set"} | makers_of_others

makers_of_others := {"aws_cloudcontrolapi_resource", "aws_serverlessapplicationrepository_cloudformation_stack"}

# METADATA
# title: What is made is in the plan
# description: A stack makes roles, policies and buckets that no rule here sees, with the rights of whoever applies it.
# custom:
#   id: ACC-DOC-007
#   severity: high
#   resources: [aws_cloudformation_stack, aws_cloudformation_stack_set, aws_cloudcontrolapi_resource]
#   elsewhere: []
#   value: the type of the resource
#   bad: {aws_cloudformation_stack: {name: x, template_url: "https://example.com/x.yaml"}}
#   good: {aws_sqs_queue: {name: orders}}
deny contains finding if {
	some kind in makers
	some r in lib.of_type(kind)
	msg := "What it makes is in a template, which no rule reads, so it cannot be judged."
	remediation := "Write the resources in Terraform, or have it excepted by somebody who has read the template."
	finding := lib.about(kind, lib.finding("ACC-DOC-007", "high", r, msg, remediation))
}

# METADATA
# title: Statements say what they do
# description: AWS refuses a statement without an Effect, and nobody knows what was meant.
# custom:
#   id: ACC-DOC-003
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_iam_policy: {policy: {Statement: [{Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some document in lib.documents
	some statement in lib.list(document.body.statement)
	not lib.effect(statement) in {"allow", "deny"}
	msg := "A statement says neither Allow nor Deny, so it cannot be judged."
	remediation := "Write each statement as a JSON object with an Effect."
	finding := lib.finding("ACC-DOC-003", "high", document.resource, msg, remediation)
}

allowed := [s |
	some s in lib.statements
	s.grants
]

# ---------------------------------------------------------------- public access

anyone(s) if {
	some principal in s.principals
	regex.match("^[*?]+$", principal.name)
}

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
	some s in allowed
	anyone(s)
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
	some [r, attribute, name] in partner_names
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
	some kind, _ in partners
	some r in lib.of_type(kind)
	some organization in organizations(r)
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
	anyone(s)
	not trust.tied(s)
	msg := "The endpoint lets everybody through to everything, other accounts' resources too."
	remediation := "Add a condition such as aws:PrincipalOrgID or aws:ResourceAccount."
	finding := lib.finding("ACC-PUB-008", "low", s.resource, msg, remediation)
}

# ---------------------------------------------------------------- other accounts

# Everybody that a statement lets in by name, with the account.
guests := [[s, principal.name, lib.account(principal.name)] |
	some s in allowed
	some principal in s.principals
	principal.kind in {"aws", "federated", "canonicaluser"}
	not regex.match("^[*?]+$", principal.name)
	not web_identity(principal)
	not principal.name in known_principals
	not delivers_logs(s, principal)
]

# Those that the settings list, and CloudFront's identities of this plan.
known_principals := {lower(known) | some known in data.settings.access.trusted_principals} | {lower(sprintf("%v", [lib.value(r, "iam_arn")])) |
	some r in lib.of_type("aws_cloudfront_origin_access_identity")
}

# Load balancers write their logs with an account of AWS's, one for each of the older regions.
delivers_logs(s, principal) if {
	data.aws.accounts.log_delivery[lib.account(principal.name)]
	every action in s.actions {
		action == "s3:putobject"
	}
}

# Identity providers that belong to no account.
web_identity(principal) if {
	principal.kind == "federated"
	not startswith(principal.name, "arn:")
}

# METADATA
# title: Principals are of this account, or of a trusted one
# description: Another account's administrators decide who acts with what is given to it.
# custom:
#   id: ACC-ACC-001
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_385, S3.6, s3_bucket_cross_account_access, iam_role_cross_account_readonlyaccess_policy,
#     cloudwatch_cross_account_sharing_disabled]
#   value: the account
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {AWS: "arn:aws:iam::999999999999:root"}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders",
#     Principal: {AWS: "arn:aws:iam::111111111111:role/app"}}]}}}
deny contains finding if {
	some [s, _, account] in guests
	account != ""
	not lib.trusted(account)
	msg := sprintf("A statement lets account %s in.", [account])
	remediation := "Use principals of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.about(account, lib.finding("ACC-ACC-001", "high", s.resource, msg, remediation))
}

# METADATA
# title: Conditions name accounts of ours
# description: A condition that lets another account in is no protection.
# custom:
#   id: ACC-ACC-007
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the account
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*",
#     Condition: {StringEquals: {"aws:SourceAccount": "999999999999"}}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*",
#     Condition: {StringEquals: {"aws:SourceAccount": "111111111111"}}}]}}}
deny contains finding if {
	some s in allowed
	narrows_by_conditions(s)
	some outsider in trust.foreign(s)
	outsider.kind in {"account", "arn", "user"}
	account := lib.account(split(outsider.value, ":")[0])
	who := [name | some name in [lib.account(outsider.value), account]; name != ""]
	msg := sprintf("A condition lets account %s in.", [who[0]])
	remediation := "Name this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.about(who[0], lib.finding("ACC-ACC-007", "high", s.resource, msg, remediation))
}

# METADATA
# title: Conditions name our own organisations, networks and endpoints
# description: Whoever is not listed is somebody else, and a condition that lets him in is no protection.
# custom:
#   id: ACC-ACC-005
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the organisation, path, VPC, endpoint or network
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*",
#     Condition: {IpAddress: {"aws:SourceIp": "203.0.113.0/24"}}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: "*",
#     Condition: {StringEquals: {"aws:PrincipalAccount": "111111111111"}}}]}}}
deny contains finding if {
	some s in allowed
	narrows_by_conditions(s)
	some outsider in trust.foreign(s)
	setting := trust.lists[outsider.kind]
	msg := sprintf("A condition lets %s in, which is not listed as ours.", [outsider.value])
	remediation := sprintf("Name one of ours, or have it listed in settings.access.%s.", [setting])
	finding := lib.about(outsider.value, lib.finding("ACC-ACC-005", "high", s.resource, msg, remediation))
}

narrows_by_conditions(s) if anyone(s)

narrows_by_conditions(s) if {
	some principal in s.principals
	principal.kind == "service"
}

# METADATA
# title: Principals can be told
# description: An id or a pattern says nothing of the account behind it.
# custom:
#   id: ACC-ACC-002
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the principal
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {AWS: AIDAEXAMPLEUSER}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders",
#     Principal: {AWS: "arn:aws:iam::111111111111:role/app"}}]}}}
deny contains finding if {
	some [s, name, ""] in guests
	msg := sprintf("A statement lets %q in, of which the account cannot be told.", [name])
	remediation := "Name the principal by an ARN with its account, or have it listed in settings.access.trusted_principals."
	finding := lib.about(name, lib.finding("ACC-ACC-002", "high", s.resource, msg, remediation))
}

# Organisations that a permission is for.
organizations(r) := {organization |
	some attribute in ["principal_org_id", "organization_id", "organization_arn"]
	organization := lib.value(r, attribute)
	not lib.blank(organization)
} | {object.get(condition, "value", "") |
	some condition in lib.list(lib.value(r, "condition"))
}

# Attributes by which a resource names somebody without a policy document.
partners := {
	"aws_ami_launch_permission": {"account_id"},
	"aws_cloudwatch_event_permission": {"principal"},
	"aws_kms_grant": {"grantee_principal", "retiring_principal"},
	"aws_lambda_layer_version_permission": {"principal"},
	"aws_lambda_permission": {"principal", "source_account"},
	"aws_ram_principal_association": {"principal"},
	"aws_snapshot_create_volume_permission": {"account_id"},
	"aws_vpc_endpoint_service": {"allowed_principals"},
	"aws_vpc_endpoint_service_allowed_principal": {"principal_arn"},
	"aws_s3_access_point": {"bucket_account_id"},
}

partner_names contains [r, attribute, name] if {
	some kind, attributes in partners
	some r in lib.of_type(kind)
	some attribute in attributes
	some name in lib.list(lib.value(r, attribute))
	is_string(name)
}

# METADATA
# title: Partners are of this account, or of a trusted one
# description: Another account's administrators decide who acts with what is given to it.
# custom:
#   id: ACC-ACC-003
#   severity: high
#   resources: [aws_ami_launch_permission, aws_kms_grant, aws_lambda_layer_version_permission, aws_lambda_permission,
#     aws_ram_principal_association, aws_snapshot_create_volume_permission,
#     aws_vpc_endpoint_service_allowed_principal, aws_s3_access_point]
#   elsewhere: []
#   value: the account
#   bad: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "999999999999"}}
#   good: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: "111111111111"}}
deny contains finding if {
	some [r, attribute, name] in partner_names
	lib.account(name) != ""
	not lib.trusted(name)
	not is_arn(name)
	msg := sprintf("Its %s belongs to account %s.", [attribute, lib.account(name)])
	remediation := "Name something of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.about(lib.account(name), lib.finding("ACC-ACC-003", "high", r, msg, remediation))
}

is_arn(name) if regex.match(`^arn:`, name)

# METADATA
# title: Everything that is named is ours
# description: Keys, layers, images, queues and replicas of another account are that account's to change or to read.
# custom:
#   id: ACC-ACC-004
#   severity: high
#   resources: ["*"]
#   elsewhere: [awslambda_function_using_cross_account_layers]
#   value: the account
#   bad: {aws_lambda_function: {function_name: app, layers: ["arn:aws:lambda:us-east-1:999999999999:layer:tools:1"]}}
#   good: {aws_lambda_function: {function_name: app, layers: ["arn:aws:lambda:us-east-1:111111111111:layer:tools:1"]}}
deny contains finding if {
	lib.own_account != ""
	some [r, attribute, account] in lib.named_accounts
	not lib.trusted(account)
	not [r, attribute, account] in partner_names # ACC-ACC-003 has it
	not data.aws.accounts.of_aws[account]
	msg := sprintf("Its %s belongs to account %s.", [attribute, account])
	remediation := "Name something of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.about(account, lib.finding("ACC-ACC-004", "high", r, msg, remediation))
}

# METADATA
# title: Identities act on what is ours
# description: What another account hands out, that account controls.
# custom:
#   id: ACC-ACC-008
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the account
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:999999999999:orders"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some s in iam.grants
	some resource in s.resources
	account := lib.account(resource)
	account != ""
	not lib.trusted(account)
	not data.aws.accounts.of_aws[account]
	msg := sprintf("A statement is about something of account %s.", [account])
	remediation := "Name something of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.about(account, lib.finding("ACC-ACC-008", "high", s.resource, msg, remediation))
}

# METADATA
# title: Roles that may be assumed are in named accounts
# description: A role of that name in anybody's account may be assumed as well, and hands out what it likes.
# custom:
#   id: ACC-ACC-010
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the resource
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRole",
#     Resource: "arn:aws:iam::*:role/deployer"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRole",
#     Resource: "arn:aws:iam::111111111111:role/deployer"}]}}}
deny contains finding if {
	some s in iam.grants
	not iam.narrowed(s)
	some action in s.actions
	not iam.broad(action)
	iam.matches(action, "sts:assumerole")
	some resource in s.resources
	regex.match(`^arn:[^:]*:iam::[^:]*[*?][^:]*:`, resource)
	not [iam.service_of(action), resource] in iam.sweeping # a finding of its own
	msg := sprintf("A statement lets roles of any account be assumed: %s.", [resource])
	remediation := "Write the account of the role."
	finding := lib.about(resource, lib.finding("ACC-ACC-010", "high", s.resource, msg, remediation))
}

# METADATA
# title: The account of the environment is known
# description: Without it nothing can be told from what belongs to others.
# custom:
#   id: ACC-ACC-006
#   severity: high
#   resources: [plan]
#   elsewhere: []
#   bad: {variables: {account: null}, aws_lambda_function: {function_name: app,
#     layers: ["arn:aws:lambda:us-east-1:999999999999:layer:tools:1"]}}
#   good: {aws_lambda_function: {function_name: app, layers: ["arn:aws:lambda:us-east-1:111111111111:layer:tools:1"]}}
deny contains finding if {
	lib.own_account == ""
	count(lib.named_accounts) > 0
	msg := "The plan does not say which account it is for, so what belongs to others cannot be judged."
	remediation := "Give the plan a variable `account`."
	finding := lib.finding("ACC-ACC-006", "high", {"address": ""}, msg, remediation)
}

# ---------------------------------------------------------------- services

# Keys that say for whom a service of AWS's acts.
sources := {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner"}

# Services that anybody in any account can point at somebody else's resource.
couriers := {"cloudtrail", "iot", "s3", "ses", "sns"}

courier(service) if split(service, ".")[0] in couriers

serves(s) := {principal.name |
	some principal in s.principals
	principal.kind == "service"
	some action in s.actions
	not startswith(action, "sts:")
}

for_somebody(s) if {
	some condition in s.conditions
	condition.key in sources
	trust.holds(condition)
}

for_somebody(s) if {
	some condition in s.conditions
	regex.match(`^kms:(encryptioncontext:|viaservice$|calleraccount$)`, condition.key)
	condition.operator in data.terraform.iam.exact
	count(condition.values) > 0
	every value in condition.values {
		not regex.match(`^[*?]|^arn:[^:]*:[^:]*:[^:]*:[^:]*[*?]`, value)
		not strange(lib.account(value))
	}
}

strange(account) if {
	account != ""
	not lib.trusted(account)
}

# METADATA
# title: Services act for us only
# description: A service acts for whoever configures it in any account, unless a condition names the source (confused deputy).
# custom:
#   id: ACC-SVC-001
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_364, AVD-AWS-0067]
#   value: the service
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {Service: sns.amazonaws.com}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {Service: sns.amazonaws.com},
#     Condition: {StringEquals: {"aws:SourceAccount": "111111111111"}}}]}}}
deny contains finding if {
	some [r, service] in unbound
	courier(service)
	msg := sprintf("%s may do it for everybody: no condition says for whom.", [service])
	remediation := "Add aws:SourceAccount (source_account) with this account, or aws:SourceArn."
	finding := lib.about(service, lib.finding("ACC-SVC-001", "high", r, msg, remediation))
}

# METADATA
# title: Services say for whom they act
# description: A service acts for whoever configures it in any account, unless a condition names the source.
# custom:
#   id: ACC-SVC-002
#   severity: medium
#   resources: ["*"]
#   elsewhere: [CKV_AWS_364]
#   value: the service
#   bad: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {Service: events.amazonaws.com}}]}}}
#   good: {aws_sqs_queue_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders", Principal: {Service: events.amazonaws.com},
#     Condition: {StringEquals: {"aws:SourceAccount": "111111111111"}}}]}}}
warn contains finding if {
	some [r, service] in unbound
	not courier(service)
	msg := sprintf("%s may do it for everybody: no condition says for whom.", [service])
	remediation := "Add aws:SourceAccount (source_account) with this account, or aws:SourceArn."
	finding := lib.about(service, lib.finding("ACC-SVC-002", "medium", r, msg, remediation))
}

unbound contains [r, service] if {
	some s in allowed
	r := s.resource
	some service in serves(s)
	not for_somebody(s)
}

unbound contains [r, service] if {
	some r in lib.of_type("aws_lambda_permission")
	service := lib.value(r, "principal")
	is_string(service)
	regex.match(`[.]amazonaws[.]com([.]cn)?$`, service)
	lib.blank(lib.value(r, "source_account"))
	source := lib.value(r, "source_arn")
	lib.account(sprintf("%v", [source])) == ""
}

# ---------------------------------------------------------------- identity providers

# The provider whose tokens a statement accepts, as condition keys begin with it.
providers(s) := {name |
	some principal in s.principals
	principal.kind == "federated"
	name := provider(principal.name)
}

provider(name) := name if not startswith(name, "arn:")

provider(name) := split(name, ":oidc-provider/")[1] if startswith(name, "arn:")

# GitHub, Google and the like sign tokens for the whole world, so a statement has to say whose it accepts. `aud` tells
# one application from the others only where the provider gives each its own.
accepted(name) := {sprintf("%s:%s", [name, claim]) | some claim in ["aud", "app_id", "sub"]} if apart(name)

accepted(name) := {sprintf("%s:sub", [name])} if not apart(name)

apart(name) if name in shared

apart(name) if name in {lower(own) | some own in data.settings.access.trusted_providers}

shared := {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}

narrowed(s, name) if {
	some condition in s.conditions
	condition.key in accepted(name)
	condition.operator in data.terraform.iam.exact
	count(condition.values) > 0
	every value in condition.values {
		value != ""
		not contains(value, "${")
		whose(name, value)
	}
}

# Whose token it is, as the providers that sign for everybody write it: up to the owner, without a pattern. What stands
# alone, such as `environment:prod`, any repository can have in its tokens.
subjects := {
	"agent.buildkite.com": `^organization:[^:*?]+:`,
	"app.terraform.io": `^organization:[^:*?]+:`,
	"eks": `^system:serviceaccount:[^:*?]+:`,
	"gitlab.com": `^project_path:[^:/*?]+/`,
	"token.actions.githubusercontent.com": `^([a-z_]+:[^:*?]*:)*(repo(sitory)?:[^:/*?]+/|repository_(owner(_id)?|id):[^:*?]+(:|$)|enterprise(_id)?:[^:*?]+(:|$))`,
}

whose(name, value) if regex.match(subjects[name_of(name)], value)

whose(name, value) if {
	not subjects[name_of(name)]
	not regex.match("^([^:]*:)?[^:/]*[*?]", value) # `*`, `user:*`
}

name_of(name) := "eks" if regex.match(`^oidc[.]eks[.]`, name)

name_of(name) := name if not regex.match(`^oidc[.]eks[.]`, name)

# METADATA
# title: Tokens are of somebody we know
# description: A provider that the whole world signs in with signs tokens for the whole world.
# custom:
#   id: ACC-FED-001
#   severity: critical
#   resources: ["*"]
#   elsewhere: [CKV_AWS_358, CKV_AWS_393]
#   value: the provider
#   bad: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
#     Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "*"}}}]}}}
#   good: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
#     Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}}}]}}}
deny contains finding if {
	some s in allowed
	some name in providers(s)
	not regex.match("^[*?]+$", name)
	not narrowed(s, name)
	msg := sprintf("Everybody with a token of %s is let in.", [name])
	remediation := sprintf("Add a condition on %s:sub that names whose tokens are accepted.", [name])
	finding := lib.about(name, lib.finding("ACC-FED-001", "critical", s.resource, msg, remediation))
}
