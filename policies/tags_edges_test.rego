# Tags that are there in part: planned without a value, or not looked for.
package terraform.tags_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.tags

settings := {"required": ["Team", "Environment"], "allowed": {"Environment": ["development", "production"]}}

good := {"Team": "platform", "Environment": "development"}

denied(tags_all, unknown) := found if {
	plan := fixtures.plan([fixtures.vague("aws_s3_bucket", {"tags_all": tags_all}, {"tags_all": unknown})])
	found := fixtures.ids(tags.deny) with input as plan with data.settings.tags as settings
}

test_planned_without_any_value if denied(null, {"Team": true, "Environment": true}) == set()

test_a_flag_that_is_off_plans_nothing if denied({"Environment": "development"}, {"Team": false}) == {"TAG-001"}

test_a_tag_that_nobody_asks_for_may_be_empty if denied(object.union(good, {"Other": ""}), {}) == set()

test_a_value_to_come_is_not_empty if denied(object.union(good, {"Team": null}), {"Team": true}) == set()

test_an_empty_value_is_one_finding if denied(object.union(good, {"Environment": ""}), {}) == {"TAG-002"}
