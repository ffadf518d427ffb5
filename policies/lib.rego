# What the other packages share: the resources that will be there, and policy documents in one form.
package terraform.lib

import rego.v1

# Managed resources that exist after the plan is applied, changed or not: an old violation is one still.
present := [r |
	some r in input.resource_changes
	r.mode == "managed"
	is_object(r.change.after)
]

by_type[kind] contains r if {
	some r in present
	kind := r.type
}

of_type(kind) := [r | some r in data.terraform.lib.by_type[kind]]

creates(r) if "create" in r.change.actions

deletes(r) if "delete" in r.change.actions

# Known only after apply. Never the same as absent.
unknown(r, attribute) if r.change.after_unknown[attribute] == true

has_configuration if is_object(input.configuration)

# What attributes of resources are made of: type, name, attribute, and whatever the configuration refers to there.
references contains [kind, name, attribute, reference, modules] if {
	walk(object.get(input, "configuration", {}), [path, node])
	is_object(node.expressions)
	kind := node.type
	name := node.name
	some attribute, expression in node.expressions
	walk(expression, [_, reference])
	is_string(reference)
	regex.match(`^(data|local|module|var)[.]|^[a-z0-9]+_[a-z0-9_]+[.]`, reference)
	modules := modules_of(path)
}

modules_of(path) := [path[n + 1] | some n, step in path; step == "module_calls"]

# Those that refer to another resource, a data source or a module; in a module also through one of its variables.
referring contains [kind, name, attribute] if {
	some [kind, name, attribute, reference, modules] in references
	refers(reference, modules)
}

refers(reference, _) if not regex.match(`^(local|var)[.]`, reference)

refers(reference, modules) if {
	some given in data.terraform.lib.arguments[concat(" ", array.concat(modules, [reference]))]
	not startswith(given, "local.")
}

# Those that refer to local values, which the configuration of a plan does not have.
hinting contains [kind, name, attribute] if {
	some [kind, name, attribute, reference, modules] in references
	sources := {reference} | {given | some given in data.terraform.lib.arguments[concat(" ", array.concat(modules, [reference]))]}
	some given in sources
	startswith(given, "local.")
}

# Module and variable → what the call of the module refers to there. A variable of a module in a module is whatever its
# own caller gives it, so it counts as a reference.
# One that nobody refers to is there always: with none at all the embedded engine would find nothing where it is used.
# mutant: drop this definition of arguments.none – no reference is called that, so no plan shows it
arguments["none"] contains "none"

arguments[key] contains reference if {
	walk(object.get(input, "configuration", {}), [path, call])
	path[count(path) - 2] == "module_calls"
	modules := modules_of(path)
	some name, expression in call.expressions
	variable := sprintf("var.%s", [name])
	walk(expression, [_, reference])
	is_string(reference)
	from_elsewhere(reference, modules)
	key := concat(" ", array.concat(modules, [variable]))
}

from_elsewhere(reference, _) if regex.match(`^(data|local|module)[.]|^[a-z0-9]+_[a-z0-9_]+[.]`, reference)

from_elsewhere(reference, modules) if {
	startswith(reference, "var.")
	count(modules) > 1
}

# The day of the plan, as Terraform says; never before the tables that it is compared with, and never this machine's own.
today := max({data.aws.runtimes.dated} | {substring(input.timestamp, 0, 10) |
	is_string(input.timestamp)
	regex.match(`^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T`, input.timestamp)
})

# A day as a number that grows by one a day, and by some more where a month is short: good enough for a notice.
days(day) := ((to_number(parts[0]) * 372) + (to_number(trim_left(parts[1], "0")) * 31)) + to_number(trim_left(parts[2], "0")) if {
	regex.match(`^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`, day)
	parts := split(substring(day, 0, 10), "-")
}

# The value, or null where there is none; unknown values are null too, so ask `unknown` first.
value(r, attribute) := object.get(r.change.after, attribute, null)

blank(item) if item in {null, ""}

finding(id, severity, r, msg, remediation) := {
	"id": id,
	"severity": severity,
	"msg": msg,
	"address": r.address,
	"remediation": remediation,
}

# What a finding is about, in one word: an action, an account, a value. Exceptions can name it.
about(value, found) := object.union(found, {"value": value})

# ---------------------------------------------------------------- policy documents

# What may hold a document or name an account, and where: one walk that all rules share.
leaves := [[r, path, item] |
	some r in present
	not startswith(r.type, "aws_wafv2_") # its rules have statements of their own
	walk(r.change.after, [path, item])
	speaks(item)
]

speaks(item) if {
	is_string(item)
	regex.match(`^[\s\x{feff}]*[\[{"]|[0-9]{12}`, item)
}

# Some providers take documents as objects; their keys are read in any case, as in texts.
speaks(item) if {
	is_object(item)
	some key, _ in item
	lower(key) == "statement"
}

# Texts that could be JSON with a document in it; each is read once, however many resources have it.
written contains text if {
	some [_, _, text] in leaves
	is_string(text)
	regex.match(`^[\s\x{feff}]*[\[{"]`, text)
	regex.match(`(?i)statement|\\u00`, text)
}

# Text → its content, if that is JSON, no deeper than any real document, and read alike by everybody.
contents[text] := content if {
	some text in written
	json.is_valid(text)
	content := json.unmarshal(text)
	shallow(text, content)
	not repeats(text, content)
}

# The embedded engine reads 128 levels, OPA more.
shallow(text, _) if brackets(text) <= 60

shallow(text, content) if {
	# mutant: drop brackets(text) > 60 – what has few brackets is not deep either; this is quicker
	# mutant: brackets(text) > 60 → brackets(text) >= 60 – the same
	# mutant: 60 → 59 – the same
	brackets(text) > 60
	max([count(path) | walk(content, [path, _])]) <= 60
}

brackets(text) := (count(split(text, "[")) + count(split(text, "{"))) - 2

# A key that is written twice: one of both counts, and nobody knows which.
repeats(text, content) if {
	# mutant: -1 → -2 – any number below zero is all of them
	said := [token | some token in regex.find_n(`"(?:[^"\\]|\\.)*"\s*:?`, text, -1); endswith(token, ":")]
	kept := [key | walk(content, [_, item]); is_object(item); some key, _ in item]
	count(said) != count(kept)
}

# Text → the documents in it: the text itself, or objects in it and texts within it that are one.
bodies[text] := found if {
	some text, content in contents
	inner := [item |
		walk(content, [_, within])
		is_string(within)
		# mutant: drop contains(within, "{") – nothing else is a document; numbers of any size are left alone
		contains(within, "{")
		json.is_valid(within)
		item := json.unmarshal(within)
	]
	found := [body |
		some item in array.concat([content], inner)
		walk(item, [path, body])
		is_body(path, body)
	]
	every body in found { clear(body) }
}

is_body([], item) if {
	is_object(item)
	some key, _ in item
	lower(key) == "statement"
}

is_body(_, item) if {
	is_object(item)
	some key, statements_ in item
	lower(key) == "statement"
	some statement in list(statements_)
	is_object(statement)
	some name, _ in statement
	lower(name) == "effect"
}

is_clear_body(path, item) if {
	is_body(path, item)
	clear(item)
}

# The text itself is a document.
is_document(text) if {
	is_body([], contents[text])
	bodies[text]
}

clear(body) if {
	not ambiguous(body)
	not ambiguous_inside(body)
}

# Keys that differ only in case: AWS reads one of them, and nobody knows which.
ambiguous(item) if {
	keys := object.keys(item)
	count({lower(key) | some key in keys}) < count(keys)
}

ambiguous_inside(content) if {
	some key, statement in content
	lower(key) == "statement"
	some raw in list(statement)
	is_object(raw)
	ambiguous(raw)
}

# What is written like a document of access, and cannot be read as one.
is_broken_document(text) if {
	text in written
	not bodies[text]
	regex.match(`(?i)\\*"statement|\\u00`, text)
}

# The same for a document that is an object.
is_broken_document(item) if {
	is_body(null, item)
	not clear(item)
}

# Every policy document, whatever the type of resource and however deep in its blocks.
documents := array.concat(
	[{"resource": r, "body": fields(body)} | some [r, _, text] in leaves; some body in bodies[text]],
	[{"resource": r, "body": fields(item)} | some [r, path, item] in leaves; is_clear_body(path, item)],
)

# Documents that only narrow what others grant: what they allow nobody gets from them.
narrowing := {
	"aws_organizations_policy",
	"aws_transfer_access",
	"aws_transfer_user",
	"aws_vpc_endpoint",
	"aws_vpc_endpoint_policy",
}

narrows(r) if r.type in data.terraform.lib.narrowing

narrows(r) if {
	r.type == "aws_iam_policy"
	value(r, "name") in data.settings.access.boundaries
}

# One entry per statement, with lists where AWS allows single values, and everything in lower case that AWS reads so.
statements := [object.union(s, {"resource": r, "grants": gives(r, s)}) |
	some [r, path, item] in leaves
	some s in read(path, item)
]

read(_, text) := entries[text]

read(path, item) := entries_of(fields(item)) if is_clear_body(path, item)

# Text → its statements.
entries[text] := [s | some body in found; some s in entries_of(fields(body))] if some text, found in bodies

entries_of(body) := [s |
	guards := [guard | some raw in list(body.statement); is_object(raw); guard := guard_of(fields(raw))]
	some raw in list(body.statement)
	is_object(raw)
	field := fields(raw)
	denied := [guard | some guard in guards; effect(raw) == "allow"; guard.identity == identity(field)]
	actions := [text | some text in texts(object.get(field, "action", null)); readable(text)]
	left := [text | some text in actions; not taken_back(denied, text)]
	s := {
		"allows": effect(raw) == "allow",
		"idle": count(left) < count(actions),
		"actions": left,
		"denied": denied,
		"resources": [text | some text in texts(object.get(field, "resource", null)); readable(text)],
		"unreadable": [text |
			some key in ["action", "resource", "notaction", "notresource"]
			some text in texts(object.get(field, key, null))
			not readable(text)
		],
		"odd": [key |
			some key in ["action", "resource", "notaction", "notresource"]
			some part in list(object.get(field, key, null))
			not is_string(part)
		],
		"principals": principals(object.get(field, "principal", null)),
		"conditions": conditions(object.get(field, "condition", null)),
		"inverted": {key | some key in ["notaction", "notresource", "notprincipal"]; field[key]},
		"identity": identity(field),
	}
]
# Does it give somebody something?
gives(r, s) if {
	s.allows
	not narrows(r)
	not nothing_left(s)
} else := false

nothing_left(s) if {
	s.idle
	count(s.actions) == 0
}

# What a Deny takes from everybody, on everything and whatever the conditions: nobody has it, whoever allows it.
guard_of(field) := {"identity": identity(field), "actions": texts(object.get(field, "action", null)), "except": except(field)} if {
	lower(sprintf("%v", [object.get(field, "effect", "")])) == "deny"
	object.get(field, "condition", {}) == {}
	some resource in texts(object.get(field, "resource", null))
	regex.match(`^[*]+$`, resource)
	everybody(field)
}

everybody(field) if identity(field)

# `*` as a service or a provider is not everybody.
everybody(field) if {"kind": "aws", "name": "*"} in principals(object.get(field, "principal", null))

# The actions that `NotAction` leaves alone, or a pattern of all: nothing is denied by it then.
except(field) := texts(field.notaction) if spares(field)

except(field) := ["*"] if not spares(field)

# Nothing, null, or a list in a list is no `NotAction` that AWS takes, so nobody knows what would be left alone.
spares(field) if {
	count(list(field.notaction)) > 0
	every part in list(field.notaction) { is_string(part) }
}

# A pattern that is allowed stays whole until a Deny covers all it stands for; a `?` cannot stand for a `*`.
taken_back(guards, action) if {
	some guard in guards
	some pattern in guard.actions
	not contains(pattern, "?")
	readable(pattern)
	data.terraform.iam.matches(pattern, action)
}

taken_back(guards, action) if {
	some guard in guards
	not data.terraform.iam.wild(action)
	every pattern in guard.except {
		readable(pattern)
		not data.terraform.iam.matches(pattern, action)
	}
}

# `allow` or `deny`; anything else is no statement that AWS would take.
effect(raw) := lower(sprintf("%v", [object.get(fields(raw), "effect", "")])) if is_object(raw)

effect(raw) := "" if not is_object(raw)

identity(field) := count({"principal", "notprincipal"} & object.keys(field)) == 0

# Keys in lower case. Two keys that differ only in case are a conflict, hence an error.
fields(object_) := {lower(key): item | some key, item in object_}

list(null) := []

list(item) := item if is_array(item)

list(item) := [item] if {
	not is_array(item)
	item != null
}

# Patterns longer than any that AWS takes, or with more wildcards than anybody needs, could exhaust an engine.
readable(text) if {
	count(text) <= 1024
	count(split(regex.replace(text, `[*]+`, "*"), "*")) <= 64
}

texts(item) := [lower(sprintf("%v", [part])) | some part in list(item)]

principals(item) := [{"kind": "aws", "name": lower(item)}] if is_string(item)

# AWS takes no list here; whoever wrote it meant these.
principals(item) := [{"kind": "aws", "name": name} | some name in texts(item)] if is_array(item)

principals(item) := [{"kind": lower(kind), "name": lower(sprintf("%v", [name]))} |
	some kind, names in item
	some name in list(names)
] if {
	is_object(item)
}

principals(item) := [] if {
	not is_string(item)
	not is_object(item)
	not is_array(item)
}

conditions(item) := [{"operator": lower(operator), "key": lower(key), "values": texts(values)} |
	is_object(item)
	some operator, tests in item
	is_object(tests)
	some key, values in tests
]

# The account in an ARN, an account id itself, or "" where neither can be told.
account(name) := concat("", [found[1], found[2]]) if {
	# mutant: 1 → 2 – from the beginning of a text there is one match at most
	found := regex.find_all_string_submatch_n(`^([0-9]{12})$|^(?:[^:]*:){4}([0-9]{12})(?::|$)`, name, 1)[0]
} else := ""

own_account := object.get(input, ["variables", "account", "value"], "")

trusted(name) if {
	account(name) != ""
	account(name) == own_account
}

trusted(name) if account(name) in data.settings.access.trusted_accounts

# What resources name of other accounts, in any attribute: ARNs, registries of images, queues by URL. An account alone is
# one where the attribute's name says so.
named_accounts contains [r, attribute, id] if {
	some [r, path, text] in leaves
	is_string(text)
	not path[0] in {"description", "tags", "tags_all"}
	some id in accounts_in(path, text)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
}

named := `(?:arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:|https://sqs[.][a-z0-9.-]+/)([0-9]{12})(?::|/)|\b([0-9]{12})[.]dkr[.-]ecr`

accounts_in(_, text) := {id} if {
	# mutant: 1 → 2 – from the beginning of a text there is one match at most
	id := regex.find_all_string_submatch_n(`^(?:arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:|https://sqs[.][a-z0-9.-]+/)?([0-9]{12})(?::|/|[.]dkr[.-]ecr)`, text, 1)[0][1]
}

accounts_in(path, text) := {text} if {
	regex.match(`^[0-9]{12}$`, text)
	steps := [step | some step in path; is_string(step)]
	not "variables" in steps
	regex.match(`account|catalog|grantee|owner|principal|registry|user_ids`, steps[count(steps) - 1])
}

# JSON that is no document: queues for dead letters, containers, steps of a machine.
accounts_in(_, text) := {id |
	# mutant: -1 → -2 – any number below zero is all of them
	some found in regex.find_all_string_submatch_n(named, plain[text], -1)
	id := concat("", [found[1], found[2]])
} if {
	plain[text]
}

plain[text] := json.marshal(json.unmarshal(text)) if {
	some [_, _, text] in leaves
	is_string(text)
	regex.match(`^\s*[\[{]`, text)
	count([body | some body in bodies[text]]) == 0
	json.is_valid(text)
}
