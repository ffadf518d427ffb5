# Rights that are dangerous by what they are about: oneself, one's own tags, or everything there is to lose.
package terraform.rights

import rego.v1

import data.aws.dangers
import data.terraform.iam
import data.terraform.lib

# METADATA
# title: Nobody gives himself rights
# description: A variable that stands for whoever asks names one's own user, so each holder can make himself administrator.
# custom:
#   id: ACC-IAM-020
#   severity: critical
#   resources: ["*"]
#   elsewhere: [CKV_AWS_286, iam_policy_allows_privilege_escalation]
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PutUserPolicy",
#     Resource: "arn:aws:iam::111111111111:user/${aws:username}"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:CreateAccessKey",
#     Resource: "arn:aws:iam::111111111111:user/${aws:username}"}]}}}
deny contains finding if {
	some s in iam.grants
	some resource in s.resources
	regex.match(`[$][{]aws:(username|userid|principaltag/)`, resource)
	some action in s.actions
	not iam.everything(action)
	some own in dangers.oneself
	iam.matches(action, lower(own))
	not lib.taken_back(s.denied, lower(own))
	msg := sprintf("A statement allows %s on whoever asks: he can give himself any right.", [own])
	remediation := "Leave rights to somebody else; own keys, passwords and second factors are fine."
	finding := lib.about(action, lib.finding("ACC-IAM-020", "critical", s.resource, msg, remediation))
}

# Address and service → a statement that is narrowed by nothing but a tag of the resource.
tagged[address] contains service if {
	some s in iam.grants
	address := s.resource.address
	some condition in s.conditions
	regex.match(`^([a-z0-9-]+):resourcetag/`, condition.key)
	some action in s.actions
	count(object.keys(object.get(iam.granted, action, {}))) > 0
	service := iam.service_of(action)
}

# METADATA
# title: Who is bound by a tag does not set it
# description: Whoever may tag everything gives what he likes the tag that lets him at it.
# custom:
#   id: ACC-IAM-021
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "*",
#     Condition: {StringEquals: {"aws:ResourceTag/team": x}}}, {Effect: Allow, Action: "secretsmanager:TagResource", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "secretsmanager:GetSecretValue", Resource: "*",
#     Condition: {StringEquals: {"aws:ResourceTag/team": x}}}]}}}
deny contains finding if {
	some s in iam.grants
	some action in s.actions
	tags(s.resource.address, action)
	iam.on_everything(s, action)
	msg := sprintf("%s lets its holder set the tag that he is bound by.", [action])
	remediation := "Name the resources that may be tagged, or bind it by the same tag."
	finding := lib.about(action, lib.finding("ACC-IAM-021", "high", s.resource, msg, remediation))
}

tags(address, action) if {
	iam.service_of(action) in tagged[address]
	some name in split(object.get(data.aws.catalogue.actions[iam.service_of(action)], "Tagging", ""), " ")
	name != ""
	iam.matches(iam.name_of(action), lower(name))
}

tags(address, action) if {
	tagged[address]
	iam.matches(action, "tag:tagresources")
}

# METADATA
# title: Rights to destroy, overwrite or start everything are seen
# description: One mistake or one stolen identity then costs all buckets, tables, functions or machines.
# custom:
#   id: ACC-IAM-022
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the action
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:DeleteObject", Resource: "*"}]}}}
#   good: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "s3:DeleteObject", Resource: "arn:aws:s3:::data-lake/tmp/*"}]}}}
warn contains finding if {
	some s in iam.grants
	some action in s.actions
	not all_at_once(s, action)
	names := iam.left(s, harmful[action])
	count(names) > 0
	iam.on_everything(s, action)
	# mutant: 0 → -1 – a slice that begins before the first begins with the first
	msg := sprintf("A statement allows %s for everything: %s.", [action, concat(", ", array.slice(names, 0, 3))])
	remediation := "Name the resources by ARN."
	finding := lib.about(action, lib.finding("ACC-IAM-022", "medium", s.resource, msg, remediation))
}

# Every action, which has a rule of its own, unless a Deny beside it takes back all that rule is about.
all_at_once(s, action) if {
	iam.everything(action)
	not iam.tamed(s)
}

# Action of the plan → what it destroys, overwrites or starts.
harmful[action] := names if {
	some action in iam.patterns
	names := [sprintf("%s:%s", [service, name]) |
		some service in iam.services_of(iam.service_of(action))
		some name in dangers.harm[service]
		reaches(action, lower(name))
	]
}

reaches(action, name) if iam.matches(iam.name_of(action), name)

reaches(action, _) if iam.everything(action)
