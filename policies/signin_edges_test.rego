# Who comes in: what a condition must be to narrow it, and what only reads like one.
package terraform.signin_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.signin

warned(change) := found if {
	found := fixtures.ids(signin.warn) with input as fixtures.plan([change])
		with data.settings.access.trusted_providers as ["sso.corp.example/realms/a"]
}

role(effect, principal, condition) := warned(fixtures.document("aws_iam_role", "assume_role_policy", {
	"Effect": effect,
	"Action": "sts:AssumeRole",
	"Principal": principal,
	"Condition": condition,
}))

provider(name) := {"Federated": sprintf("arn:aws:iam::111111111111:oidc-provider/%s", [name])}

test_a_deny_lets_nobody_in if {
	every principal in [provider("login.example.com"), {"Service": "rolesanywhere.amazonaws.com"}] {
		count(role("Allow", principal, {})) == 1
		role("Deny", principal, {}) == set()
	}
}

test_a_provider_that_only_ends_like_one_that_is_known if {
	role("Allow", provider("oidc.circleci.com/org/acme"), {}) == set()
	role("Allow", provider("evil.example/oidc.circleci.com/org/acme"), {}) == {"ACC-FED-002"}
}

test_guests_are_kept_out_by_what_must_be_there if {
	every operator, values in {
		"StringNotEquals": ["authenticated"],
		"ForAnyValue:StringNotLike": ["authenticated"],
		"ForAnyValue:StringLike": [],
		"StringEquals": [],
	} {
		role("Allow", {"Federated": "cognito-identity.amazonaws.com"}, {operator: {"cognito-identity.amazonaws.com:amr": values}}) == {"ACC-FED-003"}
	}
}

github := "token.actions.githubusercontent.com"

test_a_subject_is_what_the_provider_says_of_it if {
	everything := "repo:acme/*"
	role("Allow", provider(github), {"StringLike": {sprintf("%s:sub", [github]): everything}}) == {"ACC-FED-004"}
	role("Allow", provider(github), {"StringLike": {"aws:RequestTag/note": everything}}) == set()
}

test_a_subject_with_claims_of_its_own_choice if {
	every subject in ["environment:prod:repo:acme/*", "ref:refs/heads/main:repository:acme/*"] {
		role("Allow", provider(github), {"StringLike": {sprintf("%s:sub", [github]): subject}}) == {"ACC-FED-004"}
	}
	role("Allow", provider(github), {"StringLike": {sprintf("%s:sub", [github]): "environment:my-repo:acme/*"}}) == set()
}

# ---------------------------------------------------------------- certificates

certificate(condition) := role("Allow", {"Service": "rolesanywhere.amazonaws.com"}, condition)

anchor(region, name) := sprintf("arn:aws:rolesanywhere:%s:111111111111:%s", [region, name])

test_certificates_that_are_narrowed if {
	every condition in [
		{"ArnEquals": {"aws:SourceArn": anchor("us-east-1", "trust-anchor/1")}},
		{"ArnLike": {"aws:SourceArn": anchor("*", "trust-anchor/1")}},
		{"StringLike": {"aws:PrincipalTag/x509Subject/CN": "app-*"}},
	] {
		certificate(condition) == set()
	}
}

test_certificates_of_everybody if {
	every condition in [
		{"ArnLike": {"aws:SourceArn": "*"}},
		{"ArnLike": {"aws:SourceArn": anchor("us-east-1", "*")}},
		{"ArnLike": {"aws:SourceArn": anchor("us-east-1", "trust-anchor/*")}},
		{"ArnLike": {"aws:SourceArn": anchor("us-east-1", "trust-*")}},
		{"ArnLike": {"aws:SourceArn": [anchor("us-east-1", "trust-anchor/1"), "*"]}},
		{"ArnNotEquals": {"aws:SourceArn": anchor("us-east-1", "trust-anchor/1")}},
		{"StringNotEquals": {"aws:PrincipalTag/x509Subject/CN": "app"}},
		{"StringEquals": {"aws:SourceAccount": "111111111111"}},
		{"StringEquals": {"acme:aws:SourceArn": anchor("us-east-1", "trust-anchor/1")}},
	] {
		certificate(condition) == {"ACC-FED-005"}
	}
}

# ---------------------------------------------------------------- new ways in

test_every_way_in if {
	every kind in ["aws_iam_saml_provider", "aws_rolesanywhere_trust_anchor", "aws_ssoadmin_trusted_token_issuer"] {
		warned(fixtures.create(kind, {"name": "x"})) == {"ACC-FED-006"}
	}
}

test_the_scheme_is_taken_off_once if {
	every url in ["https://sso.corp.example/realms/a", "https://sso.corp.example/realms/a/"] {
		warned(fixtures.create("aws_iam_openid_connect_provider", {"url": url})) == set()
	}
	warned(fixtures.create("aws_iam_openid_connect_provider", {"url": "https://https://sso.corp.example/realms/a"})) == {"ACC-FED-006"}
}
