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
	some [s, action, kind, name, _] in named
	not iam.narrowed(s)
	first := iam.left(s, rights(action, kind, "itself"))[0]
	some holder in held(s.resource, kind) # last, since it looks at all attachments
	iam.matches(name, holder)
	msg := sprintf("A statement allows a %s %s on itself: it can give itself any right.", [kind, first])
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
	some [s, kind, name, allowed] in strange
	family(kind, name, allowed)
	whom := concat("/", [kind, name])
	msg := sprintf("A statement allows %s on %s: its holder gets the rights of all that are called so.", [concat(", ", allowed), whom])
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
	some [s, kind, name, allowed] in strange
	not family(kind, name, allowed)
	whom := concat("/", [kind, name])
	msg := sprintf("A statement allows %s on %s, which the plan does not make: its holder gets those rights.", [concat(", ", allowed), whom])
	remediation := "See what it may, or make it in the same plan."
	finding := lib.about(whom, lib.finding("ACC-IAM-025", "medium", s.resource, msg, remediation))
}

# ---------------------------------------------------------------- what a statement is about

# Action of the plan → rights of our list that it covers, each with the kind of principal that it is over.
covered[action] contains [kind, sort, right] if {
	some action in data.terraform.iam.patterns
	not iam.everything(action) # that has a rule of its own
	some row in data.aws.dangers.over
	kind := row.kind
	some sort in ["itself", "rights"]
	some right in row[sort]
	iam.matches(action, lower(right))
}

rights(action, kind, sort) := [right |
	some [kind_, sort_, right] in data.terraform.principals.covered[action]
	[kind_, sort_] == [kind, sort]
]

# Statements about principals by name: with the action, the kind, path and name, and the whole ARN.
named := [[s, action, kind, name, resource] |
	some s in data.terraform.iam.grants
	some action in s.actions
	some kind in {kind_ | some [kind_, _, _] in data.terraform.principals.covered[action]}
	some resource in s.resources
	not [iam.service_of(action), resource] in data.terraform.iam.sweeping # for everything: a finding of its own
	[head, name] := cut(resource)
	iam.matches(head, concat("", ["arn:aws:iam::111111111111:", kind]))
]

# Up to the kind of the resource, in any partition and account; and its path and name. `*` crosses the slash between them.
cut(resource) := [iam.loosened(start), trim_prefix(resource, concat("", [start, "/"]))] if {
	contains(resource, "/")
	start := split(resource, "/")[0]
}

cut(resource) := [concat("", [start, "*"]), trim_prefix(resource, start)] if {
	not contains(resource, "/")
	contains(resource, "*")
	start := split(resource, "*")[0]
}

# Those about what the plan does not make, with the rights over it that nothing narrows.
strange := [[s, kind, name, allowed] |
	some [s, action, kind, name, resource] in data.terraform.principals.named
	allowed := iam.left(s, [right | some right in rights(action, kind, "rights"); weighs(s, right)])
	count(allowed) > 0
	not own(kind, name, resource)
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
family(kind, name, allowed) if {
	iam.wild(name)
	not continues(kind, name)
	not taken(name, allowed)
}

continues(kind, name) if {
	start := beginning(name)
	some one in data.terraform.principals.made[kind]
	startswith(one, start)
}

taken(name, allowed) if {
	beginning(name)
	every right in allowed { right in ["iam:PassRole", "sts:AssumeRole"] }
}

beginning(name) := trim_suffix(name, "*") if regex.match(`^[^*?]+[*]$`, name)

# ---------------------------------------------------------------- what the plan makes

types := {
	"group": "aws_iam_group",
	"instance-profile": "aws_iam_instance_profile",
	"oidc-provider": "aws_iam_openid_connect_provider",
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

full_name(r) := trim_left(lower(sprintf("%v%v", [object.get(r.change.after, "path", "/"), known_as(r)])), "/")

# The name itself, or how it will begin. A provider of tokens goes by its address.
known_as(r) := [trim_prefix(text, "https://") |
	some attribute in ["name", "name_prefix", "url"]
	some text in lib.texts(lib.value(r, attribute))
][0]

own(kind, name, resource) if {
	name in data.terraform.principals.made[kind]
	lib.account(resource) in ["", data.terraform.lib.own_account]
}

# ---------------------------------------------------------------- who holds a statement

inline := {"aws_iam_group_policy": "group", "aws_iam_role_policy": "role", "aws_iam_user_policy": "user"}

# Attribute that names policies, and kinds and attributes of those who get them.
attaching := {
	"aws_iam_group_policy_attachment": ["policy_arn", {"group": "group"}],
	"aws_iam_group_policy_attachments_exclusive": ["policy_arns", {"group": "group_name"}],
	"aws_iam_policy_attachment": ["policy_arn", {"group": "groups", "role": "roles", "user": "users"}],
	"aws_iam_role": ["managed_policy_arns", {"role": "name"}],
	"aws_iam_role_policy_attachment": ["policy_arn", {"role": "role"}],
	"aws_iam_role_policy_attachments_exclusive": ["policy_arns", {"role": "role_name"}],
	"aws_iam_user_policy_attachment": ["policy_arn", {"user": "user"}],
	"aws_iam_user_policy_attachments_exclusive": ["policy_arns", {"user": "user_name"}],
}

# Paths and names, in lower case, of the principals of a kind that a resource's statements are for.
held(r, kind) := ({full_name(r) | r.type == types[kind]} | {name |
	inline[r.type] == kind
	some name in called(r, kind, kind)
}) | {name |
	some slot in places(r)
	some [kind_, name] in data.terraform.principals.attached[slot]
	kind_ == kind
}

# Slot of a policy → kinds and names of the principals that it is attached to.
attached[slot] contains [kind, name] if {
	some type, [policies, attributes] in attaching
	some part in lib.of_type(type)
	some slot in slots(part, policies, "aws_iam_policy")
	some kind, attribute in attributes
	some name in called(part, attribute, kind)
}

called(part, attribute, kind) := {name | some name in lib.texts(lib.value(part, attribute))} | {name |
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
# by the reference alone, and one of many by the reference if that has its key.
slots(part, attribute, type) := {slot |
	some text in lib.texts(lib.value(part, attribute))
	slot := sprintf("%s=%s", [type, regex.replace(text, `.*:policy/`, "")])
} | {slot |
	open(part, attribute)
	from := sprintf("%s.%s.%s.%s", [part.type, part.name, attribute, type])
	names := {name | some name in data.terraform.principals.pointing[from]}
	some name in names | {"" | count(names) == 0}
	keys := {key | some key in data.terraform.principals.keyed[concat(".", [from, name])]}
	some end in keys | {one | count(keys) == 0; some one in likely(part)}
	slot := sprintf("%s:%s:%s%s", [type, object.get(part, "module_address", ""), name, end])
}

# What is known only after apply, the whole or an element; not what the provider fills in where nothing is written.
open(part, attribute) if {
	walk(part.change.after_unknown[attribute], [_, true])
	not data.terraform.documents.filled_in(part, [attribute])
}

likely(part) := {"!"} | {concat("", ["/", concat("/", steps)]) | some steps in beginnings(split(key_of(part), "/"))}

beginnings(steps) := {[step | some m, step in steps; m <= n] | some n, _ in steps}

key_of(r) := sprintf("%v", [object.get(r, "index", null)])

places(r) := ({sprintf("%s=%s", [r.type, name]) | name := called_by_others(r)} | {slot |
	some name in {"", r.name}
	slot := sprintf("%s:%s:%s/%s", [r.type, object.get(r, "module_address", ""), name, key_of(r)])
}) | {sprintf("%s:%s:%s!", [r.type, object.get(r, "module_address", ""), r.name]) | object.get(r, "index", null) == null}

# Attachments name a policy by its ARN, everybody else by name alone.
called_by_others(r) := full_name(r) if r.type == "aws_iam_policy"

called_by_others(r) := known_as(r) if r.type != "aws_iam_policy"

# Type, name, attribute and type → names of the resources that the configuration refers to there.
pointing[from] contains name if {
	some [type, own_name, attribute, reference, _] in lib.references
	steps := regex.split(`[.\[]`, reference)
	from := sprintf("%s.%s.%s.%s", [type, own_name, attribute, steps[0]])
	name := steps[1]
}

# The same and the name → the keys that it refers to.
keyed[from] contains key if {
	some [type, name, attribute, reference, _] in lib.references
	regex.match(indexed, reference)
	from := sprintf("%s.%s.%s.%s", [type, name, attribute, regex.replace(reference, indexed, "$1")])
	key := regex.replace(reference, indexed, "/$2$3")
}

indexed := `([a-z0-9_]+[.][^.\[]+)\[(?:"([^"\\]*)"|([0-9]+))\].*`
