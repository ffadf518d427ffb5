# Public access at its edges: objects of the older type, and permissions that a condition limits.
package terraform.public_edges_test

import rego.v1

import data.terraform.fixtures

denied(kind, attributes) := found if {
	found := fixtures.ids(fixtures.access_deny) with input as fixtures.plan([fixtures.create(kind, attributes)])
		with data.settings.access.trusted_organizations as ["o-ours"]
}

test_objects_of_the_older_type_have_acls_too if {
	denied("aws_s3_bucket_object", {"acl": "public-read"}) == {"ACC-PUB-004"}
	denied("aws_s3_bucket_object", {"acl": "private"}) == set()
}

# The resource says {"principal": "*"} and this.
everybody(kind, limits) := denied(kind, object.union({"principal": "*"}, limits))

condition(value) := {"condition": [{"key": "aws:PrincipalOrgID", "type": "StringEquals", "value": value}]}

test_buses_for_an_organisation if {
	everybody("aws_cloudwatch_event_permission", {}) == {"ACC-PUB-006"}
	everybody("aws_cloudwatch_event_permission", {"condition": []}) == {"ACC-PUB-006"}
	everybody("aws_cloudwatch_event_permission", condition("o-ours")) == set()
	everybody("aws_cloudwatch_event_permission", condition("o-stranger01")) == {"ACC-ACC-009"}
	everybody("aws_cloudwatch_event_permission", condition("")) == {"ACC-ACC-009"}
}

test_an_empty_limit_is_none if {
	every limit in ["principal_org_id", "source_account", "organization_id"] {
		everybody("aws_lambda_permission", {limit: ""}) == {"ACC-PUB-006"}
		everybody("aws_lambda_permission", {limit: null}) == {"ACC-PUB-006"}
	}
}
