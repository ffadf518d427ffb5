# Whatever can be shared, and what only looks so.
package terraform.sharing_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.sharing

denied(kind, after) := found if {
	found := fixtures.ids(sharing.deny) with input as fixtures.plan([fixtures.create(kind, after)])
}

# Values of the warnings: what they are about.
warned(changes) := values if {
	found := sharing.warn with input as fixtures.plan(changes)
	values := {finding.value | some finding in found; finding.id == "ACC-ACC-013"}
}

test_every_type_and_way_to_share if {
	every kind in [
		"aws_db_cluster_snapshot",
		"aws_db_snapshot",
		"aws_db_snapshot_copy",
		"aws_imagebuilder_distribution_configuration",
		"aws_rds_cluster_snapshot_copy",
		"aws_ssm_document",
	] {
		every attribute in ["account_ids", "shared_accounts", "user_groups", "user_ids"] {
			every everybody in ["all", "*"] {
				denied(kind, {"part": [{attribute: [everybody]}]}) == {"ACC-PUB-013"}
			}
			denied(kind, {"part": [{attribute: ["111111111111"]}]}) == set()
		}
	}
}

# ---------------------------------------------------------------- access control lists

list(owner, grantee) := {"access_control_policy": [{"owner": [owner], "grant": [{"permission": "READ", "grantee": [grantee]}]}]}

test_only_the_id_of_the_owner_is_his if {
	denied("aws_s3_bucket_acl", list({"id": "a1", "display_name": "b2"}, {"id": "a1"})) == set()
	denied("aws_s3_bucket_acl", list({"id": "a1", "display_name": "b2"}, {"id": "b2"})) == {"ACC-ACC-011"}
	denied("aws_s3_bucket_acl", list({"id": null}, {"id": "b2"})) == {"ACC-ACC-011"}
}

test_every_way_to_name_somebody if {
	every attribute in ["email", "email_address", "id"] {
		every kind in ["aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object_copy"] {
			denied(kind, {"grant": [{attribute: "b2"}]}) == {"ACC-ACC-011"}
			every nobody in ["", null] {
				denied(kind, {"grant": [{attribute: nobody}]}) == set()
			}
		}
	}
}

test_an_id_outside_the_grants_lets_nobody_in if {
	denied("aws_s3_bucket", {"id": "data-lake", "bucket": "data-lake"}) == set()
}

test_grants_that_name_nobody_before_let_nobody_in if {
	row := fixtures.change("aws_s3_bucket", ["update"], {"grant": [{"id": "b2"}]}, {})
	change := object.union(row, {"change": object.union(row.change, {"before": {"grant": [{"id": null}]}})})
	fixtures.ids(sharing.deny) == {"ACC-ACC-011"} with input as fixtures.plan([change])
}

# ---------------------------------------------------------------- code and buckets

test_an_image_begins_with_its_registry if {
	ours := "111111111111.dkr.ecr.us-east-1.amazonaws.com/x:1"
	denied("aws_lambda_function", {"image_uri": ours}) == set()
	denied("aws_lambda_function", {"image_uri": null}) == set()
	every before in ["evil.example/", "1", "evil.example#"] {
		denied("aws_lambda_function", {"image_uri": concat("", [before, ours])}) == {"ACC-ACC-012"}
	}
}

replica(destination) := fixtures.create("aws_s3_bucket_replication_configuration", {
	"bucket": "orders",
	"role": "arn:aws:iam::111111111111:role/replication",
	"rule": [{"destination": [destination]}],
})

inventory(destination) := fixtures.create("aws_s3_bucket_inventory", {
	"bucket": "orders",
	"destination": [{"bucket": [destination]}],
})

own_bucket := fixtures.create("aws_s3_bucket", {"bucket": "copies"})

test_copies_leave_for_a_bucket if {
	every change in [
		replica({"bucket": "arn:aws:s3:::copies", "account": null}),
		replica({"bucket": "arn:aws-cn:s3:::copies", "account": ""}),
		inventory({"bucket_arn": "arn:aws:s3:::copies", "account_id": null}),
	] {
		warned([change]) == {"copies"}
		warned([change, own_bucket]) == set()
	}
	every change in [
		replica({"bucket": "arn:aws:s3:::copies", "account": "111111111111"}),
		inventory({"bucket_arn": "arn:aws:s3:::copies", "account_id": "111111111111"}),
	] {
		warned([change]) == set()
	}
}

test_only_the_arn_of_a_bucket_is_taken_off_its_name if {
	twice := "arn:aws:s3:::arn:aws:s3:::copies"
	warned([replica({"bucket": twice}), own_bucket]) == {"arn:aws:s3:::copies"}
}

test_functions_without_a_bucket if {
	warned([fixtures.create("aws_lambda_function", {"filename": "x.zip", "s3_bucket": null})]) == set()
}
