# Whom a condition lets in: does it tie a request to somebody, and is that somebody one of us?
package terraform.trust

import rego.v1

# Keys that tie a request to somebody, and what their values are.
ties := {
	"aws:principalaccount": "account",
	"aws:principalarn": "arn",
	"aws:principalorgid": "organization",
	"aws:principalorgpaths": "path",
	"aws:sourceaccount": "account",
	"aws:sourcearn": "arn",
	"aws:sourceip": "network",
	"aws:sourceorgid": "organization",
	"aws:sourceorgpaths": "path",
	"aws:sourceowner": "account",
	"aws:sourcevpc": "vpc",
	"aws:sourcevpce": "endpoint",
	"aws:userid": "user",
	"aws:vpceaccount": "account",
	"aws:vpceorgid": "organization",
	"aws:vpceorgpaths": "path",
	"aws:vpcsourceip": "network",
	"kms:calleraccount": "account",
	"s3:dataaccesspointaccount": "account",
	"s3:dataaccesspointarn": "arn",
}

# What a value has to look like to mean one of its kind and nobody else; all in lower case.
forms := {
	"account": `^[0-9]{12}$`,
	"arn": `^arn:[^:]*:[^:]*:[^:]*:[0-9]{12}:|^arn:[^:*?]*:s3:::[^*?/]+(/|$)`,
	"endpoint": `^vpce-[0-9a-z]+$`,
	"network": `^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/([89]|[12][0-9]|3[0-2]))?$|^[0-9a-f:]+(/(1[6-9]|[2-9][0-9]|1[01][0-9]|12[0-8]))?$`,
	"organization": `^o-[a-z0-9]+$`,
	"path": `^o-[a-z0-9]+/`,
	"user": `^a(gpa|ida|roa|sia)[a-z0-9]{6,}(:|$)|^[0-9]{12}(:|$)`,
	"vpc": `^vpc-[0-9a-z]+$`,
}

# A condition that holds only for those whom its values name; a policy variable names whoever asks.
holds(condition) if {
	kind := ties[condition.key]
	operates(kind, condition.operator)
	count(condition.values) > 0
	every value in condition.values {
		regex.match(forms[kind], value)
		not contains(value, "${")
	}
}

operates(kind, operator) if {
	kind != "network"
	operator in data.terraform.iam.exact
}

operates("network", operator) if operator in {"foranyvalue:ipaddress", "ipaddress"}

tied(s) if {
	some condition in s.conditions
	holds(condition)
}

lists := {
	"endpoint": "trusted_endpoints",
	"network": "trusted_networks",
	"organization": "trusted_organizations",
	"path": "trusted_organizations",
	"vpc": "trusted_vpcs",
}

# Values of conditions that tie, but to somebody who is not one of us.
foreign(s) := {{"kind": kind, "value": value} |
	not by_ours(s)
	some condition in s.conditions
	holds(condition)
	kind := ties[condition.key]
	some value in condition.values
	not ours(kind, value)
}

# All conditions of a statement have to hold, so one that holds for us alone is enough.
by_ours(s) if {
	some condition in s.conditions
	holds(condition)
	every value in condition.values {
		certainly_ours(ties[condition.key], value)
	}
}

ours(kind, value) if certainly_ours(kind, value)

ours("arn", value) if data.terraform.lib.account(value) == "" # an S3 bucket's names no account: nothing can be said of it

ours("user", value) if not regex.match(`^[0-9]{12}`, value)

certainly_ours(kind, value) if {
	kind in {"account", "arn"}
	data.terraform.lib.trusted(value)
}

certainly_ours("user", value) if data.terraform.lib.trusted(split(value, ":")[0])

certainly_ours(kind, value) if {
	some listed in data.settings.access[lists[kind]]
	split(value, "/")[0] == lower(listed)
	kind == "path"
}

certainly_ours(kind, value) if {
	kind != "path"
	some listed in data.settings.access[lists[kind]]
	value == lower(listed)
}

# Networks within a listed one. Private addresses are in everybody's VPC, so none is ours unless it is listed.
certainly_ours("network", value) if {
	regex.match(comparable, value)
	some listed in data.settings.access.trusted_networks
	contains(listed, "/")
	regex.match(comparable, lower(listed))
	net.cidr_contains(lower(listed), value)
}

# What every engine can compare without breaking: of IPv6, prefixes such as 2001:db8::/32.
comparable := `^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/([89]|[12][0-9]|3[0-2]))?$|^([0-9a-f]{1,4}:){1,6}:/([1-9][0-9]|1[01][0-9]|12[0-8])$`

