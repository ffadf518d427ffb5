# What is opened or given away by an attribute, without any policy document: to everybody, or to somebody unknown.
package terraform.sharing

import rego.v1

import data.terraform.lib

# Types that are shared by a list of accounts, wherever in their blocks it is.
shared := {
	"aws_db_cluster_snapshot",
	"aws_db_snapshot",
	"aws_db_snapshot_copy",
	"aws_imagebuilder_distribution_configuration",
	"aws_rds_cluster_snapshot_copy",
	"aws_ssm_document",
}

# METADATA
# title: Nothing is shared with every account
# description: Whoever has an account of AWS copies the snapshot, image or document, and reads what is in it.
# custom:
#   id: ACC-PUB-013
#   severity: critical
#   resources: [aws_db_snapshot, aws_db_cluster_snapshot, aws_db_snapshot_copy, aws_ssm_document]
#   elsewhere: [RDS.1, SSM.4]
#   value: the attribute
#   bad: {aws_db_snapshot: {db_snapshot_identifier: x, shared_accounts: [all]}}
#   good: {aws_db_snapshot: {db_snapshot_identifier: x, shared_accounts: ["111111111111"]}}
deny contains finding if {
	some kind in shared
	some r in lib.of_type(kind)
	walk(r.change.after, [path, text])
	is_string(text)
	lower(text) in {"*", "all"}
	some attribute in path
	attribute in {"account_ids", "shared_accounts", "user_groups", "user_ids"}
	msg := sprintf("Its %s is everybody.", [attribute])
	remediation := "Name the accounts."
	finding := lib.about(attribute, lib.finding("ACC-PUB-013", "critical", r, msg, remediation))
}

# METADATA
# title: Databases and brokers have no public address
# description: Only a password stands between the internet and the data then.
# custom:
#   id: ACC-PUB-014
#   severity: high
#   resources: ["*"]
#   elsewhere: [RDS.2, Redshift.1, DMS.1, CKV_AWS_17, CKV_AWS_69, CKV_AWS_87, CKV_AWS_89]
#   bad: {aws_db_instance: {identifier: x, publicly_accessible: true}}
#   good: {aws_db_instance: {identifier: x, publicly_accessible: false}}
deny contains finding if {
	some r in lib.present
	r.change.after.publicly_accessible == true
	msg := "It has an address in the internet."
	remediation := "Set publicly_accessible = false."
	finding := lib.finding("ACC-PUB-014", "high", r, msg, remediation)
}

# Types that are made for everybody: attribute → value.
published := {
	"aws_cognito_identity_pool": ["allow_unauthenticated_identities", true],
	"aws_ecrpublic_repository": ["", null],
}

# METADATA
# title: What is meant for everybody is seen
# description: Guests get credentials, and everybody the images, without anybody being asked.
# custom:
#   id: ACC-PUB-015
#   severity: medium
#   resources: [aws_cognito_identity_pool, aws_ecrpublic_repository]
#   elsewhere: [CKV_AWS_366]
#   bad: {aws_cognito_identity_pool: {identity_pool_name: x, allow_unauthenticated_identities: true}}
#   good: {aws_cognito_identity_pool: {identity_pool_name: x, allow_unauthenticated_identities: false}}
warn contains finding if {
	some kind, [attribute, value] in published
	some r in lib.of_type(kind)
	lib.value(r, attribute) == value
	msg := "It is for everybody."
	remediation := "See that nothing in it, and no right behind it, is meant for fewer."
	finding := lib.finding("ACC-PUB-015", "medium", r, msg, remediation)
}

# ---------------------------------------------------------------- access control lists

# The owner that the list itself names, whoever was in a bucket's list before (AWS puts its owner there, and a new one was
# judged when he came), AWS's log delivery, and whom the settings list.
ours(r) := {lower(id) |
	walk(r.change.after, [path, id])
	path[count(path) - 1] == "id"
	"owner" in path
	is_string(id)
} | {lower(grant.id) | some grant in r.change.before.grant; is_string(grant.id)} | delivery

delivery := {id | some id, _ in data.aws.accounts.canonical} | {lower(id) | some id in data.settings.access.trusted_principals}

# METADATA
# title: ACLs name nobody else
# description: An id or an address in an access control list is somebody's whom no policy names.
# custom:
#   id: ACC-ACC-011
#   severity: high
#   resources: [aws_s3_bucket, aws_s3_bucket_acl, aws_s3_object_copy]
#   elsewhere: [S3.12, s3_bucket_acl_prohibited]
#   value: the id or the address
#   bad: {aws_s3_bucket_acl: {bucket: x, access_control_policy: [{owner: [{id: a1}], grant: [{permission: READ,
#     grantee: [{type: CanonicalUser, id: b2}]}]}]}}
#   good: {aws_s3_bucket_acl: {bucket: x, access_control_policy: [{owner: [{id: a1}], grant: [{permission: READ,
#     grantee: [{type: CanonicalUser, id: a1}]}]}]}}
deny contains finding if {
	some kind in ["aws_s3_bucket", "aws_s3_bucket_acl", "aws_s3_object_copy"]
	some r in lib.of_type(kind)
	walk(r.change.after, [path, who])
	is_string(who)
	who != ""
	"grant" in path
	path[count(path) - 1] in {"email", "email_address", "id"}
	not lower(who) in ours(r)
	msg := sprintf("An ACL lets %s in.", [who])
	remediation := "Leave ACLs off, or have the id listed in settings.access.trusted_principals."
	finding := lib.about(who, lib.finding("ACC-ACC-011", "high", r, msg, remediation))
}

# ---------------------------------------------------------------- code and buckets

# METADATA
# title: Functions run images of registries that can be told
# description: Whoever keeps the registry decides what runs; a host that only begins like one of AWS's is somebody's.
# custom:
#   id: ACC-ACC-012
#   severity: high
#   resources: ["*"]
#   elsewhere: []
#   value: the image
#   bad: {aws_lambda_function: {function_name: x, image_uri: "registry.example/x@sha256:00"}}
#   good: {aws_lambda_function: {function_name: x, image_uri: "111111111111.dkr.ecr.us-east-1.amazonaws.com/x@sha256:00"}}
deny contains finding if {
	some r in lib.present
	image := r.change.after.image_uri
	is_string(image)
	image != ""
	not regex.match(`^[0-9]{12}[.]dkr([.]ecr|-ecr)(-fips)?[.][a-z0-9-]+[.](amazonaws[.]com([.]cn)?|on[.](aws|amazonwebservices[.]com[.]cn))/`, image)
	msg := sprintf("The image %s is of no registry of AWS's in an account.", [image])
	remediation := "Copy it into a repository of this account."
	finding := lib.about(image, lib.finding("ACC-ACC-012", "high", r, msg, remediation))
}

names_in_plan := {lib.value(r, "bucket") | some r in lib.of_type("aws_s3_bucket")}

# Buckets that are written to or run from, and whose account nothing names.
borrowed contains [r, name] if {
	some r in lib.of_type("aws_lambda_function")
	lib.blank(lib.value(r, "s3_object_version")) # whose version is named, its owner cannot exchange it
	name := lib.value(r, "s3_bucket")
}

borrowed contains [r, name] if {
	some kind in ["aws_s3_bucket_inventory", "aws_s3_bucket_replication_configuration"]
	some r in lib.of_type(kind)
	walk(r.change.after, [_, part])
	some attribute in ["bucket", "bucket_arn"]
	is_string(part[attribute])
	startswith(part[attribute], "arn:")
	lib.blank(object.get(part, "account", null))
	lib.blank(object.get(part, "account_id", null))
	name := regex.replace(part[attribute], `^arn:[^:]*:s3:::`, "")
}

# METADATA
# title: Buckets that nobody can place are seen
# description: A bucket's name says nothing of its account, so copies may leave for a stranger's, or code come from one.
# custom:
#   id: ACC-ACC-013
#   severity: medium
#   resources: [aws_lambda_function, aws_s3_bucket_inventory, aws_s3_bucket_replication_configuration]
#   elsewhere: []
#   value: the bucket
#   bad: {aws_s3_bucket_replication_configuration: {bucket: x, rule: [{destination: [{bucket: "arn:aws:s3:::elsewhere"}]}]}}
#   good: {aws_s3_bucket_replication_configuration: {bucket: x,
#     rule: [{destination: [{bucket: "arn:aws:s3:::elsewhere", account: "111111111111"}]}]}}
warn contains finding if {
	some [r, name] in borrowed
	is_string(name)
	not name in names_in_plan
	msg := sprintf("Whose bucket %s is, the plan does not say.", [name])
	remediation := "Name its account where the resource can, or see that it is ours and have it excepted by its name."
	finding := lib.about(name, lib.finding("ACC-ACC-013", "medium", r, msg, remediation))
}

# ---------------------------------------------------------------- functions

# METADATA
# title: Who may invoke a function can be told
# description: An id says nothing of the account behind it, and Alexa invokes a function for whoever names it in a skill.
# custom:
#   id: ACC-ACC-014
#   severity: high
#   resources: [aws_lambda_permission]
#   elsewhere: []
#   value: the principal
#   bad: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: alexa-appkit.amazon.com}}
#   good: {aws_lambda_permission: {function_name: app, action: "lambda:InvokeFunction", principal: alexa-appkit.amazon.com,
#     event_source_token: amzn1.ask.skill.1}}
deny contains finding if {
	some r in lib.of_type("aws_lambda_permission")
	principal := lib.value(r, "principal")
	is_string(principal)
	not regex.match(`^[*?]*$|^[0-9]{12}$|^arn:|^[a-z0-9.-]+[.]amazonaws[.]com([.]cn)?$`, principal) # other rules have these
	not a_skill(r, principal)
	not principal in data.settings.access.trusted_principals
	msg := sprintf("Its principal %s is no account, no service and no ARN: for whom it acts cannot be told.", [principal])
	remediation := "Name an account or a service; for Alexa, add event_source_token with the skill's id."
	finding := lib.about(principal, lib.finding("ACC-ACC-014", "high", r, msg, remediation))
}

a_skill(r, principal) if {
	principal in {"alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"}
	not lib.blank(lib.value(r, "event_source_token"))
}
