# What the other packages share, at its edges.
package terraform.lib_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.grants
import data.terraform.lib

test_accounts if {
	lib.account("111111111111") == "111111111111"
	lib.account("arn:aws:iam::111111111111:role/x") == "111111111111"
	every name in [
		"", "x111111111111", "111111111111x", "1111111111111", "arn:aws:iam::x111111111111:role/x",
		"arn:aws:iam::111111111111x:role/x", "arn:aws:s3:::x", "s3.amazonaws.com",
	] {
		lib.account(name) == ""
	}
}

test_nobody_is_trusted_where_no_account_is_known if {
	not lib.trusted("x") with input as {}
	not lib.trusted("111111111111") with input as {}
	lib.trusted("111111111111") with input as {} with data.settings.access.trusted_accounts as ["111111111111"]
}

test_lists if {
	lib.list(null) == []
	lib.list("a") == ["a"]
	lib.list(["a"]) == ["a"]
	lib.list({"a": 1}) == [{"a": 1}]
}

repeated(text, times) := concat("", [text | some _ in numbers.range(1, times)])

test_patterns_that_can_be_read if {
	lib.readable(repeated("a", 1024))
	not lib.readable(repeated("a", 1025))
	lib.readable(repeated("*a", 63))
	not lib.readable(repeated("*a", 64))
}

nested(depth, inside) := sprintf("%s%s%s", [repeated("[", depth), inside, repeated("]", depth)])

shallow(text) if lib.shallow(text, json.unmarshal(text))

test_depth if {
	lib.brackets("a[{[") == 3
	shallow(nested(60, "1"))
	shallow(nested(61, ""))
	not shallow(nested(61, "1"))
	shallow(nested(1, concat(",", ["[]" | some _ in numbers.range(1, 60)])))
}

referring(resource) := found if {
	found := lib.referring with input as {"configuration": {"root_module": {"resources": [resource]}}}
}

test_references if {
	resource := {"type": "aws_kms_key", "name": "this"}
	referring(object.union(resource, {"expressions": {"policy": {"references": ["module.a.b"]}}})) == {["aws_kms_key", "this", "policy"]}
	referring(object.union(resource, {"expressions": {"policy": {"references": ["local.data.x", "each.value"]}}})) == set()
	referring(object.union(resource, {"expressions": [{"references": ["aws_a.b"]}]})) == set()
}

everything := {"Effect": "Allow", "Action": "*", "Resource": "*"}

granted(change) := found if {
	found := fixtures.ids(grants.deny) with input as fixtures.plan([change])
		with data.settings.access.boundaries as ["edge"]
}

test_what_narrows_grants_nothing if {
	every kind in [
		"aws_organizations_policy", "aws_transfer_access", "aws_transfer_user", "aws_vpc_endpoint", "aws_vpc_endpoint_policy",
	] {
		granted(fixtures.document(kind, "policy", everything)) == set()
	}
	text := json.marshal({"Statement": everything})
	granted(fixtures.create("aws_iam_policy", {"name": "edge", "policy": text})) == set()
	granted(fixtures.create("aws_iam_policy", {"name": "other", "policy": text})) == {"ACC-IAM-001"}
	granted(fixtures.create("aws_iam_role_policy", {"name": "edge", "policy": text})) == {"ACC-IAM-001"}
}

test_whoever_is_left_out_is_somebody if {
	statement := object.union(everything, {"NotPrincipal": {"AWS": "111111111111"}})
	granted(fixtures.document("aws_sqs_queue", "policy", statement)) == {"ACC-IAM-004"}
}

judged(statement) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([fixtures.document("aws_iam_role_policy", "policy", statement)])
}

test_exceptions_beyond_reason if {
	every key in ["Action", "Resource", "NotAction", "NotResource"] {
		judged({"Effect": "Deny", key: repeated("*a", 64)}) == {"ACC-DOC-005"}
	}
}

named(action, resource) := fixtures.document("aws_iam_role_policy", "policy", {"Effect": "Allow", "Action": action, "Resource": resource})

test_what_cannot_be_read_is_judged_by_nothing_else if {
	action := fixtures.plan([named(concat("", ["s3:", repeated("a", 1100)]), "arn:aws:s3:::x")])
	fixtures.ids(grants.warn) == set() with input as action
	fixtures.ids(fixtures.access_deny) == {"ACC-DOC-005"} with input as action
	resource := concat("", ["arn:aws:iam::999999999999:role/", repeated("a", 1100)])
	fixtures.ids(fixtures.access_deny) == {"ACC-DOC-005"} with input as fixtures.plan([named("sts:AssumeRole", resource)])
}

written(kind, attribute, text) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([fixtures.create(kind, {attribute: text})])
}

test_keys_that_differ_in_case_only if {
	good := `"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x"}`
	written("aws_iam_policy", "policy", sprintf(`{%s, "Id": "a", "id": "b"}`, [good])) == {"ACC-DOC-001"}
	written("aws_iam_policy", "policy", sprintf(`{%s, "X": [{"a": 1, "A": 2}]}`, [good])) == set()
	written("aws_any", "text", sprintf(`{%s}`, [good])) == set()
	written("aws_any", "text", `see the "Statement" above`) == set()
	written("aws_any", "text", `{abc`) == set()
}

# The same in a document that is an object: it is told of, and judged by nobody.
test_keys_of_objects_that_differ_in_case_only if {
	good := {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x"}
	every row in [
		[{"Statement": good}, set()],
		[{"Statement": good, "statement": [good]}, {"ACC-DOC-004"}],
		[{"Statement": good, "statement": 7}, {"ACC-DOC-004"}],
		[{"Statement": good, "Id": "a", "id": "b"}, {"ACC-DOC-004"}],
		[{"Statement": object.union(good, {"effect": "Deny"})}, {"ACC-DOC-004"}],
		[{"Statement": [good, object.union(good, {"action": "*"})]}, {"ACC-DOC-004"}],
		[{"Statement": good, "X": [{"a": 1, "A": 2}]}, set()],
		[{"Id": "a", "id": "b"}, set()],
		[{"Statement": "monthly", "statement": "yearly"}, set()], # of an account, say
		[{"Statement": [{"Action": "*", "action": "*"}]}, set()],
	] {
		every value in [row[0], [row[0]], {"inner": row[0]}] {
			fixtures.ids(fixtures.access_deny) == row[1] with input as fixtures.plan([fixtures.create("aws_any", {"text": value})])
			granted(fixtures.create("aws_any", {"text": value})) == set()
		}
	}
	beside := fixtures.document("aws_iam_role_policy", "policy", {"Effect": "Allow", "Action": "*", "Resource": "*"})
	every object_ in [{"Statement": good, "statement": [good]}, {"Statement": object.union(good, {"effect": "Deny"})}] {
		found := fixtures.ids(data.terraform.grants.deny | fixtures.access_deny) with input as fixtures.plan([
			fixtures.create("aws_any", {"text": object_}),
			beside,
		])
		found == {"ACC-IAM-001", "ACC-DOC-004"}
	}
}

# ---------------------------------------------------------------- what the configuration says

# A plan whose configuration has these resources, and modules by their names.
configured(resources, modules) := {"configuration": {"root_module": {"resources": resources, "module_calls": modules}}}

set_to(name, reference) := {"type": "aws_kms_key", "name": name, "expressions": {"policy": {"references": [reference]}}}

# A module that is called with `reference` for its variable `x`, and has these resources and modules.
called_with(reference, resources, modules) := {
	"expressions": {"x": {"references": [reference]}},
	"module": {"resources": resources, "module_calls": modules},
}

who_refers(plan) := {name | some [_, name, _] in found} if {
	found := lib.referring with input as plan
}

who_hints(plan) := {name | some [_, name, _] in found} if {
	found := lib.hinting with input as plan
}

test_references_begin_with_what_they_refer_to if {
	every reference in ["aws_a.b.local.c", "data.a.var.c", "module.a.local.c"] {
		who_refers(configured([set_to("this", reference)], {})) == {"this"}
	}
	every reference in ["each.metadata.a", "each.module.a", "var.a", "local.a", "self.a", "count.index"] {
		who_refers(configured([set_to("this", reference)], {})) == set()
	}
}

test_local_values_where_no_module_is_called if {
	who_hints(configured([set_to("this", "local.a")], {})) == {"this"}
	who_hints(configured([set_to("this", "aws_a.b.local.c"), set_to("that", "var.a")], {})) == set()
}

test_a_variable_is_what_its_own_module_is_given if {
	modules := {
		"given": called_with("aws_a.b", [set_to("first", "var.x")], {}),
		"fixed": called_with("var.y", [set_to("second", "var.x")], {}),
		"odd": called_with("each.metadata.a", [set_to("third", "var.x")], {}),
		"hinted": called_with("local.a", [set_to("fourth", "var.x")], {}),
	}
	who_refers(configured([], modules)) == {"first"}
	who_hints(configured([], modules)) == {"fourth"}
}

test_a_variable_of_the_root_is_not_what_a_resource_has if {
	sibling := {"type": "aws_kms_key", "name": "sibling", "expressions": {"x": {"references": ["aws_a.b"]}}}
	who_refers(configured([sibling, set_to("this", "var.x")], {})) == {"sibling"}
}

test_a_module_in_a_module if {
	inner("var.y") == {"this"}
	every reference in ["each.value", "path.module"] {
		inner(reference) == set()
	}
}

inner(reference) := who_refers(configured([], {"outer": called_with("var.z", [], modules)})) if {
	modules := {"inner": called_with(reference, [set_to("this", "var.x")], {})}
}

# ---------------------------------------------------------------- days

day_of(timestamp) := day if {
	day := lib.today with input as {"timestamp": timestamp} with data.aws.runtimes.dated as "2026-10-20"
}

test_today_is_what_terraform_says if {
	day_of("2027-01-02T03:04:05Z") == "2027-01-02"
	day_of("2099-12-31T23:59:59Z") == "2099-12-31"
	every timestamp in [
		"2026-10-19T00:00:00Z", "9999", "soon", "x2027-01-02T03:04:05Z", "2027-01-02", "2027-1-02T00:00:00Z", "2027-13-01T00:00:00Z",
		"2027-00-01T00:00:00Z", "2027-01-32T00:00:00Z", "2027-01-00T00:00:00Z", "3027-01-02T00:00:00Z", 20270102, null,
	] {
		day_of(timestamp) == "2026-10-20"
	}
}

test_days_as_numbers if {
	lib.days("2000-01-01") == 744032
	lib.days("2026-02-10") == 753744
	lib.days("2026-12-31T00:00:00Z") == 754075
	every text in ["12026-12-31", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "2026-1-1", "1999-01-01", ""] {
		not lib.days(text)
	}
}

# ---------------------------------------------------------------- what is looked at

test_what_could_hold_a_document_or_name_an_account if {
	every item in [
		"{", " \n[", "\ufeff{\"", "\"", "arn:aws:iam::111111111111:root", "see 111111111111", {"Statement": []}, {"statement": []}, {"Version": "", "STATEMENT": []},
	] {
		lib.speaks(item)
	}
	every item in ["", "x", "see [1]", "a {b}", "11111111111", 111111111111, true, null, {"a": 1}, {"statements": []}, [], ["{"]] {
		not lib.speaks(item)
	}
}

leaves(change) := {item | some [_, _, item] in found} if {
	found := lib.leaves with input as fixtures.plan([change])
}

test_leaves if {
	leaves(fixtures.create("aws_any", {"name": "x", "text": "[1]", "more": [{"owner": "111111111111"}]})) == {"[1]", "111111111111"}
	leaves(fixtures.create("aws_wafv2_rule_group", {"rules_json": `[{"Statement": {}}]`})) == set()
	leaves(fixtures.create("aws_waf_rule", {"rules_json": `[{"Statement": {}}]`})) == {`[{"Statement": {}}]`}
}

test_texts_that_could_be_documents if {
	every text in [`{"Statement": 1}`, `[{"STATEMENT": 1}]`, `"statement"`, `{"\u0053tatement": 1}`, " {statement", "\ufeff{statement"] {
		texts_written(text) == {text}
	}
	every text in [`the "Statement" of 111111111111`, `111111111111 {"Statement": 1}`, `{"a": 1}`, `[1]`] {
		texts_written(text) == set()
	}
}

texts_written(text) := found if {
	found := lib.written with input as fixtures.plan([fixtures.create("aws_any", {"text": text})])
}

test_bodies if {
	lib.is_body([], {"STATEMENT": 1})
	every item in [{"a": 1}, {"statements": []}, {}, "statement", ["statement"], null] {
		not lib.is_body([], item)
	}
}

# Within a text anything could be called a statement; one of access has an effect.
test_bodies_within if {
	every statements in [{"EFFECT": 1}, [{"Effect": "Allow"}], ["x", {"effect": null, "Sid": "a"}]] {
		lib.is_body(["a"], {"Statement": statements})
		not lib.is_body(["a"], {"Other": statements})
	}
	every statements in [{}, [], "effect", ["effect"], [["effect"]], [{"Sid": "a"}], null] {
		not lib.is_body(["a"], {"Statement": statements})
	}
	not lib.is_body(["a"], ["Statement"])
}

# However its keys are spelt, a document is judged, as an object as well as a text.
test_keys_in_any_case if {
	every document in [
		{"Statement": [allowing("*")]},
		{"statement": [{"effect": "allow", "action": "*", "resource": "*"}]},
		{"STATEMENT": {"EFFECT": "Allow", "ACTION": ["*"], "RESOURCE": "*"}},
	] {
		granted(fixtures.create("aws_iam_role_policy", {"text": json.marshal(document)})) == {"ACC-IAM-001"}
		granted(fixtures.create("awscc_iam_role_policy", {"policy_document": document})) == {"ACC-IAM-001"}
	}
}

allowing(action) := {"Effect": "Allow", "Action": action, "Resource": "*"}

test_documents_within_texts_within_texts if {
	every inside in [{"Statement": [allowing("*")]}, [{"Statement": [allowing("*")]}]] {
		text := json.marshal({"note": "{abc", "size": "1e999999999", "policy": json.marshal(inside)})
		granted(fixtures.create("aws_iam_role_policy", {"text": text})) == {"ACC-IAM-001"}
	}
}

test_one_document_of_several_that_nobody_can_read if {
	good := `{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}`
	bad := `{"Statement": {"Effect": "Deny", "effect": "Allow", "Action": "*", "Resource": "*"}}`
	written("aws_any", "text", sprintf("[%s, %s]", [good, good])) == set()
	written("aws_any", "text", sprintf("[%s, %s]", [good, bad])) == {"ACC-DOC-004"}
	written("aws_any", "text", sprintf("[%s, %s]", [bad, good])) == {"ACC-DOC-004"}
}

test_a_list_of_documents_is_no_document if {
	good := `{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x"}}`
	written("aws_iam_policy", "policy", good) == set()
	written("aws_iam_policy", "policy", sprintf("[%s]", [good])) == {"ACC-DOC-001"}
}

test_what_only_mentions_a_statement_is_not_broken if {
	every text in ["{a statement", `{"a": "no statement"`, `[STATEMENT]`] {
		written("aws_any", "text", text) == set()
	}
	every text in [`{"Statement`, `{"STATEMENT": [`, `{"a": "{\"statement\": [`, `{"\u0053tatement": [`] {
		written("aws_any", "text", text) == {"ACC-DOC-004"}
	}
}

# ---------------------------------------------------------------- statements

read(statement) := lib.entries_of({"statement": statement})[0]

test_what_is_no_text_is_odd_wherever_it_stands if {
	every key in ["Action", "Resource", "NotAction", "NotResource"] {
		read({"Effect": "Deny", key: ["a", {"b": 1}]}).odd == [lower(key)]
		read({"Effect": "Deny", key: ["a"]}).odd == []
	}
}

denying(fields_) := object.union({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, fields_)

# What is left of being allowed to get objects and to send messages, beside a Deny.
left_by(deny) := read([{"Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "*"}, deny])

test_a_deny_takes_back if {
	every deny in [denying({}), denying({"Resource": ["a", "**"]}), denying({"Condition": {}})] {
		found := left_by(deny)
		found.actions == ["sqs:sendmessage"]
		found.idle
	}
}

test_a_deny_for_some_takes_nothing_back_for_sure if {
	every deny in [
		denying({"Resource": "*x"}), denying({"Resource": "x*"}), denying({"Condition": {"Bool": {"a": "b"}}}),
		denying({"Effect": "Allow"}), denying({"Principal": "*"}),
	] {
		found := left_by(deny)
		found.actions == ["s3:getobject", "sqs:sendmessage"]
		not found.idle
	}
}

test_a_deny_takes_nothing_from_itself if {
	found := read(denying({}))
	found.actions == ["s3:*"]
	found.denied == []
}

guards(principal) if lib.guard_of(lib.fields(denying(principal)))

test_a_deny_for_everybody if {
	every principal in [{}, {"Principal": "*"}, {"Principal": {"AWS": ["*"]}}] {
		guards(principal)
	}
	every principal in [{"Principal": {"AWS": "111111111111"}}, {"Principal": {}}, {"NotPrincipal": {"AWS": "111111111111"}}] {
		not guards(principal)
	}
}

test_a_deny_of_all_but_something if {
	lib.except({"notaction": "S3:*"}) == ["s3:*"]
	lib.except({"notaction": false}) == ["*"]
	lib.except({}) == ["*"]
}

taken_back(patterns, except, action) if lib.taken_back([{"actions": patterns, "except": except}], action)

test_what_a_pattern_takes_back if {
	long := repeated("a", 1025)
	taken_back(["s3:*"], ["*"], "s3:get*")
	not taken_back(["s3:get?"], ["*"], "s3:get?")
	taken_back([repeated("a", 1024)], ["*"], repeated("a", 1024))
	not taken_back([long], ["*"], long)
}

test_what_all_but_a_pattern_takes_back if {
	taken_back([], ["iam:*", "sqs:*"], "s3:getobject")
	not taken_back([], ["iam:*", "s3:*"], "s3:getobject")
	not taken_back([], ["s3:*", "iam:*"], "s3:getobject")
	not taken_back([], ["s3:get*"], "s3:*")
	not taken_back([], ["s3:get*"], "s3:???object")
	not taken_back([], [repeated("a", 1025)], "s3:getobject")
}

test_who_is_given_something if {
	deny := denying({})
	gives([allowing("s3:GetObject")]) == [true]
	gives([allowing("s3:GetObject"), deny]) == [false, false]
	gives([allowing(["s3:GetObject", "sqs:SendMessage"]), deny]) == [true, false]
	gives([allowing(["s3:GetObject", "sqs:SendMessage", "sqs:ReceiveMessage"]), deny]) == [true, false]
	gives([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, deny]) == [true, false]
}

gives(statements) := [s.grants | some s in found] if {
	found := lib.statements with input as fixtures.plan([fixtures.document("aws_iam_role_policy", "policy", statements)])
}

# ---------------------------------------------------------------- accounts

accounts_named(after) := {id | some [_, _, id] in found} if {
	found := lib.named_accounts with input as fixtures.plan([fixtures.create("aws_any", after)])
}

test_what_only_tells_names_nobody if {
	arn := "arn:aws:iam::999999999999:root"
	every attribute in ["description", "tags", "tags_all"] {
		accounts_named({attribute: arn}) == set()
		accounts_named({attribute: {"x": arn}}) == set()
	}
	accounts_named({"role": {"description": arn}}) == {"999999999999"}
}

test_an_account_alone if {
	accounts_named({"owner": "999999999999"}) == {"999999999999"}
	accounts_named({"user_ids": ["999999999999"]}) == {"999999999999"}
	accounts_named({"environment": [{"variables": {"owner": "999999999999"}}]}) == set()
	accounts_named({"size": "999999999999"}) == set()
	every text in ["x999999999999", "999999999999x", "9999999999999"] {
		accounts_named({"owner": text}) == set()
	}
}

test_accounts_in_json_that_is_no_document if {
	queue := "arn:aws:sqs:us-east-1:999999999999:dead"
	image := "222222222222.dkr.ecr.us-east-1.amazonaws.com/x"
	accounts_named({"text": json.marshal({"a": queue, "b": [image]})}) == {"222222222222", "999999999999"}
	accounts_named({"text": json.marshal(["111111111111"])}) == set()
	accounts_named({"text": sprintf("see [%s]", [queue])}) == set()
	accounts_named({"text": sprintf(`"see [%s]"`, [queue])}) == set()
}
