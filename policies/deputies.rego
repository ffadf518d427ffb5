# Who is let in through somebody else: services that act for others, and identity providers.
package terraform.deputies

import rego.v1

import data.terraform.lib
import data.terraform.trust

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
	some s in data.terraform.access.allowed
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

name_of(name) := "eks" if {
	regex.match(`^oidc[.]eks[.]`, name)
} else := name

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
	some s in data.terraform.access.allowed
	some name in providers(s)
	not regex.match("^[*?]+$", name)
	not narrowed(s, name)
	msg := sprintf("Everybody with a token of %s is let in.", [name])
	remediation := sprintf("Add a condition on %s:sub that names whose tokens are accepted.", [name])
	finding := lib.about(name, lib.finding("ACC-FED-001", "critical", s.resource, msg, remediation))
}
