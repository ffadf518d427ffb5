# Rights over principals that a statement names: over whoever holds them, and over what somebody else has made.
package terraform.principals

import rego.v1

import data.terraform.iam
import data.terraform.lib

# METADATA
# title: Nobody changes his own rights
# description: Whoever gets at what runs with the role makes it administrator, and takes back what was denied to it.
# custom:
#   id: ACC-IAM-023
#   severity: critical
#   resources: [aws_iam_role, aws_iam_role_policy, aws_iam_user_policy, aws_iam_group_policy, aws_iam_policy]
#   elsewhere: [CKV_AWS_286, iam_inline_policy_allows_privilege_escalation]
#   value: the action
#   bad: {aws_iam_role_policy: {role: app, policy: {Statement: [{Effect: Allow, Action: "iam:PutRolePolicy",
#     Resource: "arn:aws:iam::111111111111:role/app"}]}}}
#   good: {aws_iam_role_policy: {role: app, policy: {Statement: [{Effect: Allow, Action: "iam:GetRolePolicy",
#     Resource: "arn:aws:iam::111111111111:role/app"}]}}}
deny contains finding if {
	some [s, action, row, name, _] in named
	not iam.narrowed(s)
	rights := iam.left(s, [right | some right in row.itself; iam.matches(action, lower(right))])
	count(rights) > 0
	some holder in held(s.resource, row.kind) # last, since it looks at all attachments
	iam.matches(name, holder)
	msg := sprintf("A statement allows a %s %s on itself: it can give itself any right.", [row.kind, rights[0]])
	remediation := "Leave rights to somebody else."
	finding := lib.about(action, lib.finding("ACC-IAM-023", "critical", s.resource, msg, remediation))
}

# METADATA
# title: Rights over principals are not for everybody with such a name
# description: One of a family of roles or users, today's or tomorrow's, has more rights than the holder, who takes them.
# custom:
#   id: ACC-IAM-024
#   severity: high
#   resources: ["*"]
#   elsewhere: [CKV_AWS_110, CKV_AWS_286, iam_policy_allows_privilege_escalation,
#     iam_inline_policy_allows_privilege_escalation]
#   value: kind and name, such as role/*-role
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:PutRolePolicy",
#     Resource: "arn:aws:iam::111111111111:role/*-role"}]}}}
#   good: {aws_iam_role: {name: orders-api}, aws_iam_policy: {policy: {Statement: [{Effect: Allow,
#     Action: "iam:PutRolePolicy", Resource: "arn:aws:iam::111111111111:role/orders-api"}]}}}
deny contains finding if {
	some [s, row, name, rights] in strange
	family(row.kind, name, rights)
	whom := concat("/", [row.kind, name])
	msg := sprintf("A statement allows %s on %s: its holder gets the rights of all that are called so.", [concat(", ", rights), whom])
	remediation := "Name whom it is for by ARN."
	finding := lib.about(whom, lib.finding("ACC-IAM-024", "high", s.resource, msg, remediation))
}

# METADATA
# title: Rights over somebody else's principals are seen
# description: Nobody here knows what a role, user, group or policy may that the plan does not make; the holder may it, too.
# custom:
#   id: ACC-IAM-025
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: kind and name, such as role/admin
#   bad: {aws_iam_policy: {policy: {Statement: [{Effect: Allow, Action: "iam:CreateAccessKey",
#     Resource: "arn:aws:iam::111111111111:user/admin"}]}}}
#   good: {aws_iam_user: {name: mailer}, aws_iam_policy: {policy: {Statement: [{Effect: Allow,
#     Action: "iam:CreateAccessKey", Resource: "arn:aws:iam::111111111111:user/mailer"}]}}}
warn contains finding if {
	some [s, row, name, rights] in strange
	not family(row.kind, name, rights)
	whom := concat("/", [row.kind, name])
	msg := sprintf("A statement allows %s on %s, which the plan does not make: its holder gets those rights.", [concat(", ", rights), whom])
	remediation := "See what it may, or make it in the same plan."
	finding := lib.about(whom, lib.finding("ACC-IAM-025", "medium", s.resource, msg, remediation))
}

# ---------------------------------------------------------------- what a statement is about

# Rows of our list that an action of the plan has a right of.
rows[action] := found if {
	some action in data.terraform.iam.patterns
	not iam.everything(action) # that has a rule of its own
	found := [row |
		some row in data.aws.dangers.over
		count([right | some right in array.concat(row.itself, row.rights); iam.matches(action, lower(right))]) > 0
	]
}

# Statements about principals by name: with the action, the row, path and name, and the whole ARN.
named := [[s, action, row, name, resource] |
	some s in data.terraform.iam.grants
	some action in s.actions
	some row in data.terraform.principals.rows[action]
	some resource in s.resources
	not [iam.service_of(action), resource] in data.terraform.iam.sweeping # for everything: a finding of its own
	[head, name] := cut(resource)
	iam.matches(head, concat("", ["arn:aws:iam::111111111111:", row.kind]))
]

# Up to the kind of the resource, in any partition and account; and its path and name. `*` crosses the slash between them.
cut(resource) := [iam.loosened(parts[0]), substring(resource, count(parts[0]) + 1, -1)] if {
	parts := split(resource, "/")
	count(parts) > 1
}

cut(resource) := [substring(resource, 0, start + 1), substring(resource, start, -1)] if {
	not contains(resource, "/")
	start := indexof(resource, "*")
	start >= 0
}

# Those about what the plan does not make, with the rights over it that nothing narrows.
strange := [[s, row, name, rights] |
	some [s, action, row, name, resource] in data.terraform.principals.named
	rights := iam.left(s, [right |
		some right in row.rights
		iam.matches(action, lower(right))
		weighs(s, right)
	])
	count(rights) > 0
	not own(row.kind, name, resource)
	not regex.match(`^aws-service-role/|^[$][{]aws:(username|userid)[}]$`, name) # AWS's own, and oneself
]

weighs(s, right) if {
	right != "iam:PassRole"
	not iam.narrowed(s)
}

# A role that is passed is dangerous to whoever may start something with it.
weighs(s, "iam:PassRole") if {
	some service in data.terraform.principals.starting[s.resource.address]
	passes(s, service)
}

passes(s, _) if not iam.narrowed(s)

passes(s, service) if {
	some condition in s.conditions
	condition.key == "iam:passedtoservice"
	some value in condition.values
	iam.matches(value, service)
}

# Action of the plan → services that it starts something with.
starts[action] contains service if {
	some action in data.terraform.iam.patterns
	some service, launches in data.aws.dangers.launch
	some launch in launches
	iam.matches(action, lower(launch))
}

starting[address] contains service if {
	some s in data.terraform.iam.grants
	address := s.resource.address
	some action in s.actions
	some service in starts[action]
}

# Such names belong to many: unless they go on from what the plan makes, or say at least how the role begins that is taken.
family(kind, name, rights) if {
	iam.wild(name)
	not continues(kind, name)
	not taken(name, rights)
}

continues(kind, name) if {
	start := beginning(name)
	some one in data.terraform.principals.made[kind]
	startswith(one, start)
}

taken(name, rights) if {
	beginning(name)
	every right in rights { right in ["iam:PassRole", "sts:AssumeRole"] }
}

beginning(name) := substring(name, 0, count(name) - 1) if regex.match(`^[^*?]+[*]$`, name)

# ---------------------------------------------------------------- what the plan makes

types := {
	"group": "aws_iam_group",
	"instance-profile": "aws_iam_instance_profile",
	"policy": "aws_iam_policy",
	"role": "aws_iam_role",
	"saml-provider": "aws_iam_saml_provider",
	"user": "aws_iam_user",
}

# Kind → paths and names, in lower case.
made := {kind: names |
	some kind, type in types
	names := {full_name(r) | some r in lib.of_type(type)}
}

full_name(r) := lower(trim_left(sprintf("%v%v", [object.get(r.change.after, "path", "/"), lib.value(r, "name")]), "/"))

own(kind, name, resource) if {
	name in data.terraform.principals.made[kind]
	lib.account(resource) in ["", data.terraform.lib.own_account]
}

# ---------------------------------------------------------------- who holds a statement

inline := {"aws_iam_group_policy": "group", "aws_iam_role_policy": "role", "aws_iam_user_policy": "user"}

attaching := {
	"aws_iam_group_policy_attachment": {"group": "group"},
	"aws_iam_policy_attachment": {"group": "groups", "role": "roles", "user": "users"},
	"aws_iam_role_policy_attachment": {"role": "role"},
	"aws_iam_user_policy_attachment": {"user": "user"},
}

# Paths and names, in lower case, of the principals of a kind that a resource's statements are for.
held(r, kind) := {full_name(r) | r.type == types[kind]} | {name |
	some [part, attribute] in saying(r, kind)
	some name in called(part, attribute, kind)
}

# Resources and their attributes that say whose a document is.
saying(r, kind) := [[r, kind]] if inline[r.type] == kind

saying(r, kind) := [[part, attribute] |
	some type, attributes in attaching
	attribute := attributes[kind]
	some part in lib.of_type(type)
	means(part, "policy_arn", r)
] if {
	r.type == "aws_iam_policy"
}

called(part, attribute, kind) := {lower(name) | some name in lib.list(lib.value(part, attribute)); is_string(name)} | {full_name(r) |
	some r in lib.of_type(types[kind])
	means(part, attribute, r)
}

# Does the attribute of one resource mean the other? By name or ARN,
means(part, attribute, target) if {
	some text in lib.list(lib.value(part, attribute))
	text == lib.value(target, "name")
}

means(part, "policy_arn", target) if {
	arn := lib.value(part, "policy_arn")
	is_string(arn)
	endswith(lower(arn), concat("", [":policy/", full_name(target)]))
}

# or, still to be created, by reference, or as the one of the same key or of its first part.
means(part, attribute, target) if {
	lib.unknown(part, attribute)
	object.get(part, "module_address", "") == object.get(target, "module_address", "")
	fits(part, attribute, target)
	not points_elsewhere(part, attribute, target)
}

fits(part, _, target) if {
	key := sprintf("%v", [object.get(target, "index", null)])
	own_key := sprintf("%v", [object.get(part, "index", null)])
	startswith(sprintf("%s/", [own_key]), sprintf("%s/", [key]))
}

fits(part, attribute, target) if {
	object.get(target, "index", null) == null
	target.name in pointed(part, attribute, target.type)
}

points_elsewhere(part, attribute, target) if {
	some name in pointed(part, attribute, target.type)
	name != target.name
}

# Names of the resources of a type that the configuration has there.
pointed(part, attribute, type) := {name |
	some [kind, own_name, attribute_, reference, _] in data.terraform.lib.references
	[kind, own_name, attribute_] == [part.type, part.name, attribute]
	startswith(reference, concat("", [type, "."]))
	name := split(split(reference, ".")[1], "[")[0]
}
