package terraform.signin_test

import rego.v1

import data.terraform.fixtures
import data.terraform.signin

warned(change) := found if {
	found := fixtures.ids(signin.warn) with input as fixtures.plan([change])
		with data.settings.access.trusted_providers as ["Sso.corp.example/realms/a"]
}

role(principal, condition) := warned(fixtures.document("aws_iam_role", "assume_role_policy", {
	"Effect": "Allow",
	"Action": "sts:AssumeRole",
	"Principal": principal,
	"Condition": condition,
}))

from(provider, subject) := role(
	{"Federated": sprintf("arn:aws:iam::111111111111:oidc-provider/%s", [provider])},
	{"StringLike": {sprintf("%s:sub", [provider]): subject}},
)

test_providers if {
	from("login.example.com", "ann") == {"ACC-FED-002"}
	from("sso.corp.example/realms/a", "ann") == set()
	from("oidc.eks.us-east-1.amazonaws.com/id/A", "system:serviceaccount:app:api") == set()
	from("api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", "x") == set()
	role({"Federated": "accounts.google.com"}, {"StringEquals": {"accounts.google.com:aud": "app"}}) == set()
}

test_guests if {
	pool := {"cognito-identity.amazonaws.com:aud": "us-east-1:1"}
	cognito := {"Federated": "cognito-identity.amazonaws.com"}
	role(cognito, {"StringEquals": pool}) == {"ACC-FED-003"}
	every amr in ["unauthenticated", "*", ["authenticated", "unauthenticated"]] {
		role(cognito, {"StringEquals": pool, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": amr}}) == {"ACC-FED-003"}
	}
	role(cognito, {"StringEquals": pool, "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}}) == set()
}

test_all_of_an_owner if {
	github := "token.actions.githubusercontent.com"
	from(github, "repo:acme/*:*") == {"ACC-FED-004"}
	from(github, "repo:acme/app:*") == set()
	from("gitlab.com", "project_path:acme/*:ref_type:branch:ref:main") == {"ACC-FED-004"}
	from("app.terraform.io", "organization:acme:project:*:workspace:x") == {"ACC-FED-004"}
	from("app.terraform.io", "organization:acme:project:x:workspace:*") == set()
}

test_certificates if {
	anywhere := {"Service": "rolesanywhere.amazonaws.com"}
	role(anywhere, {}) == {"ACC-FED-005"}
	role(anywhere, {"ArnLike": {"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:111111111111:*"}}) == {"ACC-FED-005"}
	role(anywhere, {"ArnEquals": {"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:111111111111:trust-anchor/1"}}) == set()
	role(anywhere, {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "app"}}) == set()
}

test_new_ways_in if {
	warned(fixtures.create("aws_iam_saml_provider", {"name": "x"})) == {"ACC-FED-006"}
	warned(fixtures.create("aws_iam_openid_connect_provider", {"url": "https://login.example.com"})) == {"ACC-FED-006"}
	warned(fixtures.create("aws_iam_openid_connect_provider", {"url": "https://sso.corp.example/realms/a"})) == set()
	warned(fixtures.change("aws_iam_saml_provider", ["no-op"], {"name": "x"}, {})) == set()
}
