# What `trust` must not confuse: every key and form at its edges.
package terraform.trust_edges_test

import rego.v1

import data.terraform.trust

# Kind → a value that names somebody.
named := {
	"account": "111111111111",
	"arn": "arn:aws:iam::111111111111:role/x",
	"endpoint": "vpce-1a",
	"network": "203.0.113.0/24",
	"organization": "o-ours",
	"path": "o-ours/r-1",
	"user": "aroaexample1:x",
	"vpc": "vpc-1a",
}

kinds := [
	["aws:principalaccount", "account"],
	["aws:principalarn", "arn"],
	["aws:principalorgid", "organization"],
	["aws:principalorgpaths", "path"],
	["aws:sourceaccount", "account"],
	["aws:sourcearn", "arn"],
	["aws:sourceip", "network"],
	["aws:sourceorgid", "organization"],
	["aws:sourceorgpaths", "path"],
	["aws:sourceowner", "account"],
	["aws:sourcevpc", "vpc"],
	["aws:sourcevpce", "endpoint"],
	["aws:userid", "user"],
	["aws:vpceaccount", "account"],
	["aws:vpceorgid", "organization"],
	["aws:vpceorgpaths", "path"],
	["aws:vpcsourceip", "network"],
	["kms:calleraccount", "account"],
	["s3:dataaccesspointaccount", "account"],
	["s3:dataaccesspointarn", "arn"],
]

operator("network") := "ipaddress"

operator(kind) := "stringequals" if kind != "network"

condition(key, kind, values) := {"operator": operator(kind), "key": key, "values": values}

test_every_key_ties if {
	every pair in kinds {
		trust.holds(condition(pair[0], pair[1], [named[pair[1]]]))
	}
	not trust.holds(condition("aws:requestedregion", "account", ["111111111111"]))
}

holds(kind, values) if {
	some pair in kinds
	pair[1] == kind
	trust.holds(condition(pair[0], kind, values))
}

test_what_only_looks_like_somebody if {
	others := [
		["account", "x111111111111"], ["account", "111111111111x"],
		["arn", "xarn:aws:iam::111111111111:role/x"], ["arn", "xarn:aws:s3:::data-lake"],
		["endpoint", "xvpce-1a"], ["endpoint", "vpce-1a*"],
		["network", "x203.0.113.0/24"], ["network", "203.0.113.0/24x"], ["network", "2001:db8::/32x"],
		["organization", "xo-ours"], ["organization", "o-ours*"],
		["path", "xo-ours/r-1"],
		["user", "xaroaexample1:x"],
		["vpc", "xvpc-1a"], ["vpc", "vpc-1a*"],
	]
	every pair in others {
		not holds(pair[0], [pair[1]])
	}
}

test_every_value_has_to_tie if {
	holds("organization", ["o-ours", "o-other"])
	not holds("organization", ["o-ours", "*"])
	not holds("organization", ["*", "o-ours"])
}

test_sets_of_networks if {
	trust.holds({"operator": "foranyvalue:ipaddress", "key": "aws:sourceip", "values": ["203.0.113.0/24"]})
}

statement(conditions) := {"conditions": conditions}

foreign(conditions) := found if {
	found := {outsider.value | some outsider in trust.foreign(statement(conditions))} with input as {"variables": {"account": {"value": "111111111111"}}}
		with data.settings.access.trusted_organizations as ["o-ours", "o-other/r-1"]
		with data.settings.access.trusted_networks as ["10.0.0.0"]
}

test_only_strangers_are_foreign if {
	foreign([condition("aws:sourceaccount", "account", ["111111111111", "999999999999"])]) == {"999999999999"}
	foreign([condition("aws:sourcearn", "arn", ["arn:aws:s3:::x", "arn:aws:sns:us-east-1:999999999999:x"])]) == {"arn:aws:sns:us-east-1:999999999999:x"}
	foreign([condition("aws:userid", "user", ["aroaexample1:999999999999", "999999999999:x"])]) == {"999999999999:x"}
	foreign([condition("aws:userid", "user", ["111111111111:x", "999999999999:111111111111"])]) == {"999999999999:111111111111"}
	foreign([condition("aws:principalorgid", "organization", ["o-ours", "o-9"])]) == {"o-9"}
	foreign([condition("aws:principalorgpaths", "path", ["o-ours/r-1", "o-9/r-1"])]) == {"o-9/r-1"}
}

# The path of an organisation is ours when the organisation is, by its id.
test_organisations_are_listed_by_their_ids if {
	foreign([condition("aws:principalorgpaths", "path", ["o-other/r-1", "o-ours/r-1"])]) == {"o-other/r-1"}
	foreign([condition("aws:sourceip", "network", ["10.0.0.0/8", "10.0.0.0"])]) == {"10.0.0.0/8"}
	foreign([condition("aws:sourceip", "network", ["111111111111"])]) == {"111111111111"}
}

test_a_condition_that_does_not_hold_makes_nobody_ours if {
	loose := {"operator": "stringequalsifexists", "key": "aws:sourceaccount", "values": ["111111111111"]}
	foreign([loose, condition("aws:principalorgid", "organization", ["o-9"])]) == {"o-9"}
	foreign([object.union(loose, {"operator": "stringequals"}), condition("aws:principalorgid", "organization", ["o-9"])]) == set()
}

# Engines differ in what they make of other ways to write a network, so those are nobody's.
test_networks_that_every_engine_compares_alike if {
	every value in ["10.0.0.1", "10.255.0.0/16", "2001:db8::/32", "2001:db8:1::/48"] {
		regex.match(trust.comparable, value)
		ours_among(value, ["10.0.0.0/8", "2001:DB8::/32"])
	}
	every value in ["2001:db8::1", "2001:db8:0:0:0:0:0:1", "2001:db8::/32x", "::ffff:10.0.0.1", "x10.0.0.1", "10.0.0.1x"] {
		not regex.match(trust.comparable, value)
		not ours_among(value, ["10.0.0.0/8", "2001:db8::/32"])
	}
}

ours_among(value, networks) if trust.certainly_ours("network", value) with data.settings.access.trusted_networks as networks
