# What the other packages share: the resources that will be there, and policy documents in one form.
package terraform.lib

import rego.v1

# Managed resources that exist after the plan is applied, changed or not: an old violation is one still.
present := [r |
	some r in input.resource_changes
	r.mode == "managed"
	is_object(r.change.after)
]

of_type(kind) := [r |
	some r in present
	r.type == kind
]

creates(r) if "create" in r.change.actions

deletes(r) if "delete" in r.change.actions

# Known only after apply. Never the same as absent.
unknown(r, attribute) if r.change.after_unknown[attribute] == true

has_configuration if is_object(input.configuration)

# Type, name and attribute of resources whose configuration refers to another resource, a data source or a module there.
referring contains [kind, name, attribute] if {
	walk(object.get(input, "configuration", {}), [_, node])
	is_object(node.expressions)
	kind := node.type
	name := node.name
	some attribute, expression in node.expressions
	walk(expression, [_, reference])
	is_string(reference)
	regex.match(`^(data|module)[.]|^[a-z0-9]+_[a-z0-9_]+[.]`, reference)
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

# Every text that is an IAM policy document, whatever the type of resource and however deep in its blocks.
documents := [{"resource": r, "body": fields(json.unmarshal(text))} |
	some r in present
	walk(r.change.after, [_, text])
	is_document(text)
]

is_document(text) if {
	is_string(text)
	startswith(trim_space(text), "{")
	json.is_valid(text)
	content := json.unmarshal(text)
	some key, _ in content
	lower(key) == "statement"
	shallow(text, content)
	not ambiguous(content)
	not ambiguous_inside(content)
}

# No deeper than any real document; the embedded engine reads 128 levels, OPA more.
shallow(text, _) if brackets(text) <= 60

shallow(text, content) if {
	# mutant: drop brackets(text) > 60 – what has few brackets is not deep either; this is quicker
	# mutant: brackets(text) > 60 → brackets(text) >= 60 – the same
	# mutant: 60 → 59 – the same
	brackets(text) > 60
	max([count(path) | walk(content, [path, _])]) <= 60
}

brackets(text) := (count(split(text, "[")) + count(split(text, "{"))) - 2

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
	is_string(text)
	startswith(trim_space(text), "{")
	regex.match(`(?i)"statement"|\\u00`, text)
	not is_document(text)
}

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
statements := [s |
	some document in documents
	some raw in list(object.get(document.body, "statement", null))
	is_object(raw)
	field := fields(raw)
	s := {
		"resource": document.resource,
		"allows": effect(raw) == "allow",
		"grants": grants(document.resource, raw),
		"actions": [text | some text in texts(object.get(field, "action", null)); readable(text)],
		"resources": [text | some text in texts(object.get(field, "resource", null)); readable(text)],
		"unreadable": [text |
			some key in ["action", "resource", "notaction", "notresource"]
			some text in texts(object.get(field, key, null))
			not readable(text)
		],
		"principals": principals(object.get(field, "principal", null)),
		"conditions": conditions(object.get(field, "condition", null)),
		"inverted": {key | some key in ["notaction", "notresource", "notprincipal"]; field[key]},
		"identity": identity(field),
	}
]

# Does it give somebody something?
grants(r, raw) if {
	effect(raw) == "allow"
	not narrows(r)
} else := false

# `allow` or `deny`; anything else is no statement that AWS would take.
effect(raw) := lower(sprintf("%v", [object.get(fields(raw), "effect", "")])) if is_object(raw)

# mutant: drop this definition of effect – OPA finds `not effect(…) in …` undefined where there is no effect
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
account(name) := name if regex.match("^[0-9]{12}$", name)

account(name) := part if {
	part := split(name, ":")[4]
	regex.match("^[0-9]{12}$", part)
}

account(name) := "" if {
	not regex.match("^[0-9]{12}$", name)
	# mutant: drop ":::::" – OPA finds the whole condition undefined where there is no fifth part
	not regex.match("^[0-9]{12}$", split(concat("", [name, ":::::"]), ":")[4])
}

own_account := object.get(input, ["variables", "account", "value"], "")

trusted(name) if {
	account(name) != ""
	account(name) == own_account
}

trusted(name) if account(name) in data.settings.access.trusted_accounts

# What resources name of other accounts, in any attribute: ARNs, registries of images, queues by URL.
named_accounts contains [r, attribute, account] if {
	some r in present
	walk(r.change.after, [path, text])
	is_string(text)
	account := regex.find_all_string_submatch_n(
		`^(?:arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:|https://sqs[.][a-z0-9.-]+/)?([0-9]{12})(?::|/|[.]dkr[.]ecr[.])`,
		text,
		1,
	)[0][1]
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
}
