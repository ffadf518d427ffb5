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
held(r, kind) := ({full_name(r) | r.type == types[kind]} | {name |
	inline[r.type] == kind
	some name in called(r, kind, kind)
}) | {name |
	r.type == "aws_iam_policy"
	some slot in places(r)
	some [kind_, name] in data.terraform.principals.attached[slot]
	kind_ == kind
}

# Slot of a policy → kinds and names of the principals that it is attached to.
attached[slot] contains [kind, name] if {
	some type, attributes in attaching
	some part in lib.of_type(type)
	some slot in slots(part, "policy_arn", "aws_iam_policy")
	some kind, attribute in attributes
	some name in called(part, attribute, kind)
}

called(part, attribute, kind) := {lower(name) | some name in lib.list(lib.value(part, attribute)); is_string(name)} | {name |
	some slot in slots(part, attribute, types[kind])
	some name in data.terraform.principals.standing[slot]
}

# Slot → path and name of the principals that have it.
standing[slot] contains name if {
	some _, type in types
	some r in lib.of_type(type)
	some slot in places(r)
	name := full_name(r)
}

# Slots are texts: an attribute means what has a slot in common with it, so that nobody compares all with all. By name or
# ARN; still to be created, by the key or its first part, of what the configuration refers to if it says so; a single one
# by the reference alone.
slots(part, attribute, type) := {slot |
	some text in lib.list(lib.value(part, attribute))
	is_string(text)
	slot := sprintf("%s=%s", [type, regex.replace(lower(text), `^.*:policy/`, "")])
} | {slot |
	lib.unknown(part, attribute)
	names := {name | some name in data.terraform.principals.pointing[sprintf("%s.%s.%s.%s", [part.type, part.name, attribute, type])]}
	some end in {"!"} | {concat("", ["/", key]) | some key in beginnings(key_of(part))}
	some name in names | {"" | count(names) == 0}
	slot := sprintf("%s:%s:%s%s", [type, object.get(part, "module_address", ""), name, end])
}

beginnings(key) := {concat("/", array.slice(steps, 0, n)) | some n in numbers.range(1, count(steps))} if steps := split(key, "/")

key_of(r) := sprintf("%v", [object.get(r, "index", null)])

places(r) := ({sprintf("%s=%s", [r.type, known_as(r)])} | {slot |
	some name in {"", r.name}
	slot := sprintf("%s:%s:%s/%s", [r.type, object.get(r, "module_address", ""), name, key_of(r)])
}) | {sprintf("%s:%s:%s!", [r.type, object.get(r, "module_address", ""), r.name]) | object.get(r, "index", null) == null}

# Attachments name a policy by its ARN, everybody else by name alone.
known_as(r) := full_name(r) if r.type == "aws_iam_policy"

known_as(r) := lower(sprintf("%v", [lib.value(r, "name")])) if r.type != "aws_iam_policy"

# Type, name, attribute and type → names of the resources that the configuration refers to there.
pointing[key] contains name if {
	some [type, own_name, attribute, reference, _] in lib.references
	startswith(reference, "aws_iam_")
	steps := split(reference, ".")
	key := sprintf("%s.%s.%s.%s", [type, own_name, attribute, steps[0]])
	name := split(steps[1], "[")[0]
}
