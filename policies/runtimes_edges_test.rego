# To the day: notice of a runtime, and who only sees it.
package terraform.runtimes_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.runtimes

table := {"dated": "2026-11-26", "known": {
	"old": {"deprecated": "2026-10-20"},
	"in 90 days": {"deprecated": "2027-02-23"},
	"in 91 days": {"deprecated": "2027-02-24"},
	"new": {},
}}

denied(change) := found if {
	found := fixtures.ids(runtimes.deny) with input as fixtures.plan([change]) with data.aws.runtimes as table
}

warned(change) := found if {
	found := fixtures.ids(runtimes.warn) with input as fixtures.plan([change]) with data.aws.runtimes as table
}

new(runtime) := fixtures.create("aws_lambda_function", {"runtime": runtime})

changed(before, after) := object.union(
	fixtures.change("aws_lambda_function", ["update"], {"runtime": after}, {}),
	{"change": {"before": {"runtime": before}}},
)

test_notice_of_90_days if {
	warned(new("in 90 days")) == {"CARE-RUN-003"}
	warned(new("in 91 days")) == set()
}

test_whoever_chooses_is_denied_and_others_are_told if {
	every change in [new("old"), changed("new", "old")] {
		denied(change) == {"CARE-RUN-001"}
		warned(change) == set()
	}
	denied(changed("old", "old")) == set()
	warned(changed("old", "old")) == {"CARE-RUN-002"}
	every runtime in ["new", "in 91 days"] {
		warned(changed(runtime, runtime)) == set()
	}
}

test_doubts_block_nobody if {
	every change in [
		new("in 90 days"),
		changed("in 90 days", "in 90 days"),
		new("unheard-of"),
		fixtures.vague("aws_lambda_function", {}, {"runtime": true}),
	] {
		denied(change) == set()
		count(warned(change)) == 1
	}
}

test_remedy_where_the_table_names_none if {
	some finding in runtimes.deny with input as fixtures.plan([new("old")]) with data.aws.runtimes as table
	finding.remediation == "Use a newer runtime, and test the function with it."
	not contains(finding.msg, "refuses")
}
