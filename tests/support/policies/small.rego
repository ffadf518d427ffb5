# What a `Machine` judges by where the shipped rules are not the point: the embedded engine takes half a second of CPU
# to read those, and a hundredth for these. They deny what those deny of the recorded plans, in words of their own.
package small

import rego.v1

present(type) := [r | some r in input.resource_changes; r.type == type; is_object(r.change.after)]

# METADATA
# title: Buckets keep the public out
# description: Whatever an access list says later, nobody outside may read.
# custom:
#   id: SMALL-PUB-001
#   severity: high
#   resources: [aws_s3_bucket_public_access_block]
deny contains finding if {
	some r in present("aws_s3_bucket_public_access_block")
	r.change.after.block_public_acls != true
	finding := {
		"id": "SMALL-PUB-001", "severity": "high", "address": r.address,
		"msg": "The bucket does not keep the public out.",
		"remediation": "Set block_public_acls = true.",
	}
}

# METADATA
# title: Roles are not for everything
# description: Who may do everything need not ask for more.
# custom:
#   id: SMALL-IAM-001
#   severity: high
#   resources: [aws_iam_role_policy_attachment]
deny contains finding if {
	some r in present("aws_iam_role_policy_attachment")
	endswith(r.change.after.policy_arn, "AdministratorAccess")
	finding := {
		"id": "SMALL-IAM-001", "severity": "high", "address": r.address,
		"msg": "The role may do everything.",
		"remediation": "Attach what it needs.",
	}
}

# METADATA
# title: Buckets are emptied by hand
# description: What is destroyed with all that is in it cannot be had back.
# custom:
#   id: SMALL-LOSS-001
#   severity: low
#   resources: [aws_s3_bucket]
warn contains finding if {
	some r in present("aws_s3_bucket")
	r.change.after.force_destroy == true
	finding := {
		"id": "SMALL-LOSS-001", "severity": "low", "address": r.address,
		"msg": "The bucket goes with all that is in it.",
		"remediation": "Set force_destroy = false.",
	}
}
