package terraform.users_test

import rego.v1

import data.terraform.fixtures
import data.terraform.users

warned(resource) := found if {
	found := users.warn with input as fixtures.plan([resource])
}

test_a_user if fixtures.ids(warned(fixtures.create("aws_iam_user", {"name": "x"}))) == {"ACC-USR-001"}

test_a_user_that_goes if warned(fixtures.change("aws_iam_user", ["delete"], null, {})) == set()

test_a_role_is_no_user if warned(fixtures.create("aws_iam_role", {"name": "x"})) == set()

test_a_policy_of_a_user if {
	every kind in ["aws_iam_user_policy", "aws_iam_user_policy_attachment"] {
		fixtures.ids(warned(fixtures.create(kind, {"user": "x"}))) == {"ACC-USR-002"}
	}
}

test_a_policy_of_users_among_others if {
	after := {"users": ["x"], "roles": ["y"]}
	fixtures.ids(warned(fixtures.create("aws_iam_policy_attachment", after))) == {"ACC-USR-002"}
}

test_a_policy_of_nobody_known if {
	fixtures.ids(warned(fixtures.vague("aws_iam_policy_attachment", {}, {"users": true}))) == {"ACC-USR-002"}
}

test_a_policy_of_roles if {
	every users_ in [null, []] {
		warned(fixtures.create("aws_iam_policy_attachment", {"users": users_, "roles": ["y"]})) == set()
	}
}

test_users_of_other_things if {
	warned(fixtures.create("aws_iam_group_membership", {"users": ["x"]})) == set()
	warned(fixtures.vague("aws_iam_group_membership", {}, {"users": true})) == set()
}

test_a_key if fixtures.ids(warned(fixtures.create("aws_iam_access_key", {"user": "x"}))) == {"ACC-USR-003"}

test_a_password if fixtures.ids(warned(fixtures.create("aws_iam_user_login_profile", {"user": "x"}))) == {"ACC-USR-004"}

strong := {
	"minimum_password_length": 14,
	"password_reuse_prevention": 24,
	"require_lowercase_characters": true,
	"require_numbers": true,
	"require_symbols": true,
	"require_uppercase_characters": true,
}

policy(after) := warned(fixtures.create("aws_iam_account_password_policy", after))

values(findings) := {finding.value | some finding in findings}

test_strong_passwords if policy(strong) == set()

test_stronger_passwords if policy(object.union(strong, {"minimum_password_length": 20})) == set()

test_each_weakness_is_found if {
	every attribute, weak in {"minimum_password_length": 13, "password_reuse_prevention": 23, "require_symbols": false} {
		found := policy(object.union(strong, {attribute: weak}))
		fixtures.ids(found) == {"ACC-USR-005"}
		values(found) == {attribute}
	}
}

test_values_of_another_type_are_weak if {
	values(policy(object.union(strong, {"require_symbols": 1}))) == {"require_symbols"}
	values(policy(object.union(strong, {"minimum_password_length": "14"}))) == {"minimum_password_length"}
	values(policy(object.union(strong, {"minimum_password_length": true}))) == {"minimum_password_length"}
}

test_what_is_not_said_is_weak if values(policy({})) == object.keys(strong)

test_what_is_known_after_apply_is_weak if {
	found := warned(fixtures.vague("aws_iam_account_password_policy", strong_but_length, {"minimum_password_length": true}))
	values(found) == {"minimum_password_length"}
}

strong_but_length := object.remove(strong, ["minimum_password_length"])
