# Which bucket does a part (a public access block, an encryption configuration) belong to? By name where it is known; while
# the bucket is still to be created, by what the configuration refers to. A doubt ties nothing.
# Functions spell `data.…` out: an import has no value in them once this package is itself imported (ENG505).
package terraform.buckets

import rego.v1

import data.terraform.lib

all := lib.of_type("aws_s3_bucket")

# Buckets that none of `parts` belongs to.
without(parts) := [bucket |
	tied := {address | some part in parts; some address in data.terraform.buckets.owners(part)}
	some bucket in data.terraform.buckets.all
	not bucket.address in tied
]

# Addresses of the buckets that a part belongs to.
owners(part) := {address | some address in data.terraform.buckets.by_name[name]} if {
	name := data.terraform.lib.value(part, "bucket")
	is_string(name)
}

owners(part) := data.terraform.buckets.referred(part) if {
	not is_string(data.terraform.lib.value(part, "bucket"))
	data.terraform.lib.unknown(part, "bucket")
}

by_name[name] contains address if {
	some bucket in all
	name := lib.value(bucket, "bucket")
	is_string(name)
	address := bucket.address
}

# ---------------------------------------------------------------- by the configuration

# An unknown name can only come from what is still to be created: of one bucket, or nobody knows which.
referred(part) := {address |
	count(reached.targets) == 1
	some target in reached.targets
	some slot in slots_meant(target, part, reached)
	some address in data.terraform.buckets.by_slot[slot]
} if {
	reached := data.terraform.buckets.reach(part)
	not leads_nowhere(reached)
}

# A local value or the like, which the configuration does not show: only one bucket can be meant.
referred(part) := data.terraform.buckets.only_one if {
	reached := data.terraform.buckets.reach(part)
	leads_nowhere(reached)
}

leads_nowhere(reached) if {
	count(reached.targets) == 0
	not reached.strays
}

# A plan without its configuration: the bucket of this instance, and among several the one of the same name.
referred(part) := beside if {
	not data.terraform.buckets.reach(part)
	beside := {bucket.address | some bucket in data.terraform.buckets.by_instance[instance(part)]}
	count(beside) < 2
}

referred(part) := {bucket.address | some bucket in beside; bucket.name == part.name} if {
	not data.terraform.buckets.reach(part)
	beside := {bucket | some bucket in data.terraform.buckets.by_instance[instance(part)]}
	count(beside) > 1
}

only_one := {bucket.address | some bucket in created} if count(created) == 1

else := set()

created := [bucket | some bucket in all; lib.creates(bucket)]

# Where a bucket of the configuration can be found, so that many buckets take no longer than they must: as the only one,
# by the indexes in its address, and as the one of its module.
by_slot[slot] contains address if {
	some bucket in all
	address := bucket.address
	target := configured(bucket)
	some slot in [
		sprintf("%s/only", [target]),
		slot_of(target, keys(bucket)),
		sprintf("%s|%s|%v", [target, object.get(bucket, "module_address", ""), object.get(bucket, "index", null)]),
	]
}

slot_of(target, indexes) := sprintf("%s%s", [target, json.marshal(sort([index | some index in indexes]))])

# There is one instance of it; or its indexes are written out; or the part's own are meant.
slots_meant(target, _, reached) := [sprintf("%s/only", [target])] if alone(target, reached)

slots_meant(target, part, reached) := array.concat(
	[slot_of(target, reached.literals) | count(reached.literals) > 0],
	array.concat(
		[sprintf("%s|%s|%v", [target, object.get(part, "module_address", ""), null]) | count(reached.literals) == 0],
		[slot_of(target, keys(part) | reached.literals) | reached.same],
	),
) if {
	not alone(target, reached)
}

alone(target, reached) if {
	count(data.terraform.buckets.by_slot[sprintf("%s/only", [target])]) == 1
	some address in data.terraform.buckets.by_slot[sprintf("%s/only", [target])]
	count(reached.literals - indexes(address)) == 0
}

instance(r) := sprintf("%s|%v", [object.get(r, "module_address", ""), object.get(r, "index", null)])

by_instance[key] contains bucket if {
	some bucket in all
	key := instance(bucket)
}

# `module.a/aws_s3_bucket.this`: where it stands in the configuration.
configured(r) := sprintf("%s/%s.%s", [bare(object.get(r, "module_address", "")), r.type, r.name])

bare(address) := regex.replace(address, `\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\]`, "")

# The indexes in the address of a resource: its own, and those of its modules.
keys(r) := indexes(object.get(r, "module_address", "")) | {index | index := r.index; index != null}

indexes(text) := {json.unmarshal(found[1]) |
	# mutant: -1 → -2 – any negative number asks for all of them
	some found in regex.find_all_string_submatch_n(`\[([0-9]+|"(?:[^"\\]|\\.)*")\]`, text, -1)
}

# ---------------------------------------------------------------- the configuration as a graph

reach(part) := data.terraform.buckets.reached[configured(part)]

# What a part's expression leads to: buckets, the indexes that are written out, and whether the rest are the part's own.
# Once for all instances of it.
reached[start] := {
	"targets": {node | some node in nodes; contains(node, "/aws_s3_bucket.")},
	"literals": {key | some node in nodes; some key in written[node]},
	"same": count({node | some node in nodes; node in keyed}) > 0,
	"strays": count({node | some node in nodes; stray(node)}) > 0,
} if {
	some [start, _, _] in links
	# mutant: drop contains(start, "/aws_s3_bucket_") – `reach` asks for parts alone; this is quicker
	contains(start, "/aws_s3_bucket_")
	inner := graph.reachable(leads, {start}) # of those alone that lead further
	nodes := inner | {target | some node in inner; some target in leads[node]}
}

# A resource or a data source that has nothing to do with the plan's buckets.
stray(node) if {
	regex.match(`/(data[.]|[a-z0-9]+_[a-z0-9_]+[.])`, node)
	not contains(node, "/aws_s3_")
}

# Modules of the configuration, by path.
modules contains [path, module] if {
	walk(object.get(input, "configuration", {}), [steps, module])
	# mutant: drop is_object(module) – what is no object has no resources and no calls; this is quicker
	is_object(module)
	is_module(steps)
	path := concat(".", [sprintf("module.%v", [steps[i + 1]]) | some i, step in steps; step == "module_calls"])
}

# As a whole path, from bracket to bracket: a value that somebody writes down may have keys of these names too.
is_module(steps) if regex.match(`\["root_module"(,"module_calls","[^"]*","module")*\]`, json.marshal(steps))

# Node → references that it stands for, as Terraform writes them, with the module where they are written.
links contains [node, path, references] if {
	some [path, module] in modules
	some r in module.resources
	startswith(r.type, "aws_s3_bucket")
	r.type != "aws_s3_bucket"
	not r.mode == "data" # may be called as the part is
	node := sprintf("%s/%s.%s", [path, r.type, r.name])
	references := array.concat(
		lib.list(r.expressions.bucket.references),
		[text | some text in lib.list(object.get(r, ["for_each_expression", "references"], null)); by_value(r)],
	)
}

links contains [node, path, references] if {
	some [path, module] in modules
	some name, call in module.module_calls
	some variable, expression in call.expressions
	node := sprintf("%s/var.%s", [below(path, name), variable])
	references := lib.list(expression.references)
}

links contains [node, inner, references] if {
	some [path, module] in modules
	some name, call in module.module_calls
	inner := below(path, name)
	some output, said in call.module.outputs
	node := sprintf("%s/module.%s.%s", [path, name, output])
	references := lib.list(said.expression.references)
}

# `for_each = aws_s3_bucket.this` and `bucket = each.value.id`.
by_value(r) if "each.value" in r.expressions.bucket.references

below("", name) := sprintf("module.%s", [name])

below(path, name) := sprintf("%s.module.%s", [path, name]) if path != ""

leads[node] contains target if {
	some [node, path, references] in links
	some text in longest(references)
	target := sprintf("%s/%s", [path, stem(text)])
}

# A part of which the expression leads nowhere. Where nothing leads anywhere, the embedded engine would have no graph.
leads[node] contains target if {
	some [node, _, _] in links
	target := ""
}

# A module of which no output is named: any of them.
leads[node] contains target if {
	some [path, module] in modules
	some name, call in module.module_calls
	some output, _ in call.module.outputs
	node := sprintf("%s/module.%s", [path, name])
	target := sprintf("%s.%s", [node, output])
}

# Terraform lists `a.b["x"].id`, `a.b["x"]` and `a.b`; the first one says it all.
longest(references) := [text |
	some text in references
	every other in references {
		not startswith(other, concat("", [text, "."]))
		not startswith(other, concat("", [text, "["]))
	}
]

# `aws_s3_bucket.this["x"].id` → `aws_s3_bucket.this`; `module.a["x"].id` → `module.a.id`; `var.a.b` → `var.a`.
# mutant: 0 → -1 – a slice starts with the first at the earliest
stem(text) := concat(".", array.slice(split(bare(text), "."), 0, 3)) if startswith(text, "module.")

# mutant: 0 → -1 – a slice starts with the first at the earliest
stem(text) := concat(".", array.slice(split(bare(text), "."), 0, 2)) if not startswith(text, "module.")

# Node → indexes that its expression writes out.
written[node] contains key if {
	some [node, _, references] in links
	some text in longest(references)
	regex.match(`^(aws_s3_|module[.])`, text)
	some key in indexes(text)
}

# Nodes whose expression takes the instance of the same key.
keyed contains node if {
	some [node, _, references] in links
	some key in ["each.key", "count.index"]
	key in references
	every text in longest(references) { regex.match(`^(aws_s3_|module[.]|each[.]key$|count[.]index$)`, text) }
}

keyed contains node if {
	some [node, _, references] in links
	"each.value" in references
	every text in longest(references) { regex.match(`^(aws_s3_bucket[a-z_]*[.][^.\[]+$|module[.]|each[.]value)`, text) }
}
