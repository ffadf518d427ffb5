# Who is let in from other accounts.
package terraform.access

import rego.v1

import data.terraform.iam
import data.terraform.lib
import data.terraform.trust

allowed := [s |
	some s in lib.statements
	s.grants
]

anyone(s) if {
	some principal in s.principals
	regex.match("^[*?]+$", principal.name)
}

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
	not [r, split(attribute, ".")[0], account] in partner_names # ACC-ACC-003 has it
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
