# Services and identity providers at their edges: conditions with no or several values, and what only looks like an owner.
package terraform.deputies_edges_test

import rego.v1

import data.terraform.fixtures

denied(change) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([change])
}

encrypting(condition) := denied(fixtures.document("aws_kms_key", "policy", {
	"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*",
	"Condition": condition,
}))

test_every_value_says_for_whom if {
	said := ["sqs.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"]
	encrypting({"StringLike": {"kms:ViaService": said}}) == set()
	every values in [[], ["sqs.us-east-1.amazonaws.com", "*"], ["*", "sqs.us-east-1.amazonaws.com"]] {
		encrypting({"StringLike": {"kms:ViaService": values}}) == {"ACC-SVC-001"}
	}
}

accepts(provider, subject) := denied(fixtures.document("aws_iam_role", "assume_role_policy", {
	"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
	"Principal": {"Federated": sprintf("arn:aws:iam::111111111111:oidc-provider/%s", [provider])},
	"Condition": {"StringLike": {sprintf("%s:sub", [provider]): subject}},
}))

# Provider, a subject with an owner, and what anybody could have in a token.
owners := [
	["agent.buildkite.com", "organization:acme:pipeline:*", [
		"pipeline:app", "organization:*:pipeline:app", "*organization:acme:pipeline:app", "organization:acme",
	]],
	["app.terraform.io", "organization:acme:project:*", ["project:app", "*organization:acme:project:app"]],
	["gitlab.com", "project_path:acme/*", [
		"ref:main", "project_path:*/app:ref:main", "project_path:acme*", "*project_path:acme/app:ref:main",
	]],
	["oidc.eks.us-east-1.amazonaws.com/id/A", "system:serviceaccount:app:*", [
		"app", "system:serviceaccount:*", "*system:serviceaccount:app:main",
	]],
	["token.actions.githubusercontent.com", "repo:acme/*", [
		"*repo:acme/app:ref:refs/heads/main", "environment:*:repo:acme/app", "*:repository_id:7", "?enterprise:acme",
	]],
]

test_owners_stand_at_the_beginning if {
	every row in owners {
		accepts(row[0], row[1]) == set()
		every subject in row[2] {
			accepts(row[0], subject) == {"ACC-FED-001"}
		}
		accepts(row[0], array.concat([row[1]], row[2])) == {"ACC-FED-001"}
	}
}

test_subjects_of_a_provider_that_is_not_known if {
	every subject in ["user", "user:ann", "user:team/*", "group:team:*", "team/*"] {
		accepts("id.corp.example", subject) == set()
	}
	every subject in ["", "*", "?", "ann*", "user:*", "user:a?", "${id.corp.example:sub}", "user:${aws:username}"] {
		accepts("id.corp.example", subject) == {"ACC-FED-001"}
	}
}

test_clusters_are_known_by_the_beginning_of_their_name if {
	accepts("oidc.eks.us-east-1.amazonaws.com/id/A", "user:ann") == {"ACC-FED-001"}
	accepts("id.corp.example/oidc.eks.us-east-1", "user:ann") == set()
}
