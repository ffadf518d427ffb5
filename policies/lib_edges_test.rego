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
