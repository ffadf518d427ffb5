# What identities may do: IAM policies, inline or managed, and the policies that AWS manages.
package terraform.grants

import rego.v1

import data.aws.catalogue
import data.aws.dangers
import data.settings.access
import data.terraform.iam
import data.terraform.lib

# At most three, so that a message stays one.
some_of(names) := concat(", ", names) if count(names) <= 3

# mutant: 0 → -1 – a slice begins at 0 at the earliest
some_of(names) := sprintf("%s and %v more", [concat(", ", array.slice(names, 0, 3)), count(names) - 3]) if count(names) > 3

# METADATA
# title: No statement allows every action
# description: Whoever holds it owns the account; a leaked key or a hole in one program is then a hole in everything.
# custom:
#   id: ACC-IAM-001
#   severity: critical
#   resources: ["*"]
#   elsewhere: [CKV_AWS_1, CKV_AWS_49, CKV_AWS_62, CKV_AWS_63, CKV2_AWS_40, IAM.1, AVD-AWS-0057,
#     iam_inline_policy_no_administrative_privileges, iam_customer_attached_policy_no_administrative_privileges,
#     iam_customer_unattached_policy_no_administrative_privileges]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some s in iam.grants
	some action in s.actions
	iam.everything(action)
	not iam.tamed(s)
	msg := "A statement allows every action."
	remediation := "List the actions that are needed."
	finding := lib.about(action, lib.finding("ACC-IAM-001", "critical", s.resource, msg, remediation))
}

# METADATA
# title: No statement allows a whole service on every resource
# description: It grants what the service will have tomorrow, too. Services without dangerous actions are left alone.
# custom:
#   id: ACC-IAM-002
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV2_AWS_40, IAM.21, AVD-AWS-0345, iam_policy_no_full_access_to_kms,
#     iam_inline_policy_no_full_access_to_kms, iam_policy_no_full_access_to_cloudtrail,
#     iam_inline_policy_no_full_access_to_cloudtrail]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:*", Resource: ["arn:aws:s3:::app-data",
#     "arn:aws:s3:::app-data/*"]}]}}}
deny contains finding if {
	some s in iam.grants
	some action in s.actions
	iam.broad(action)
	iam.on_everything(s, action)
	names := iam.left(s, [name | some _, found in iam.granted[action]; some name in found])
	count(names) > 0
	msg := sprintf("A statement allows %s on every resource, that is %s.", [action, some_of(names)])
	remediation := "List the actions, or the resources by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-002", "high", s.resource, msg, remediation))
}

# METADATA
# title: No statement allows a whole service that nobody knows
# description: What a service grants that the catalogue does not have cannot be told.
# custom:
#   id: ACC-IAM-013
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "nosuchservice:*", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some s in iam.grants
	some action in s.actions
	iam.broad(action)
	not iam.everything(action)
	count(iam.services_of(iam.service_of(action))) == 0
	some resource in s.resources
	iam.wide(resource, iam.service_of(action))
	msg := sprintf("A statement allows %s on every resource, and AWS is not known to have such a service.", [action])
	remediation := "Correct the service, or list the actions."
	finding := lib.about(action, lib.finding("ACC-IAM-013", "high", s.resource, msg, remediation))
}

# METADATA
# title: A statement lists what it allows
# description: Everything but a list grants what nobody has thought of, and each action that AWS adds.
# custom:
#   id: ACC-IAM-004
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: NotAction, NotResource or NotPrincipal in lower case
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, NotAction: "iam:*", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
deny contains finding if {
	some s in lib.statements
	s.grants
	some key in s.inverted
	msg := sprintf("A statement allows everything except what %s lists.", [key])
	remediation := "List what is allowed; add a Deny for exceptions."
	finding := lib.about(key, lib.finding("ACC-IAM-004", "high", s.resource, msg, remediation))
}

# METADATA
# title: Only named roles may be passed
# description: Whoever passes a role to a service acts with the role's rights, however few his own are.
# custom:
#   id: ACC-IAM-005
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_109, CKV_AWS_110, CKV_AWS_286, CKV_AWS_289, AVD-AWS-0342,
#     iam_policy_allows_privilege_escalation, iam_inline_policy_allows_privilege_escalation]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PassRole", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PassRole",
#     Resource: "arn:aws:iam::111111111111:role/app"}]}}}
deny contains finding if {
	some s in iam.grants
	some action in s.actions
	passes(action)
	not lib.taken_back(s.denied, "iam:passrole")
	iam.on_everything(s, action)
	msg := sprintf("A statement allows %s for every role.", [action])
	remediation := "Name the role that may be passed."
	finding := lib.about(action, lib.finding("ACC-IAM-005", "high", s.resource, msg, remediation))
}

passes(action) if {
	not iam.broad(action)
	iam.matches(action, "iam:passrole")
}

# METADATA
# title: Whoever may start something may not pass it every role
# description: A function, instance or job that one starts with a role of one's choice acts with that role's rights.
# custom:
#   id: ACC-IAM-012
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_110, CKV_AWS_286, AVD-AWS-0348, AVD-AWS-0350, iam_policy_allows_privilege_escalation,
#     iam_inline_policy_allows_privilege_escalation, iam_policy_passrole_to_bedrock_agentcore_restricted]
#   value: the service that roles are passed to
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PassRole", Resource: "*",
#     Condition: {StringEquals: {"iam:PassedToService": lambda.amazonaws.com}}}, {Effect: Allow,
#     Action: "lambda:CreateFunction", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PassRole",
#     Resource: "arn:aws:iam::111111111111:role/app",
#     Condition: {StringEquals: {"iam:PassedToService": lambda.amazonaws.com}}}, {Effect: Allow,
#     Action: "lambda:CreateFunction", Resource: "*"}]}}}
deny contains finding if {
	some address, services in passed
	some service in services
	some launch in dangers.launch[service]
	launch in started[address]
	msg := sprintf("%s may be passed every role, and %s starts something with it.", [service, launch])
	remediation := "Name the roles that may be passed."
	some r in lib.present
	r.address == address
	finding := lib.about(service, lib.finding("ACC-IAM-012", "high", r, msg, remediation))
}

# Address → services that every role may be passed to, where a condition names the services.
passed[address] contains service if {
	some s in iam.grants
	address := s.resource.address
	some action in s.actions
	iam.matches(action, "iam:passrole")
	some resource in s.resources
	[iam.service_of(action), resource] in iam.sweeping
	some condition in s.conditions
	condition.key == "iam:passedtoservice"
	some value in condition.values
	some service, _ in dangers.launch
	iam.matches(value, service)
}

# Address → actions that start something, allowed there on whatever resource.
started[address] contains launch if {
	some s in iam.grants
	address := s.resource.address
	# mutant: drop passed[address] – nobody asks what else is started; this is quicker
	passed[address]
	some _, names in dangers.launch
	some launch in names
	some action in s.actions
	iam.matches(action, lower(launch))
}

# METADATA
# title: No statement lets its holder give himself any right
# description: The published ways from a few rights to all of them; whom or what they are for has to be named.
# custom:
#   id: ACC-IAM-007
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_107, CKV_AWS_109, CKV_AWS_110, CKV_AWS_286, CKV_AWS_287, CKV_AWS_289, AVD-AWS-0347,
#     AVD-AWS-0349, AVD-AWS-0351, AVD-AWS-0352, iam_policy_allows_privilege_escalation,
#     iam_inline_policy_allows_privilege_escalation, iam_no_custom_policy_permissive_role_assumption]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:CreateAccessKey", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:CreateAccessKey",
#     Resource: "arn:aws:iam::111111111111:user/mailer"}]}}}
deny contains finding if {
	some [s, action, names] in dangerous("escalation")
	msg := sprintf("A statement allows %s for everything (%s): its holder can give himself any right.", [action, some_of(names)])
	remediation := "Name the resources by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-007", "high", s.resource, msg, remediation))
}

# METADATA
# title: No statement manages permissions of everything
# description: What AWS calls permissions management opens resources to others.
# custom:
#   id: ACC-IAM-008
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_109, CKV_AWS_289]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "glacier:SetVaultAccessPolicy",
#     Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "glacier:SetVaultAccessPolicy",
#     Resource: "arn:aws:glacier:us-east-1:111111111111:vaults/archive"}]}}}
deny contains finding if {
	some [s, action, names] in dangerous("permissions")
	msg := sprintf("A statement allows %s for everything (%s), which manages permissions.", [action, some_of(names)])
	remediation := "Name the resources by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-008", "high", s.resource, msg, remediation))
}

# METADATA
# title: No statement reads every secret
# description: Keys, secrets, parameters and credentials belong to the program that needs them.
# custom:
#   id: ACC-IAM-009
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_107, CKV_AWS_108, CKV_AWS_287, CKV_AWS_288, KMS.1, KMS.2,
#     iam_policy_no_agentcore_workload_access_token_wildcard]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "secretsmanager:GetSecretValue",
#     Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "secretsmanager:GetSecretValue",
#     Resource: "arn:aws:secretsmanager:us-east-1:111111111111:secret:app/database-AbCdEf"}]}}}
deny contains finding if {
	some [s, action, names] in dangerous("secrets")
	msg := sprintf("A statement allows %s for everything (%s), which reads secrets.", [action, some_of(names)])
	remediation := "Name the keys, secrets or parameters by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-009", "high", s.resource, msg, remediation))
}

# METADATA
# title: No statement reads all data
# description: One stolen identity then takes the content of every bucket, table, queue or log.
# custom:
#   id: ACC-IAM-010
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_108, CKV_AWS_288, AVD-AWS-0346]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:GetObject",
#     Resource: "arn:aws:s3:::app-data/*"}]}}}
deny contains finding if {
	some [s, action, names] in dangerous("data")
	msg := sprintf("A statement allows %s for everything (%s), which reads data.", [action, some_of(names)])
	remediation := "Name the buckets, tables, queues or logs by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-010", "high", s.resource, msg, remediation))
}

# METADATA
# title: No statement switches off what guards the account
# description: Trails, boundaries, public access blocks, key policies, grants and logs are what finds an intruder, or stops him.
# custom:
#   id: ACC-IAM-011
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_109, CKV_AWS_289, AVD-AWS-0353]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "cloudtrail:StopLogging", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "cloudtrail:StopLogging",
#     Resource: "arn:aws:cloudtrail:us-east-1:111111111111:trail/app"}]}}}
deny contains finding if {
	some [s, action, names] in dangerous("guards")
	msg := sprintf("A statement allows %s for everything (%s), which guards the account.", [action, some_of(names)])
	remediation := "Name the resources by ARN, or leave it to the account's owners."
	finding := lib.about(action, lib.finding("ACC-IAM-011", "high", s.resource, msg, remediation))
}

# Statements that allow dangers of a kind on everything, with the action and what it grants. Whole services have a rule
# of their own, and so has passing roles.
dangerous(kind) := [[s, action, names] |
	some s in data.terraform.iam.grants
	some action in s.actions
	not iam.broad(action)
	names := data.terraform.iam.left(s, [name | some name in data.terraform.iam.granted[action][kind]; name != "iam:PassRole"])
	count(names) > 0
	iam.on_everything(s, action)
]

# METADATA
# title: Actions are spelt as AWS spells them
# description: An action that AWS does not have allows nothing, so something will not work; or this catalogue is older than it.
# custom:
#   id: ACC-IAM-014
#   severity: low
#   resources: ["*"]
#   elsewhere: []
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMesage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "sqs:SendMessage",
#     Resource: "arn:aws:sqs:us-east-1:111111111111:orders"}]}}}
warn contains finding if {
	some s in lib.statements
	some action in s.actions
	iam.unknown_action(action)
	msg := sprintf("AWS is not known to have the action %s.", [action])
	remediation := sprintf("Correct it%s.", [iam.suggestion(action)])
	finding := lib.about(action, lib.finding("ACC-IAM-014", "low", s.resource, msg, remediation))
}

# ---------------------------------------------------------------- managed policies

attachments := [[r, arn] |
	some r in lib.present
	startswith(r.type, "aws_")
	some attribute in ["policy_arn", "policy_arns", "managed_policy_arns", "managed_policy_arn"]
	some arn in lib.list(r.change.after[attribute])
	is_string(arn)
]

name_in(arn) := parts[count(parts) - 1] if parts := split(arn, "/")

# AWS's own policies that a resource attaches: by name, with the rules that would deny them.
of_aws contains [r, name, rules, arn] if {
	some [r, arn] in attachments
	regex.match(`^arn:[^:]*:iam::aws:policy/`, arn)
	name := name_in(arn)
	rules := split(object.get(catalogue.managed, name, "?"), " ")
}

# METADATA
# title: Managed policies grant what is needed
# description: A policy of AWS's is judged by what it grants, as if somebody had written it here.
# custom:
#   id: ACC-IAM-003
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_274, CKV_AWS_275, CKV2_AWS_56, iam_aws_attached_policy_no_administrative_privileges,
#     iam_role_administratoraccess_policy, iam_group_administrator_access_policy,
#     iam_user_administrator_access_policy]
#   value: the name of the policy
#   bad: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AmazonSSMFullAccess"}}
#   good: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
deny contains finding if {
	some [r, name, rules, arn] in of_aws
	grave := [rule | some rule in rules; not rule in {"", "?", "ACC-IAM-010"}]
	count(grave) > 0
	not usual(arn, name)
	msg := sprintf("The managed policy %s gives far-reaching rights (%s).", [name, concat(", ", grave)])
	remediation := "Attach a policy with just the rights that are needed."
	severity := {true: "critical", false: "high"}["ACC-IAM-001" in grave]
	finding := lib.about(name, lib.finding("ACC-IAM-003", severity, r, msg, remediation))
}

# METADATA
# title: Unwanted managed policies are not attached
# description: The list is for policies that nobody here may have, whatever they grant.
# custom:
#   id: ACC-IAM-017
#   severity: critical
#   resources: ["*"]
#   elsewhere: []
#   value: the name of the policy
#   bad: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/PowerUserAccess"}}
#   good: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
deny contains finding if {
	some [r, name, _, _] in of_aws
	name in access.denied_managed_policies
	msg := sprintf("The managed policy %s is not wanted here.", [name])
	remediation := "Attach a policy with just the rights that are needed; settings.access.denied_managed_policies has the list."
	finding := lib.about(name, lib.finding("ACC-IAM-017", "critical", r, msg, remediation))
}

# What a service of AWS's wants attached to the role that it runs with, and what is listed as usual.
usual(_, name) if name in data.settings.access.usual_managed_policies

usual(arn, name) if endswith(arn, concat("", ["/service-role/", name]))

# METADATA
# title: Usual managed policies are seen
# description: Some services want a policy of AWS's that grants more than they need; reviewers should know.
# custom:
#   id: ACC-IAM-018
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the name of the policy
#   bad: {aws_iam_role_policy_attachment: {role: app,
#     policy_arn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}}
#   good: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
warn contains finding if {
	some [r, name, rules, arn] in of_aws
	usual(arn, name)
	not name in access.denied_managed_policies
	grave := [rule | some rule in rules; not rule in {"", "?", "ACC-IAM-010"}]
	count(grave) > 0
	msg := sprintf("The managed policy %s gives far-reaching rights (%s); it is usual, and listed as such.", [name, concat(", ", grave)])
	remediation := "See who can have it; settings.access.usual_managed_policies has the list."
	finding := lib.about(name, lib.finding("ACC-IAM-018", "medium", r, msg, remediation))
}

# METADATA
# title: A permissions boundary is not attached as a policy
# description: A boundary may allow nearly everything, because it grants nothing; attached as a policy it does.
# custom:
#   id: ACC-IAM-019
#   severity: critical
#   resources: ["*"]
#   elsewhere: []
#   value: the name of the policy
#   bad: {settings: {access: {boundaries: [developers-boundary]}}, aws_iam_role_policy_attachment: {role: app,
#     policy_arn: "arn:aws:iam::111111111111:policy/developers-boundary"}}
#   good: {settings: {access: {boundaries: [developers-boundary]}}, aws_iam_role: {name: app,
#     permissions_boundary: "arn:aws:iam::111111111111:policy/developers-boundary"}}
deny contains finding if {
	some [r, arn] in attachments
	name := name_in(arn)
	name in access.boundaries
	msg := sprintf("%s is a permissions boundary, and grants all it allows when it is attached.", [name])
	remediation := "Attach another policy, or take the name out of settings.access.boundaries."
	finding := lib.about(name, lib.finding("ACC-IAM-019", "critical", r, msg, remediation))
}

# METADATA
# title: Managed policies do not read all data
# description: AWS's read-only policies read the content of every bucket, table or log.
# custom:
#   id: ACC-IAM-015
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the name of the policy
#   bad: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}
#   good: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
warn contains finding if {
	some [r, name, rules, _] in of_aws
	"ACC-IAM-010" in rules
	msg := sprintf("The managed policy %s reads data of everything in the account.", [name])
	remediation := "Attach a policy that names the buckets, tables or logs."
	finding := lib.about(name, lib.finding("ACC-IAM-015", "medium", r, msg, remediation))
}

# METADATA
# title: Managed policies are known
# description: What is not in the catalogue was not judged.
# custom:
#   id: ACC-IAM-016
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the name of the policy
#   bad: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/NoSuchAccess"}}
#   good: {aws_iam_role_policy_attachment: {role: app, policy_arn: "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}}
warn contains finding if {
	some [r, name, rules, _] in of_aws
	"?" in rules
	msg := sprintf("The managed policy %s is not known here, so what it grants was not judged.", [name])
	remediation := "Correct the name, or bring the catalogue up to date (tools/aws_catalogue.py)."
	finding := lib.about(name, lib.finding("ACC-IAM-016", "medium", r, msg, remediation))
}
