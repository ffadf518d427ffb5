# Documents at their edges: what is empty, what is unknown through a local value, and who makes something from a text.
package terraform.documents_edges_test

import rego.v1

import data.terraform.fixtures

denied(change) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([change])
}

document := json.marshal({"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]})

test_what_is_empty_is_no_broken_document if {
	every nothing in [null, "", [], [""], [null], ["", null], [{}], [{"name": "app"}], [document, ""]] {
		denied(fixtures.create("aws_iam_role", {"inline_policy": nothing})) == set()
	}
}

test_each_text_of_a_list_is_a_document if {
	every texts in [["not JSON"], ["not JSON", ""], [document, "not JSON"], [{"name": "app"}, "not JSON"]] {
		denied(fixtures.create("aws_iam_role", {"inline_policy": texts})) == {"ACC-DOC-001"}
	}
}

# What is denied and what is warned of, where a role's attributes come from a local value.
local(after_unknown) := found if {
	expressions := {attribute: {"references": ["local.policies"]} | some attribute, _ in after_unknown}
	resource := {"type": "aws_iam_role", "name": "this", "expressions": expressions}
	plan := object.union(
		fixtures.plan([fixtures.vague("aws_iam_role", {}, after_unknown)]),
		{"configuration": {"root_module": {"resources": [resource]}}},
	)
	found := [fixtures.ids(fixtures.access_deny), fixtures.ids(fixtures.access_warn)] with input as plan
}

test_only_what_aws_fills_in_may_be_its_default if {
	local({"inline_policy": true}) == [set(), {"ACC-DOC-008"}]
	local({"managed_policy_arns": true}) == [set(), {"ACC-DOC-008"}]
	local({"assume_role_policy": true}) == [{"ACC-DOC-002"}, set()]
}

test_what_is_unknown_within_a_block_somebody_has_written if {
	local({"inline_policy": [{"policy": true}]}) == [{"ACC-DOC-002"}, set()]
	local({"managed_policy_arns": [false, true]}) == [{"ACC-DOC-002"}, set()]
}

test_what_is_no_text_allows_nothing_in_a_deny if {
	every part in [{"Action": [["*"]]}, {"Resource": [["*"]]}, {"Resource": {"a": "*"}}] {
		allow := object.union({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}, part)
		denied(fixtures.document("aws_iam_role_policy", "policy", allow)) == {"ACC-DOC-006"}
		deny := object.union(allow, {"Effect": "Deny"})
		denied(fixtures.document("aws_iam_role_policy", "policy", deny)) == set()
	}
}

test_everybody_who_makes_something_from_a_template if {
	every kind in [
		"aws_cloudformation_stack", "aws_cloudformation_stack_instances", "aws_cloudformation_stack_set",
		"aws_cloudcontrolapi_resource", "aws_serverlessapplicationrepository_cloudformation_stack",
	] {
		denied(fixtures.create(kind, {"name": "x"})) == {"ACC-DOC-007"}
	}
	denied(fixtures.create("aws_cloudformation_type", {"name": "x"})) == set()
}
