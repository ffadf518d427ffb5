# Statements that deny plain HTTP: what they cover, and what they leave out.
# Functions spell `data.…` out: an import has no value in them once this package is itself imported (ENG505).
package terraform.transport

import rego.v1

import data.terraform.iam
import data.terraform.lib

services := {
	"aws_s3_bucket": "s3",
	"aws_s3_bucket_policy": "s3",
	"aws_sns_topic": "sns",
	"aws_sns_topic_policy": "sns",
	"aws_sqs_queue": "sqs",
	"aws_sqs_queue_policy": "sqs",
}

# What has to be covered, each by some statement.
needed := {"s3": {"bucket", "objects"}, "sns": {"topic"}, "sqs": {"queue"}}

# Statements that are meant to deny plain HTTP.
meant := [s |
	some s in data.terraform.lib.statements
	services[s.resource.type]
	not s.allows
	some condition in s.conditions
	insecure(condition)
]

insecure(condition) if meets(condition, "false", "true")

# The version is not there without TLS, so only `…IfExists` denies that: whatever the version.
insecure(condition) if {
	condition.key == "s3:tlsversion"
	regex.match(`^numericlessthan(equals)?ifexists$`, condition.operator)
}

# Does it hold where aws:SecureTransport is `value`, of which `other` is the opposite?
meets(condition, value, _) if {
	condition.key == "aws:securetransport"
	bare(condition.operator) in {"bool", "stringequals", "stringequalsignorecase", "stringlike"}
	value in condition.values
}

meets(condition, _, other) if {
	condition.key == "aws:securetransport"
	bare(condition.operator) in {"stringnotequals", "stringnotequalsignorecase", "stringnotlike"}
	{said | some said in condition.values} == {other}
}

bare(operator) := trim_suffix(regex.replace(operator, `^for(any|all)values?:`, ""), "ifexists")

# What a statement leaves out, besides resources.
gaps(s) := {"not for everybody" | not for_everybody(s)} |
	({"not for all actions" | not every_action(s)} |
	{sprintf("only where %s says so", [condition.key]) | some condition in s.conditions; not insecure(condition)})

for_everybody(s) if {
	not "notprincipal" in s.inverted
	some principal in s.principals
	principal.kind == "aws"
	principal.name == "*"
}

every_action(s) if {
	not "notaction" in s.inverted
	some action in s.actions
	action in {"*", sprintf("%s:*", [data.terraform.transport.services[s.resource.type]])}
}

# Topics take no `sns:*`.
every_action(s) if {
	data.terraform.transport.services[s.resource.type] == "sns"
	not "notaction" in s.inverted
	some action in s.actions
	data.terraform.iam.matches(action, "sns:publish")
}

# What its resources are, of what has to be covered.
covered(s) := {part |
	not "notresource" in s.inverted
	some part in data.terraform.transport.needed[data.terraform.transport.services[s.resource.type]]
	some pattern in s.resources
	covers(s.resource, part, regex.replace(pattern, `^arn:[^:]*:(s3:::|s[qn]s:[^:]*:[^:]*:)`, ""))
}

covers(r, part, pattern) if {
	name := own_name(r)
	data.terraform.iam.matches(pattern, concat("", [name, {"bucket": "", "objects": "/q7/zz", "queue": "", "topic": ""}[part]]))
}

# The name is not known yet.
covers(r, "objects", pattern) if {
	not own_name(r)
	endswith(pattern, "*")
}

covers(r, part, pattern) if {
	not own_name(r)
	part != "objects"
	not contains(pattern, "/")
}

own_name(r) := lower(name) if {
	some attribute in {
		"aws_s3_bucket": ["bucket"],
		"aws_s3_bucket_policy": ["bucket"],
		"aws_sns_topic": ["name"],
		"aws_sqs_queue": ["name"],
	}[r.type]
	name := data.terraform.lib.value(r, attribute)
	is_string(name)
}

# Address → what its statements cover together; each alone has no other gap.
parts[address] contains part if {
	some s in meant
	count(gaps(s)) == 0
	some part in covered(s)
	address := s.resource.address
}

# Addresses of the resources that take no plain HTTP.
complete contains address if {
	some s in meant
	address := s.resource.address
	count(needed[services[s.resource.type]] - parts[address]) == 0
}

partly contains [r, reason] if {
	some s in meant
	r := s.resource
	not s.resource.address in complete
	some reason in gaps(s)
}

partly contains [r, reason] if {
	some s in meant
	r := s.resource
	done := {part | some part in parts[s.resource.address]}
	some part in needed[services[s.resource.type]] - done
	count(gaps(s)) == 0
	reason := sprintf("not for the %s", [part])
}

# METADATA
# title: A statement against plain HTTP covers everything
# description: Whoever reads it believes that nothing goes over plain HTTP; what it leaves out does.
# custom:
#   id: ENC-TLS-001
#   severity: medium
#   resources: [aws_s3_bucket_policy, aws_s3_bucket, aws_sns_topic, aws_sns_topic_policy, aws_sqs_queue, aws_sqs_queue_policy]
#   elsewhere: [S3.5, CKV_AWS_379, s3_bucket_secure_transport_policy]
#   value: what is left out
#   bad: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*",
#     Resource: "arn:aws:s3:::orders", Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
#   good: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*",
#     Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
warn contains finding if {
	some [r, reason] in partly
	msg := sprintf("The statement against plain HTTP covers a part: %s.", [reason])
	remediation := "Deny all actions on all of it to everybody, where aws:SecureTransport is false and on no other condition."
	finding := lib.about(reason, lib.finding("ENC-TLS-001", "medium", r, msg, remediation))
}

# METADATA
# title: No statement denies TLS
# description: A condition that was turned around lets plain HTTP through, and everybody else out.
# custom:
#   id: ENC-TLS-002
#   severity: high
#   resources: [aws_s3_bucket_policy, aws_s3_bucket, aws_sns_topic, aws_sns_topic_policy, aws_sqs_queue, aws_sqs_queue_policy]
#   elsewhere: []
#   bad: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:GetObject",
#     Resource: "arn:aws:s3:::orders/*", Condition: {Bool: {"aws:SecureTransport": "true"}}}]}}}
#   good: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*",
#     Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"], Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
deny contains finding if {
	some s in data.terraform.lib.statements
	services[s.resource.type]
	not s.allows
	some condition in s.conditions
	meets(condition, "true", "false")
	msg := "A statement denies requests over TLS instead of those without."
	remediation := "Write \"aws:SecureTransport\": \"false\" in the Deny."
	finding := lib.finding("ENC-TLS-002", "high", s.resource, msg, remediation)
}

# ---------------------------------------------------------------- none at all

# Queues or topics that nothing makes refuse plain HTTP.
open_to_all(kind) := [r |
	some r in data.terraform.lib.of_type(kind)
	not r.address in data.terraform.transport.complete
	not named_there(r)
	not [r.type, r.name, instance(r)] in data.terraform.transport.refused
	not [r.type, "", instance(r)] in data.terraform.transport.refused
]

named_there(r) if [r.type, own_name(r)] in data.terraform.transport.refused

policies_of := {"aws_sns_topic_policy": ["aws_sns_topic", "arn"], "aws_sqs_queue_policy": ["aws_sqs_queue", "queue_url"]}

# What is refused by a resource beside it: by name.
refused contains [kind, name] if {
	some type, [kind, attribute] in policies_of
	some part in lib.of_type(type)
	part.address in complete
	words := regex.split(`[:/]`, lower(sprintf("%v", [lib.value(part, attribute)])))
	name := words[count(words) - 1]
}

# What is still to be created: the one of the same module and key that the configuration names, or any.
refused contains [kind, name, place] if {
	some type, [kind, attribute] in policies_of
	some part in lib.of_type(type)
	part.address in complete
	lib.unknown(part, attribute)
	place := instance(part)
	found := object.get(meant_by, sprintf("%s.%s", [type, part.name]), {""})
	count(found) == 1
	some name in found
}

# Type and name of such a resource → names of the queues or topics that the configuration has there.
# One is there always: with none at all the embedded engine would find nothing where it is used.
meant_by["none"] contains "none"

meant_by[key] contains name if {
	some [type, own, attribute, reference, _] in lib.references
	kind := policies_of[type][0]
	attribute == policies_of[type][1]
	startswith(reference, sprintf("%s.", [kind]))
	key := sprintf("%s.%s", [type, own])
	name := split(split(reference, ".")[1], "[")[0]
}

instance(r) := [object.get(r, "module_address", ""), object.get(r, "index", null)]

# METADATA
# title: Queues take no plain HTTP
# description: Everybody on the way reads what is sent over it.
# custom:
#   id: ENC-SQS-002
#   severity: low
#   resources: [aws_sqs_queue]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders}}
#   good: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "sqs:*",
#     Resource: "*", Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
warn contains finding if {
	some r in open_to_all("aws_sqs_queue")
	msg := "The queue accepts plain HTTP."
	finding := lib.finding("ENC-SQS-002", "low", r, msg, tls_only)
}

# METADATA
# title: Topics take no plain HTTP
# description: Everybody on the way reads what is sent over it.
# custom:
#   id: ENC-SNS-002
#   severity: low
#   resources: [aws_sns_topic]
#   elsewhere: []
#   bad: {aws_sns_topic: {name: orders}}
#   good: {aws_sns_topic: {name: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "sns:Publish",
#     Resource: "*", Condition: {Bool: {"aws:SecureTransport": "false"}}}]}}}
warn contains finding if {
	some r in open_to_all("aws_sns_topic")
	msg := "The topic accepts plain HTTP."
	finding := lib.finding("ENC-SNS-002", "low", r, msg, tls_only)
}

tls_only := "Keep tls_only = true, which denies requests without aws:SecureTransport."
