# Tags that every taggable resource carries, the provider's default tags included.
package terraform.tags

import rego.v1

import data.settings.tags
import data.terraform.lib

# Resources that can have tags: the provider plans `tags_all` for these only.
taggable := [r |
	some r in lib.present
	"tags_all" in object.keys(r.change.after) | object.keys(r.change.after_unknown)
]

known(r) := all_tags if {
	all_tags := lib.value(r, "tags_all")
	is_object(all_tags)
}

known(r) := {} if not is_object(lib.value(r, "tags_all"))

# Tags whose key is planned while the value is not known yet.
pending(r) := {key |
	is_object(r.change.after_unknown.tags_all)
	some key, flag in r.change.after_unknown.tags_all
	flag == true
}

# METADATA
# title: Required tags are there
# description: Without them nobody knows whom to ask, or who pays.
# custom:
#   id: TAG-001
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform}}}
#   good: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: data}}}
deny contains finding if {
	some r in taggable
	not lib.unknown(r, "tags_all")
	some tag in tags.required
	not tag in object.keys(known(r)) | pending(r)
	msg := sprintf("The required tag %q is missing.", [tag])
	remediation := sprintf("Add it under tags = { %s = \"…\" }.", [tag])
	finding := lib.finding("TAG-001", "medium", r, msg, remediation)
}

# METADATA
# title: Required tags have a value
# description: An empty tag tells as little as none.
# custom:
#   id: TAG-002
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: ""}}}
#   good: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: data}}}
deny contains finding if {
	some r in taggable
	some tag in tags.required
	lib.blank(known(r)[tag])
	not tag in pending(r)
	msg := sprintf("The required tag %q is empty.", [tag])
	remediation := "Give it a value."
	finding := lib.finding("TAG-002", "medium", r, msg, remediation)
}

# METADATA
# title: Tags have one of the values allowed
# description: Reports and budgets that group by a tag miss every other spelling.
# custom:
#   id: TAG-003
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: hand, Team: data}}}
#   good: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: data}}}
deny contains finding if {
	some r in taggable
	some tag, allowed in tags.allowed
	found := known(r)[tag]
	not lib.blank(found)
	not found in allowed
	msg := sprintf("The tag %s has the value %q.", [tag, sprintf("%v", [found])])
	remediation := sprintf("Use one of: %s.", [concat(", ", allowed)])
	finding := lib.finding("TAG-003", "medium", r, msg, remediation)
}

# METADATA
# title: Tags are known when they are judged
# description: What is known only after apply nobody has seen.
# custom:
#   id: TAG-004
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, _unknown: [tags_all]}}
#   good: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: data}}}
deny contains finding if {
	some r in taggable
	lib.unknown(r, "tags_all")
	msg := "The tags are known only after apply, so they cannot be checked."
	remediation := "Write the tags as plain values."
	finding := lib.finding("TAG-004", "medium", r, msg, remediation)
}

# METADATA
# title: Values of required tags are known when they are judged
# description: The tag will be there, but nobody has seen its value.
# custom:
#   id: TAG-005
#   severity: low
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform},
#     _unknown: {tags_all: {Team: true}}}}
#   good: {aws_sqs_queue: {name: orders, tags_all: {Environment: dev, ManagedBy: terraform, Team: data}}}
warn contains finding if {
	some r in taggable
	some tag in tags.required
	tag in pending(r)
	msg := sprintf("The value of the required tag %q is known only after apply.", [tag])
	remediation := "Write it as a plain value."
	finding := lib.finding("TAG-005", "low", r, msg, remediation)
}
