package terraform.iam_test

import rego.v1

import data.terraform.iam

# pattern, text, and whether AWS lets the one stand for the other; both in lower case.
table := [
	["iam:passrole", "iam:passrole", true],
	["iam:pass*", "iam:passrole", true],
	["iam:*role", "iam:passrole", true],
	["iam:passrol?", "iam:passrole", true],
	["iam:passrole?", "iam:passrole", false],
	["iam:*?", "iam:passrole", true],
	["*", "iam:passrole", true],
	["", "iam:passrole", false],
	["iam:pass", "iam:passrole", false],
	["iam.passrole", "iam:passrole", false],
	["iam:[p]*", "iam:passrole", false],
	["iam:(p|q)*", "iam:passrole", false],
	["iam:pass+*", "iam:pass+role", true],
	["a.b*", "axbc", false],
	["a\\*", "a\\b", true],
	["^a*$", "^abc$", true],
	["a{2}*", "aa", false],
	["é*", "e", false],
	["arn:aws:iam::*", "arn:aws:iam::111111111111:role/x", true],
	["*:role/*", "arn:aws:iam::111111111111:role/x/y", true],
	["arn:aws:s3:::a/*", "arn:aws:s3:::a", false],
]

test_patterns if {
	every row in table {
		matched(row[0], row[1]) == row[2]
	}
}

matched(pattern, text) if iam.matches(pattern, text) else := false

test_services if {
	iam.services_of("s3") == ["s3"]
	iam.services_of("nosuch") == []
	"iam" in iam.services_of("i?m")
}

test_everything if {
	every action in ["*", "**", "*:*", "?*", "*:?*"] {
		iam.everything(action)
	}
	every action in ["s3:*", "?", "iam:a*", ""] {
		not iam.everything(action)
	}
}
