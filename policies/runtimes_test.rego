package terraform.runtimes_test

import rego.v1

import data.terraform.fixtures
import data.terraform.lib
import data.terraform.runtimes

table := {"dated": "2026-10-20", "known": {
	"old": {"deprecated": "2026-10-20", "create_block": "2027-02-01", "successor": "new"},
	"soon": {"deprecated": "2027-01-01"},
	"new": {},
}}

planned(change, timestamp) := object.union(fixtures.plan([change]), {"timestamp": timestamp})

found(change, timestamp) := rules if {
	denied := fixtures.ids(runtimes.deny) with input as planned(change, timestamp) with data.aws.runtimes as table
	warned := fixtures.ids(runtimes.warn) with input as planned(change, timestamp) with data.aws.runtimes as table
	rules := denied | warned
}

now := "2026-11-26T10:00:00Z"

new(runtime) := fixtures.create("aws_lambda_function", {"runtime": runtime})

kept(runtime) := object.union(
	fixtures.change("aws_lambda_function", ["update"], {"runtime": runtime}, {}),
	{"change": {"before": {"runtime": "old"}}},
)

test_by_its_day if {
	found(new("old"), now) == {"CARE-RUN-001"}
	found(kept("old"), now) == {"CARE-RUN-002"}
	found(kept("new"), now) == set()
	found(new("new"), now) == set()
	found(new(null), now) == set()
	found(new("soon"), now) == {"CARE-RUN-003"}
	found(new("soon"), "2026-12-31T23:59:59Z") == {"CARE-RUN-003"}
	found(new("soon"), "2027-01-01T00:00:00Z") == {"CARE-RUN-001"}
}

test_a_plan_is_never_older_than_the_table if {
	every timestamp in ["2001-01-01T00:00:00Z", "tomorrow", null, 7] { found(new("old"), timestamp) == {"CARE-RUN-001"} }
	found(new("soon"), null) == {"CARE-RUN-003"}
}

test_days if {
	lib.days("2026-02-28T00:00:00Z") < lib.days("2026-03-01")
	not lib.days("soon")
}

test_a_runtime_that_there_is_not if {
	found(new("newest"), now) == {"CARE-RUN-004"}
	found(new(7), now) == {"CARE-RUN-004"}
}

test_a_runtime_that_is_not_known if {
	found(fixtures.vague("aws_lambda_function", {}, {"runtime": true}), now) == {"CARE-RUN-005"}
}

test_messages_say_when_new_ones_are_refused if {
	some finding in runtimes.deny with input as planned(new("old"), now) with data.aws.runtimes as table
	contains(finding.msg, "2027-02-01")
	contains(finding.remediation, "new")
}
