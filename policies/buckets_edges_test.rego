# To which bucket a part belongs, at the edges: what must not be confused, and what stays a doubt.
package terraform.buckets_edges_test

import rego.v1

import data.terraform.buckets
import data.terraform.buckets_test
import data.terraform.fixtures

kind := "aws_s3_bucket_public_access_block"

bucket(module, name, index) := buckets_test.at(module, "aws_s3_bucket", name, index)

part(module, name, index) := buckets_test.at(module, kind, name, index)

block(name, references) := buckets_test.block(name, references)

# A bucket that is there already.
standing(row, name) := object.union(buckets_test.named(row, name), {"change": {
	"actions": ["no-op"],
	"after": {"bucket": name},
	"after_unknown": {"bucket": false},
}})

a := bucket("", "a", null)

b := bucket("", "b", null)

x := bucket("", "this", "x")

y := bucket("", "this", "y")

neither := {["this", "x"], ["this", "y"]}

to_a := ["aws_s3_bucket.a.id", "aws_s3_bucket.a"]

to_b := ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]

to_x := [`aws_s3_bucket.this["x"].id`, `aws_s3_bucket.this["x"]`, "aws_s3_bucket.this"]

to_y := [`aws_s3_bucket.this["y"].id`, `aws_s3_bucket.this["y"]`, "aws_s3_bucket.this"]

# Names and indexes of the buckets without a part, where the root module has these resources, and calls these modules.
bare(changes, resources) := bare_calling(changes, resources, {})

bare_calling(changes, resources, calls) := buckets_test.bare(changes, buckets_test.configured(resources, calls))

owners(row, changes, resources) := found if {
	planned := object.union(fixtures.plan(changes), {"configuration": buckets_test.configured(resources, {})})
	found := buckets.owners(row) with input as planned
}

# ---------------------------------------------------------------- by name

test_a_name_goes_before_all_else if {
	both := object.union(part("", "a", null), {"change": {"after": {"bucket": "logs"}, "after_unknown": {"bucket": true}}})
	owners(both, [buckets_test.named(b, "logs"), a, both], [block("a", to_a)]) == {b.address}
}

test_no_name_belongs_to_nothing if {
	nameless := object.union(part("", "a", null), {"change": {"after": {"bucket": null}, "after_unknown": {"bucket": false}}})
	bare([a, nameless], [block("a", to_a)]) == {["a", null]}
}

test_a_bucket_without_a_name_is_under_none if {
	names := object.keys(buckets.by_name) with input as fixtures.plan([a, buckets_test.named(b, "logs")])
	names == {"logs"}
}

# ---------------------------------------------------------------- by the configuration

test_a_doubt_is_nobody if {
	p := part("", "a", null)
	owners(p, [a, b, p], [block("a", array.concat(to_a, to_b))]) == set()
	owners(p, [a, b, p], [block("a", ["local.bucket"])]) == set()
}

test_what_refers_to_nothing_means_the_only_bucket_made if {
	every references in [[], ["local.bucket"], ["aws_s3_object.o.bucket", "aws_s3_object.o"]] {
		bare([a, standing(b, "logs"), part("", "a", null)], [block("a", references)]) == {["b", null]}
		bare([a, b, part("", "a", null)], [block("a", references)]) == {["a", null], ["b", null]}
	}
}

test_what_leads_elsewhere_means_no_bucket if {
	every references in [
		["terraform_data.t.output", "terraform_data.t"],
		["data.aws_ssm_parameter.n.value", "data.aws_ssm_parameter.n"],
		["data.aws_s3_bucket.b.id", "data.aws_s3_bucket.b"],
		["local.prefix", "random_pet.p.id", "random_pet.p"],
	] {
		bare([a, part("", "a", null)], [block("a", references)]) == {["a", null]}
		bare([a, b, part("", "a", null)], [block("a", array.concat(to_a, references))]) == {["b", null]}
	}
	every references in [["local.my_data.x"], ["local.buckets_of.team.x"], ["each.key"], ["path.module"]] {
		bare([a, part("", "a", null)], [block("a", references)]) == set()
	}
}

test_no_other_resource_leads_to_a_bucket if {
	object_ := {"mode": "managed", "type": "aws_s3_object", "name": "o", "expressions": buckets_test.expression(to_b)}
	refers := [object_, block("a", ["aws_s3_object.o.bucket", "aws_s3_object.o"])]
	bare([a, b, part("", "a", null)], refers) == {["a", null], ["b", null]}
}

test_two_parts_each_with_its_bucket if {
	bare([a, b, part("", "p", null), part("", "q", null)], [block("p", to_a), block("q", to_b)]) == set()
	bare([x, y, part("", "p", null), part("", "q", null)], [block("p", to_x), block("q", to_y)]) == set()
	bare([x, y, part("", "p", null)], [block("p", to_x), block("q", to_y)]) == {["this", "y"]}
}

test_a_bucket_named_after_another if {
	called := {"mode": "managed", "type": "aws_s3_bucket", "name": "b", "expressions": buckets_test.expression(to_a)}
	bare([a, b, part("", "p", null)], [called, block("p", to_b)]) == {["a", null]}
}

test_data_of_the_same_name_as_the_part if {
	read := object.union(block("p", to_b), {"mode": "data"})
	bare([a, b, part("", "p", null)], [read, block("p", to_a)]) == {["b", null]}
}

test_for_each_says_how_many_and_not_of_what if {
	repeated := object.union(block("p", to_a), {"for_each_expression": {"references": ["aws_s3_bucket.b"]}})
	bare([a, b, part("", "p", "k")], [repeated]) == {["b", null]}
}

# ---------------------------------------------------------------- instances

test_an_instance_that_is_not_planned if bare([x, part("", "p", null)], [block("p", to_y)]) == {["this", "x"]}

# From one bucket to several: the one without an index goes, and is still in the plan.
test_one_that_becomes_several if {
	one := bucket("", "this", null)
	bare([one, x, part("", "p", null)], [block("p", to_x)]) == {["this", null]}
	within := {"guard": {
		"expressions": buckets_test.expression(["aws_s3_bucket.this", "var.key"]),
		"module": buckets_test.inner,
	}}
	bare_calling([one, x, part("module.guard", "this", null)], [], within) == {["this", null], ["this", "x"]}
}

test_indexes_of_other_things if {
	every text in [`var.names["z"]`, `local.aws_s3_names["z"]`, `local.module.names["z"]`, `data.aws_s3_bucket.other["z"].id`] {
		bare([a, b, part("", "p", null)], [block("p", array.concat(to_a, [text]))]) == {["b", null]}
	}
}

two := [x, y, part("", "p", "x"), part("", "p", "y")]

# References → do these say that the part of a key belongs to the bucket of that key?
test_the_same_key_or_a_doubt if {
	every references in [["aws_s3_bucket.this", "each.key"], ["aws_s3_bucket.this", "count.index"], ["aws_s3_bucket.this", "each.value"]] {
		bare(two, [block("p", references)]) == set()
		every other in ["local.names", "local.aws_s3_names", "local.each.key", "local.module.x", "data.aws_s3_bucket.other"] {
			bare(two, [block("p", array.concat(references, [other]))]) == neither
		}
	}
	bare(two, [block("p", ["aws_s3_bucket.this"])]) == neither
}

test_a_value_of_something_else if {
	every other in ["var.names", "var.module.names", "data.aws_s3_bucket.other"] {
		repeated := object.union(block("p", ["aws_s3_bucket.this", "each.value"]), {"for_each_expression": {"references": [other]}})
		bare(two, [repeated]) == neither
	}
}

# ---------------------------------------------------------------- modules

test_a_module_in_a_module if {
	guard := {"guard": {"expressions": buckets_test.expression(["var.bucket"]), "module": buckets_test.inner}}
	calls := {"outer": {"expressions": buckets_test.expression(to_b), "module": {"resources": [], "module_calls": guard}}}
	bare_calling([a, b, part("module.outer.module.guard", "this", null)], [], calls) == {["a", null]}
}

# A module of two buckets, and an output for each.
store := {"store": {"module": {
	"resources": [],
	"outputs": {
		"logs": {"expression": {"references": ["aws_s3_bucket.logs.id", "aws_s3_bucket.logs"]}},
		"data": {"expression": {"references": ["aws_s3_bucket.data"]}},
	},
}}}

test_one_of_two_outputs if {
	stored := [bucket("module.store", "logs", null), bucket("module.store", "data", null), part("", "p", null)]
	bare_calling(stored, [block("p", ["module.store.logs", "module.store"])], store) == {["data", null]}
	bare_calling(stored, [block("p", ["module.store.data.id", "module.store.data", "module.store"])], store) == {["logs", null]}
	bare_calling(stored, [block("p", ["module.store"])], store) == {["data", null], ["logs", null]}
	keyed := [bucket(`module.store["k"]`, "logs", null), bucket(`module.store["k"]`, "data", null), part("", "p", null)]
	refers := [`module.store["k"].logs`, `module.store["k"]`, "module.store"]
	bare_calling(keyed, [block("p", refers)], store) == {["data", null]}
}

# Values that somebody writes down, in the shape of a configuration that ties the part to another bucket.
test_a_value_in_the_shape_of_a_module if {
	every value in [
		{"resources": [block("this", to_b)]},
		{"module": {"resources": [block("this", to_b)]}},
		{"root_module": {"resources": [block("this", to_b)]}},
		{"module_calls": {"guard": {"other": {"resources": [block("this", to_b)]}}}},
	] {
		noted := {"mode": "managed", "type": "terraform_data", "name": "t", "expressions": {"input": {"constant_value": value}}}
		bare([a, b, part("", "this", null)], [noted, block("this", to_a)]) == {["b", null]}
	}
	guarded := {"guard": {"expressions": buckets_test.expression(to_a), "module": buckets_test.inner}}
	every value in [
		{"module_calls": {"guard": {"module": {"resources": [block("this", to_b)]}}}},
		{"module_calls": {"guard": {"other": {"resources": [block("this", to_b)]}}}},
	] {
		noted := {"mode": "managed", "type": "terraform_data", "name": "t", "expressions": {"input": {"constant_value": value}}}
		bare_calling([a, b, part("module.guard", "this", null)], [noted], guarded) == {["b", null]}
	}
}
