# IAM as AWS reads it: patterns, what an action grants, how far a resource reaches, and what a condition narrows.
# Functions spell `data.…` out: an import has no value in them once this package is itself imported (ENG505).
package terraform.iam

import rego.v1

import data.terraform.lib

# ---------------------------------------------------------------- patterns

wild(text) if contains(text, "*")

wild(text) if contains(text, "?")

# A pattern as a regular expression that matches ASCII names; what is special to one is escaped. `*` crosses everything,
# colons and slashes too. `lib.readable` bounds the length, since engines bound the size of a compiled expression.
expression(pattern) := wildcards if {
	ascii := regex.replace(pattern, `[^!-~]`, "\u007f") # matches no name
	short := regex.replace(ascii, `[*]+`, "*")
	escaped := regex.replace(short, `[\\.+^$|()\[\]{}]`, `\$0`)
	wildcards := replace(replace(escaped, "?", "[!-~]"), "*", "[!-~]*")
}

# Both in lower case.
matches(pattern, text) if pattern == text

matches(pattern, text) if {
	# mutant: drop wild(pattern) – without wildcards the expression matches what is equal; this is quicker
	wild(pattern)
	regex.match(concat("", ["^", expression(pattern), "$"]), text)
}

# ---------------------------------------------------------------- actions

everything(action) if regex.match(`^[*?]*[*][*?]*(:[*?]*)?$`, action)

# A whole service, or actions of several.
broad(action) if regex.match(`^[^:]*:[*?]*[*][*?]*$`, action)

broad(action) if wild(split(action, ":")[0])

grants := [s |
	some s in lib.statements
	s.grants
	s.identity
]

# Each action of the plan, once.
patterns := {action |
	some s in grants
	some action in s.actions
}

service_of(action) := split(action, ":")[0]

# mutant: -1 → -2 – any length below zero is the rest
name_of(action) := substring(action, indexof(action, ":") + 1, -1) if contains(action, ":")

name_of(action) := "" if not contains(action, ":")

# The services of AWS that an action's service stands for.
services_of(service) := [service] if {
	# mutant: drop not wild(service) – the catalogue has no service with a wildcard; this is quicker
	not wild(service)
	data.aws.catalogue.actions[service]
}

services_of(service) := [] if {
	not wild(service)
	not data.aws.catalogue.actions[service]
}

services_of(service) := [known |
	some known, _ in data.aws.catalogue.actions
	matches(service, known)
] if {
	# mutant: drop wild(service) – without wildcards it is what the other definitions say; this is quicker
	wild(service)
}

kinds := ["escalation", "guards", "secrets", "data"]

# Action of the plan → kind of danger → what it grants of that kind, as AWS spells it.
granted[action] := found if {
	some action in patterns
	not everything(action) # that has a rule of its own
	found := object.union(listed(action), object.filter({"permissions": managing(action)}, managing_keys(action)))
}

listed(action) := {kind: names |
	some kind in kinds
	names := [sprintf("%s:%s", [service, name]) |
		some service in services_of(service_of(action))
		some name in data.aws.dangers[kind][service]
		matches(name_of(action), lower(name))
	]
	count(names) > 0
}

# What AWS calls permissions management, unless one of our own lists has it.
managing(action) := [sprintf("%s:%s", [service, name]) |
	some service in services_of(service_of(action))
	some packed in regex.find_n(
		concat("", ["(?i) ", expression(name_of(action)), `\b`]),
		concat("", [" ", object.get(data.aws.catalogue.actions[service], "Permissions management", "")]),
		# mutant: 1000 → 999 – no service has as many actions
		# mutant: 1000 → 1001 – no service has as many actions
		1000,
	)
	name := trim_space(packed)
	name != ""
	every kind in array.concat(kinds, ["harmless"]) {
		not name in object.get(data.aws.dangers[kind], service, [])
	}
]

managing_keys(action) := ["permissions"] if count(managing(action)) > 0

managing_keys(action) := [] if count(managing(action)) == 0

# ---------------------------------------------------------------- resources

# A name that nobody gives, with every letter, digit and separator: what matches it matches (nearly) all names.
some_name := "xqzjk-vwbpy-hgufcm-ldnrs-iatoe-0123456789_xq.k/qxzj"

# Service → ARNs of all its kinds of resources, each with that name.
probes[service] := text if {
	some service in {service_of(action) | some action in patterns}
	kinds_of := [arns |
		some known in services_of(service)
		arns := data.aws.catalogue.arns[known]
	]
	plain := [sprintf("%s:us-east-1:@:# %s::@:#", [known, known]) | some known in services_of(service)]
	packed := replace(concat(" ", array.concat(kinds_of, plain)), " ", " arn:aws:")
	text := concat("", [" arn:aws:", replace(replace(packed, "@", "111111111111"), "#", some_name), " "])
}

# Pairs of a service and a pattern that leaves open which of the service's resources are meant.
sweeping contains [service, resource] if {
	some s in grants
	some resource in s.resources
	wild(resource)
	some service in {service_of(action) | some action in s.actions}
	wide(resource, service)
}

wide(resource, _) if regex.match(`^[*?:]*[*][*?:]*$`, resource)

wide(resource, service) if regex.match(concat("", [" ", expression(loosened(resource)), " "]), probes[service])

# Whose partition, region and account it is makes no resource of it; and neither do one or two letters before a `*`, or
# what AWS begins all ids of a kind with.
loosened(resource) := concat(":", [segment(number, part) | some number, part in split(short, ":")]) if {
	defaults := regex.replace(resource, `[$][{][^}]*,[^}]*[}]`, "*") # a variable with a default is as good as open
	variables := regex.replace(defaults, `[$][{][^}]*[}]`, "~")
	marks := regex.replace(variables, `[?]{3,}`, "*")
	ids := regex.replace(marks, `([:/])(acl|ami|eni|fs|igw|lt|mrk|rtb|sg|snap|subnet|vol|vpc|vpce)-[*]+$`, "$1*")
	short := regex.replace(ids, `([:/])[a-z0-9_.-]{1,2}[*]+$`, "$1*")
}

segments := {1: `^[a-z*?~-]+$`, 3: `^[a-z0-9*?~-]+$`, 4: `^[0-9*?~]+$`}

segment(number, part) := "*" if regex.match(segments[number], part)

segment(number, part) := part if not regex.match(object.get(segments, number, `^$`), part)

# Does a statement allow this action of its on everything (of its kind)?
on_everything(s, action) if {
	some resource in s.resources
	[service_of(action), resource] in sweeping
	not narrowed(s)
}

# ---------------------------------------------------------------- conditions

# Operators that hold only when the key is there and has one of the values.
exact := {
	"arnequals",
	"arnlike",
	"foranyvalue:arnequals",
	"foranyvalue:arnlike",
	"foranyvalue:stringequals",
	"foranyvalue:stringequalsignorecase",
	"foranyvalue:stringlike",
	"stringequals",
	"stringequalsignorecase",
	"stringlike",
}

# Keys that say which resources are meant, beside the ARN.
telling := {
	"cloudwatch:namespace",
	"dynamodb:leadingkeys",
	"ec2:resourcetag",
	"ecs:cluster",
	"iam:associatedresourcearn",
	"iam:passedtoservice",
	"iam:permissionsboundary",
	"iam:policyarn",
	"kms:resourcealiases",
	"kms:viaservice",
	"lambda:functionarn",
	"s3:dataaccesspointarn",
	"secretsmanager:secretid",
}

tells(key) if key in telling

tells(key) if regex.match(`^[a-z0-9-]+:(resourcetag|existingobjecttag|encryptioncontext)[/:]`, key)

narrowed(s) if {
	some condition in s.conditions
	tells(condition.key)
	condition.operator in exact
	count(condition.values) > 0
	every value in condition.values {
		not open(condition.key, value)
	}
}

# Patterns for (nearly) all values of a kind, and a variable compared with itself.
open(_, value) if regex.match(`^[*?]|^alias/[*?]|^arn:[^:]*:[^:]*:[^:]*:[^:]*:([a-z-]+[:/])*[*?]|^arn:[*?]|^arn:[^:]*:[*?]`, value)

open(key, value) if contains(value, concat("", ["${", key]))

# A variable with a pattern for those who have none.
open(_, value) if regex.match(`[$][{][^}]*,[^}]*[*?][^}]*[}]`, value)

open("kms:resourcealiases", value) if regex.match(`^a?l?i?a?s?[*?]`, value)

open("kms:viaservice", value) if not regex.match(`^[a-z0-9-]+[.]`, value)

open("iam:passedtoservice", value) if not regex.match(`^[a-z0-9-]+[.]`, value)

open("iam:permissionsboundary", value) if regex.match(`^arn:[^:]*:iam::aws:`, value)

open("iam:policyarn", value) if {
	regex.match(`^arn:[^:]*:iam::aws:`, value)
	not value in data.terraform.perils.harmless_policies
}

# ---------------------------------------------------------------- a Deny beside it

# Names that no Deny beside the statement takes back.
left(s, names) := [name | some name in names; not data.terraform.lib.taken_back(s.denied, lower(name))]

# Everything is allowed, and everything dangerous is denied.
tamed(s) if {
	# mutant: drop s.denied != [] – without a Deny all dangers are left; this is quicker
	s.denied != []
	count(left(s, data.terraform.perils.actions)) == 0
}

# ---------------------------------------------------------------- spelling

# A service → all names of its actions, packed, in lower case.
names_of[service] := text if {
	# mutant: drop some service in {service_of(action) | some s in lib.stateme… – all services would do, slowly
	some service in {service_of(action) | some s in lib.statements; some action in s.actions}
	levels := data.aws.catalogue.actions[service]
	text := lower(concat(" ", array.concat([""], array.concat([packed | some _, packed in levels], [""]))))
}

unknown_action(action) if {
	not wild(service_of(action))
	not names_of[service_of(action)]
}

unknown_action(action) if {
	known := names_of[service_of(action)]
	not regex.match(concat("", [" ", expression(name_of(action)), " "]), known)
}

# `, for example to s3:getobject`: the action with most pairs of letters in common, among those that begin alike.
suggestion(action) := text if {
	wanted := pairs(name_of(action))
	start := sprintf(" %s[^ ]*", [regex.replace(substring(name_of(action), 0, 3), `[^a-z]`, "")])
	near := [[score, name] |
		# mutant: 100 → 99 – enough to choose from
		# mutant: 100 → 101 – enough to choose from
		some packed in regex.find_n(start, object.get(data.terraform.iam.names_of, service_of(action), ""), 100)
		name := trim_space(packed)
		shared := pairs(name)
		score := (2 * count(wanted & shared)) - count(shared)
		score > 0
	]
	most := max([score | some [score, _] in near])
	text := sprintf(", for example to %s:%s", [service_of(action), min([name | some [score, name] in near; score == most])])
} else := ""

pairs(name) := {substring(name, start, 2) | some start in numbers.range(0, max([count(name) - 2, 0]))}
