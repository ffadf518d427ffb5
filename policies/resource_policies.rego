# Policies of resources that lock out their own owners, or that let in for everything.
package terraform.resource_policies

import rego.v1

import data.terraform.iam
import data.terraform.lib
import data.terraform.trust

# Service → actions that change the resource's policy, and without which nobody can mend it.
administration := {
	"aws_backup_vault_policy": ["backup:putbackupvaultaccesspolicy", "backup:deletebackupvaultaccesspolicy"],
	"aws_ecr_repository_policy": ["ecr:setrepositorypolicy", "ecr:deleterepositorypolicy"],
	"aws_efs_file_system_policy": ["elasticfilesystem:putfilesystempolicy", "elasticfilesystem:deletefilesystempolicy"],
	"aws_iam_role": ["sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"],
	"aws_kms_external_key": ["kms:putkeypolicy"],
	"aws_kms_key": ["kms:putkeypolicy"],
	"aws_kms_key_policy": ["kms:putkeypolicy"],
	"aws_kms_replica_external_key": ["kms:putkeypolicy"],
	"aws_kms_replica_key": ["kms:putkeypolicy"],
	"aws_s3_bucket": ["s3:putbucketpolicy", "s3:deletebucketpolicy"],
	"aws_s3_bucket_policy": ["s3:putbucketpolicy", "s3:deletebucketpolicy"],
	"aws_secretsmanager_secret_policy": ["secretsmanager:putresourcepolicy", "secretsmanager:deleteresourcepolicy"],
	"aws_sns_topic": ["sns:settopicattributes"],
	"aws_sns_topic_policy": ["sns:settopicattributes"],
	"aws_sqs_queue": ["sqs:setqueueattributes"],
	"aws_sqs_queue_policy": ["sqs:setqueueattributes"],
}

# ---------------------------------------------------------------- what denies oneself

# Statements that deny, with those whom and what they spare.
denials := [denial |
	some document in data.terraform.lib.documents
	some raw in lib.list(object.get(document.body, "statement", null))
	lib.effect(raw) == "deny"
	field := lib.fields(raw)
	denial := {
		"resource": document.resource,
		"actions": [text | some text in lib.texts(object.get(field, "action", null)); lib.readable(text)],
		"spared_actions": [text | some text in lib.texts(object.get(field, "notaction", null)); lib.readable(text)],
		"principals": lib.principals(object.get(field, "principal", null)),
		"spared": lib.principals(object.get(field, "notprincipal", null)),
		"resources": lib.texts(object.get(field, "resource", null)),
		"spared_resources": lib.texts(object.get(field, "notresource", null)),
		"conditions": lib.conditions(object.get(field, "condition", null)),
	}
]

denied_administration(d) := [action |
	some action in data.terraform.resource_policies.administration[d.resource.type]
	denies(d, action)
]

denies(d, action) if {
	some pattern in d.actions
	data.terraform.iam.matches(pattern, action)
}

denies(d, action) if {
	count(d.spared_actions) > 0
	every pattern in d.spared_actions { not data.terraform.iam.matches(pattern, action) }
}

# Everybody, ourselves too.
hits_us(d) if {
	some principal in d.principals
	principal.kind == "aws"
	ourselves(principal.name)
}

hits_us(d) if {
	count(d.spared) > 0
	every principal in d.spared { not ours(principal.name) }
}

ourselves(name) if name == "*"

ourselves(name) if {
	data.terraform.lib.own_account != ""
	name in {data.terraform.lib.own_account, sprintf("arn:aws:iam::%s:root", [data.terraform.lib.own_account])}
}

# The policy of a bucket is the bucket's, not its objects'.
reaches(d) if not startswith(d.resource.type, "aws_s3_bucket")

reaches(d) if {
	some pattern in d.resources
	not contains(pattern, "/")
}

reaches(d) if {
	count(d.resources) == 0
	every pattern in d.spared_resources { contains(pattern, "/") }
}

# Keys that each of our requests has.
always_there := {"aws:currenttime", "aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:securetransport", "aws:userid"}

# Keys that no request of ours to change a policy has: they are about objects and data, or about services that call.
never_there := concat("|", [
	"^aws:(calledvia|principalservicename|sourceaccount$|sourcearn$|sourceorg)",
	"^kms:(encryptioncontext|viaservice$)",
	"^s3:(delimiter$|existingobjecttag/|max-keys$|prefix$|requestobjecttag|versionid$|x-amz-)",
])

# A condition that holds for us, whatever we do.
always(condition) if {
	condition.key == "aws:securetransport"
	"true" in condition.values
	regex.match(`bool|string(like|equals)`, condition.operator)
}

always(condition) if {
	regex.match(`stringlike|arn(like|equals)`, condition.operator)
	"*" in condition.values
	condition.key in always_there
}

always(condition) if {
	regex.match(`(stringlike|arn(like|equals))ifexists`, condition.operator)
	"*" in condition.values
}

# What is negated, or only for those who have the key, holds where there is none.
always(condition) if {
	regex.match(never_there, condition.key)
	regex.match(`^(forallvalues:|[a-z]*not|[a-z]+ifexists)`, condition.operator)
}

always(condition) if {
	regex.match(never_there, condition.key)
	condition.operator == "null"
	"true" in condition.values
}

always(condition) if {
	condition.key in {"aws:principalisawsservice", "aws:viaawsservice"}
	regex.match(`bool|string(like|equals)`, condition.operator)
	"false" in condition.values
}

always(condition) if {
	condition.operator == "null"
	condition.key in always_there
	"false" in condition.values
}

always(condition) if {
	condition.key == "aws:principalaccount"
	regex.match(`string(like|equals)`, condition.operator)
	data.terraform.lib.own_account in condition.values
}

always(condition) if {
	condition.key == "aws:principalaccount"
	startswith(condition.operator, "stringnot")
	data.terraform.lib.own_account != ""
	every value in condition.values {
		regex.match(`^[0-9]{12}$`, value)
		value != data.terraform.lib.own_account
	}
}

always(condition) if {
	condition.key == "aws:principalarn"
	regex.match(`(string|arn)not`, condition.operator)
	data.terraform.lib.own_account != ""
	every value in condition.values {
		data.terraform.lib.account(value) != ""
		data.terraform.lib.account(value) != data.terraform.lib.own_account
	}
}

# METADATA
# title: No policy locks its own owners out
# description: >-
#   A Deny for everybody on what changes the policy is for the account's administrators and the pipeline, too: only the
#   root user could take it back, and with a key nobody.
# custom:
#   id: CARE-LOCK-001
#   severity: high
#   resources: [aws_backup_vault_policy, aws_ecr_repository_policy, aws_efs_file_system_policy, aws_iam_role, aws_kms_external_key,
#     aws_kms_key, aws_kms_key_policy, aws_kms_replica_external_key, aws_kms_replica_key, aws_s3_bucket, aws_s3_bucket_policy,
#     aws_secretsmanager_secret_policy, aws_sns_topic, aws_sns_topic_policy, aws_sqs_queue, aws_sqs_queue_policy]
#   elsewhere: [CKV_AWS_93]
#   value: the action
#   bad: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"]}]}}}
#   good: {aws_s3_bucket_policy: {bucket: orders, policy: {Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"],
#     Condition: {StringNotLike: {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/admin"}}}]}}}
deny contains finding if {
	some d in denials
	hits_us(d)
	reaches(d)
	every condition in d.conditions { always(condition) }
	some action in denied_administration(d)
	msg := sprintf("A statement denies %s to everybody, this account too: nobody could take it back.", [action])
	remediation := "Spare the roles of this account that look after it (aws:PrincipalArn), or deny less."
	finding := lib.about(action, lib.finding("CARE-LOCK-001", "high", d.resource, msg, remediation))
}

# ---------------------------------------------------------------- keys that nobody administers

key_types := {"aws_kms_external_key", "aws_kms_key", "aws_kms_key_policy", "aws_kms_replica_external_key", "aws_kms_replica_key"}

# Keys of which the policy lets somebody of this account change it.
administered contains address if {
	some s in data.terraform.lib.statements
	s.allows
	some action in s.actions
	iam.matches(action, "kms:putkeypolicy")
	every condition in s.conditions { harmless(condition) }
	some principal in s.principals
	principal.kind == "aws"
	ours(principal.name)
	address := s.resource.address
}

# It ties the request to this account, which is no hindrance.
harmless(condition) if {
	condition.key == "aws:principalorgid"
	data.terraform.trust.holds(condition)
}

harmless(condition) if {
	condition.key in {"aws:principalaccount", "kms:calleraccount"}
	data.terraform.trust.holds(condition)
	some value in condition.values
	ours(value)
}

ours(name) if name == "*"

# Where our account is not known, any may be it.
ours(name) if {
	data.terraform.lib.account(name) != ""
	data.terraform.lib.own_account in {"", data.terraform.lib.account(name)}
}

# METADATA
# title: Somebody of this account administers each key
# description: A key of which nobody may change the policy stays as it is for ever, and so does what it has encrypted.
# custom:
#   id: CARE-LOCK-002
#   severity: high
#   resources: [aws_kms_external_key, aws_kms_key, aws_kms_key_policy, aws_kms_replica_external_key, aws_kms_replica_key]
#   elsewhere: []
#   bad: {aws_kms_key: {policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/app"}, Action: "kms:Decrypt", Resource: "*"}]}}}
#   good: {aws_kms_key: {policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "kms:*", Resource: "*"}]}}}
deny contains finding if {
	some document in data.terraform.lib.documents
	document.resource.type in key_types
	not document.resource.address in administered
	msg := "Nobody of this account may change the key's policy."
	remediation := "Add the statement that lets arn:aws:iam::<account>:root do kms:*, as AWS does."
	finding := lib.finding("CARE-LOCK-002", "high", document.resource, msg, remediation)
}

# METADATA
# title: AWS's own check against a lock-out stays on
# description: It refuses a key policy that its author could not change again.
# custom:
#   id: CARE-LOCK-003
#   severity: medium
#   resources: [aws_kms_external_key, aws_kms_key, aws_kms_key_policy, aws_kms_replica_external_key, aws_kms_replica_key]
#   elsewhere: []
#   bad: {aws_kms_key: {bypass_policy_lockout_safety_check: true}}
#   good: {aws_kms_key: {bypass_policy_lockout_safety_check: false}}
deny contains finding if {
	some r in data.terraform.lib.present
	r.type in key_types
	lib.value(r, "bypass_policy_lockout_safety_check") == true
	msg := "AWS would not check that somebody can still change the key's policy."
	remediation := "Leave bypass_policy_lockout_safety_check out."
	finding := lib.finding("CARE-LOCK-003", "medium", r, msg, remediation)
}

# ---------------------------------------------------------------- everything at once

# Statements of resources' policies that allow everything, and whom. The account itself (its root) stands for what its
# own IAM policies allow.
generous contains [r, action, principal] if {
	some s in data.terraform.lib.statements
	s.grants
	r := s.resource
	some action in s.actions
	iam.broad(action)
	not delegates(s)
	some principal in s.principals
	not account_itself(principal)
}

# What a function allows by a resource of its own.
generous contains [r, action, principal] if {
	some r in data.terraform.lib.of_type("aws_lambda_permission")
	action := lower(sprintf("%v", [lib.value(r, "action")]))
	iam.broad(action)
	principal := lib.value(r, "principal")
	not account_itself({"kind": "aws", "name": principal})
}

# To the policies of access points, as AWS advises.
delegates(s) if {
	some condition in s.conditions
	startswith(condition.key, "s3:dataaccesspoint")
	data.terraform.trust.holds(condition)
}

account_itself(principal) if {
	principal.kind == "aws"
	regex.match(`^([0-9]{12}|arn:[^:]*:iam::[0-9]{12}:root)$`, principal.name)
}

# METADATA
# title: No resource allows every action
# description: It allows changing and deleting the policy itself, and whatever the service will have tomorrow.
# custom:
#   id: CARE-DOC-001
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_72, AVD-AWS-0097]
#   value: the action
#   bad: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/app"}, Action: "*", Resource: "*"}]}}}
#   good: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/app"}, Action: "sqs:SendMessage", Resource: "*"}]}}}
deny contains finding if {
	some [r, action, _] in generous
	iam.everything(action)
	msg := sprintf("A statement of its policy allows every action (%s).", [action])
	remediation := "List the actions that are needed."
	finding := lib.about(action, lib.finding("CARE-DOC-001", "high", r, msg, remediation))
}

# METADATA
# title: Resources allow the actions that are needed
# description: All actions of the service are those that change and delete the policy, too.
# custom:
#   id: CARE-DOC-002
#   severity: medium
#   resources: ["*"]
#   elsewhere: [CKV_AWS_72, AVD-AWS-0097]
#   value: the action
#   bad: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/app"}, Action: "sqs:*", Resource: "*"}]}}}
#   good: {aws_sqs_queue: {name: orders, policy: {Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:root"}, Action: "sqs:*", Resource: "*"}]}}}
warn contains finding if {
	some [r, action, _] in generous
	not iam.everything(action)
	msg := sprintf("A statement of its policy allows a whole service (%s).", [action])
	remediation := "List the actions that are needed."
	finding := lib.about(action, lib.finding("CARE-DOC-002", "medium", r, msg, remediation))
}
