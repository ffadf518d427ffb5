# Documents that cannot be judged: no JSON, ambiguous, hidden in another, or known only after apply.
package terraform.documents

import rego.v1

import data.terraform.lib

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
	steps := {step | some step in path}
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
}

# Through a local value, something of another resource and nothing at all look the same.
maybe_filled_in(r, path) if {
	filled_in(r, path)
	[r.type, r.name, path[0]] in data.terraform.lib.hinting
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
