package terraform.buckets_test

import rego.v1

import data.terraform.buckets
import data.terraform.fixtures

kind := "aws_s3_bucket_public_access_block"

# A resource at an address: module address, type, name, index.
at(module, kind_, name, index) := object.union(
	fixtures.vague(kind_, {}, {"bucket": true, "id": true}),
	{"address": sprintf("%s.%s.%s[%v]", [module, kind_, name, index]), "module_address": module, "name": name, "index": index},
)

named(row, bucket) := object.union(row, {"change": {"after": {"bucket": bucket}, "after_unknown": {"bucket": false}}})

expression(references) := {"bucket": {"references": references}}

configured(resources, calls) := {"root_module": {"resources": resources, "module_calls": calls}}

block(name, references) := {"mode": "managed", "type": kind, "name": name, "expressions": expression(references)}

# Names and indexes of the buckets that have no part.
bare(changes, configuration) := found if {
	planned := object.union(fixtures.plan(changes), {"configuration": configuration})
	left := buckets.without([r | some r in changes; r.type == kind]) with input as planned
	found := {[r.name, r.index] | some r in left}
}

without_configuration(changes) := found if {
	left := buckets.without([r | some r in changes; r.type == kind]) with input as fixtures.plan(changes)
	found := {[r.name, r.index] | some r in left}
}

a := at("", "aws_s3_bucket", "a", null)

b := at("", "aws_s3_bucket", "b", null)

x := at("", "aws_s3_bucket", "this", "x")

y := at("", "aws_s3_bucket", "this", "y")

both := [x, y, at("", kind, "this", "x"), at("", kind, "this", "y")]

test_a_name_says_it if {
	without_configuration([named(a, "logs"), named(at("", kind, "any", "z"), "logs")]) == set()
	without_configuration([named(a, "logs"), named(at("", kind, "a", null), "others")]) == {["a", null]}
}

test_a_block_of_another_bucket if {
	refers := configured([block("a", ["aws_s3_bucket.b.id", "aws_s3_bucket.b"])], {})
	bare([a, b, at("", kind, "a", null)], refers) == {["a", null]}
}

test_an_index_that_is_written_out if {
	refers := configured([block("this", [`aws_s3_bucket.this["x"].id`, `aws_s3_bucket.this["x"]`, "aws_s3_bucket.this"])], {})
	bare([x, y, at("", kind, "this", "y")], refers) == {["this", "y"]}
	bare(both, refers) == {["this", "y"]}
}

test_the_same_key if {
	bare(both, configured([block("this", ["aws_s3_bucket.this", "each.key"])], {})) == set()
	chained := object.union(block("this", ["each.value.id", "each.value"]), {"for_each_expression": {"references": ["aws_s3_bucket.this"]}})
	bare(both, configured([chained], {})) == set()
	counted := [object.union(r, {"index": number}) | some r in both; number := {"x": 0, "y": 1}[r.index]]
	bare(counted, configured([block("this", ["aws_s3_bucket.this", "count.index"])], {})) == set()
}

test_a_key_that_is_computed_is_a_doubt if {
	bare(both, configured([block("this", ["aws_s3_bucket.this", "each.key", "local.other"])], {})) == {["this", "x"], ["this", "y"]}
	bare(both, configured([block("this", ["aws_s3_bucket.this", "var.one"])], {})) == {["this", "x"], ["this", "y"]}
}

test_two_buckets_are_a_doubt if {
	refers := configured([block("a", ["aws_s3_bucket.a.id", "aws_s3_bucket.a", "aws_s3_bucket.b.id", "aws_s3_bucket.b"])], {})
	bare([a, b, at("", kind, "a", null)], refers) == {["a", null], ["b", null]}
}

test_a_local_value_can_only_mean_what_there_is if {
	refers := configured([block("a", ["local.bucket"])], {})
	bare([a, at("", kind, "a", null)], refers) == set()
	bare([a, b, at("", kind, "a", null)], refers) == {["a", null], ["b", null]}
}

test_through_another_part if {
	versioning := {"mode": "managed", "type": "aws_s3_bucket_versioning", "name": "v", "expressions": expression(["aws_s3_bucket.b.id", "aws_s3_bucket.b"])}
	refers := configured([versioning, block("a", ["aws_s3_bucket_versioning.v.bucket", "aws_s3_bucket_versioning.v"])], {})
	bare([a, b, at("", kind, "a", null)], refers) == {["a", null]}
}

inner := {"resources": [block("this", ["var.bucket"])]}

test_through_a_variable_of_a_module if {
	call := {"guard": {"expressions": expression(["aws_s3_bucket.b.id", "aws_s3_bucket.b"]), "module": inner}}
	bare([a, b, at("module.guard", kind, "this", null)], configured([], call)) == {["a", null]}
}

test_through_the_output_of_a_module if {
	store := {"module": {
		"resources": [],
		"outputs": {"id": {"expression": {"references": ["aws_s3_bucket.this.id", "aws_s3_bucket.this"]}}},
	}}
	within := at("module.store", "aws_s3_bucket", "this", null)
	refers := configured([block("a", ["module.store.id", "module.store"])], {"store": store})
	bare([a, within, at("", kind, "a", null)], refers) == {["a", null]}
	p := at(`module.store["p"]`, "aws_s3_bucket", "this", null)
	q := at(`module.store["q"]`, "aws_s3_bucket", "this", null)
	same := configured([], {"store": store, "guard": {"expressions": expression(["module.store", "each.key"]), "module": inner}})
	guarded := [at(`module.guard["p"]`, kind, "this", null), at(`module.guard["q"]`, kind, "this", null)]
	bare(array.concat([p, q], guarded), same) == set()
	bare([p, q, guarded[0]], same) == {["this", null]}
	one := configured([block("a", [`module.store["q"].id`, `module.store["q"]`, "module.store"])], {"store": store})
	left := buckets.without([at("", kind, "a", null)]) with input as object.union(fixtures.plan([p, q]), {"configuration": one})
	[r.module_address | some r in left] == [`module.store["p"]`]
}

test_instances_of_one_module if {
	own := {"store": {"module": {"resources": [block("this", ["aws_s3_bucket.this.id", "aws_s3_bucket.this"])]}}}
	p := at(`module.store["p"]`, "aws_s3_bucket", "this", null)
	q := at(`module.store["q"]`, "aws_s3_bucket", "this", null)
	bare([p, q, at(`module.store["p"]`, kind, "this", null), at(`module.store["q"]`, kind, "this", null)], configured([], own)) == set()
	left := buckets.without([at(`module.store["p"]`, kind, "this", null)]) with input as object.union(
		fixtures.plan([p, q]),
		{"configuration": configured([], own)},
	)
	[r.module_address | some r in left] == [`module.store["q"]`]
}

test_without_a_configuration if {
	without_configuration([x, y, at("", kind, "this", "x")]) == {["this", "y"]}
	without_configuration([a, at("", kind, "other", null)]) == set()
	without_configuration([a, b, at("", kind, "a", null)]) == {["b", null]}
	without_configuration([a, b, at("", kind, "other", null)]) == {["a", null], ["b", null]}
}

test_a_part_that_names_nothing if without_configuration([a, fixtures.create(kind, {"bucket": null})]) == {["a", null]}
