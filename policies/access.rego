# Who is let in: documents that can be judged, public access, and principals of other accounts.
package terraform.access

import rego.v1

import data.terraform.lib

# ---------------------------------------------------------------- documents that cannot be judged

# Attributes that hold a document, on top of a resource or in its blocks.
holders := {
	"access_policies",
	"access_policy",
	"assume_role_policy",
	"inline_policy",
	"permissions_policy",
	"policy",
	"policy_document",
	"policy_json",
	"resource_policy",
}

# Attributes that name a policy to attach, or somebody to let in.
names := {
	"account_assignments",
	"allowed_principals",
	"grantee_principal",
	"managed_policy_arn",
	"managed_policy_arns",
	"policy_arn",
	"policy_arns",
	"principal",
	"principal_arn",
	"principal_arns",
	"principal_id",
	"principals",
	"retiring_principal",
	"source_account",
}

# The same for attributes that elsewhere mean something else.
names_in := {
	"aws_lambda_permission": {"principal_org_id"},
	"aws_s3_bucket": {"acl", "grant"},
	"aws_s3_bucket_acl": {"acl", "access_control_policy", "grant", "grantee", "id", "uri"},
	"aws_s3_object": {"acl"},
	"aws_sns_topic_subscription": {"endpoint"},
}

# Types whose `policy` is about something else than access.
other_documents := {"aws_dlm_lifecycle_policy", "aws_ecr_lifecycle_policy"} | lib.narrowing

# METADATA
# title: Documents can be read
# description: A text that is no policy document, or is nested beyond reason, would otherwise pass unseen.
# custom:
#   id: ACC-DOC-001
#   elsewhere: []
#   value: the attribute
deny contains finding if {
	some r in lib.present
	not r.type in other_documents
	some attribute in holders
	text := lib.value(r, attribute)
	not lib.blank(text)
	not is_array(text)
	not lib.is_document(text)
	msg := sprintf("%s is not a policy document, so it cannot be judged.", [attribute])
	remediation := "Write a JSON object with a Statement."
	finding := lib.about(attribute, lib.finding("ACC-DOC-001", "high", r, msg, remediation))
}

deny contains finding if {
	some r in lib.present
	not r.type in other_documents
	walk(r.change.after, [path, text])
	lib.is_broken_document(text)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
	not attribute in holders
	msg := sprintf("%s looks like a policy document and cannot be read as one, so it cannot be judged.", [attribute])
	remediation := "Write a JSON object with a Statement, without keys that differ only in case, and not nested deeply."
	finding := lib.about(attribute, lib.finding("ACC-DOC-004", "high", r, msg, remediation))
}

# METADATA
# title: Documents, attached policies and principals are known when they are judged
# description: What is known only after apply nobody has seen, whether it is a whole attribute, a block or an element of a list.
# custom:
#   id: ACC-DOC-002
#   elsewhere: []
#   value: the attribute
deny contains finding if {
	some r in lib.present
	not r.type in other_documents
	walk(r.change.after_unknown, [path, true])
	steps := [step | some step in path; is_string(step)]
	some name in steps
	name in holders | names | object.get(names_in, r.type, set())
	not filled_in(r, path)
	attribute := concat(".", [sprintf("%v", [step]) | some step in path])
	msg := sprintf("%s is known only after apply, so it cannot be judged.", [attribute])
	remediation := "Write it without values of resources that do not exist yet."
	finding := lib.about(attribute, lib.finding("ACC-DOC-002", "high", r, msg, remediation))
}

# What the provider fills in where nobody has written anything; AWS's defaults let nobody else in.
computed := {
	"aws_iam_role": {"inline_policy", "managed_policy_arns"},
	"aws_opensearch_domain": {"access_policies"},
	"aws_elasticsearch_domain": {"access_policies"},
	"aws_s3_bucket": {"acl", "grant"},
	"aws_s3_object": {"acl"},
}

is_computed(r, attribute) if attribute in computed[r.type]

is_computed(r, "policy") if not endswith(r.type, "_policy")

# Nobody has written it: the configuration refers to no resource there. Without a configuration, the plan of something
# new tells by its other unknown attributes that it is the provider's.
filled_in(r, path) if {
	count(path) == 1
	is_computed(r, path[0])
	data.terraform.lib.has_configuration
	not [r.type, r.name, path[0]] in data.terraform.lib.referring
}

filled_in(r, path) if {
	count(path) == 1
	is_computed(r, path[0])
	not data.terraform.lib.has_configuration
	some sibling in ["arn", "id"]
	r.change.after_unknown[sibling] == true
}

# METADATA
# title: Patterns can be judged
# description: AWS takes no pattern of this length, and an engine could be exhausted by it.
# custom:
#   id: ACC-DOC-005
#   elsewhere: []
deny contains finding if {
	some s in lib.statements
	count(s.unreadable) > 0
	msg := "An action or resource is longer, or has more wildcards, than AWS takes, so it cannot be judged."
	remediation := "Write at most 1,024 characters and 64 wildcards."
	finding := lib.finding("ACC-DOC-005", "high", s.resource, msg, remediation)
}

deny contains finding if {
	some document in lib.documents
	some statement in lib.list(document.body.statement)
	not lib.effect(statement) in {"allow", "deny"}
	msg := "A statement says neither Allow nor Deny, so it cannot be judged."
	remediation := "Write each statement as a JSON object with an Effect."
	finding := lib.finding("ACC-DOC-003", "high", document.resource, msg, remediation)
}

allowed := [s |
	some s in lib.statements
	s.grants
]

# ---------------------------------------------------------------- public access

anyone(s) if {
	some principal in s.principals
	regex.match("^[*?]+$", principal.name)
}

# Condition keys that tie a request to somebody, and the operators that do so when the key is missing from the request.
ties := {
	"aws:principalaccount",
	"aws:principalarn",
	"aws:principalorgid",
	"aws:principalorgpaths",
	"aws:sourceaccount",
	"aws:sourcearn",
	"aws:sourceorgid",
	"aws:sourceowner",
	"aws:sourcevpc",
	"aws:sourcevpce",
	"kms:calleraccount",
}

exact := {
	"arnequals",
	"arnlike",
	"foranyvalue:stringequals",
	"foranyvalue:stringlike",
	"stringequals",
	"stringequalsignorecase",
	"stringlike",
}

tied(s) if {
	some condition in s.conditions
	condition.key in ties
	condition.operator in exact
	count(condition.values) > 0
	every value in condition.values {
		not loose(value)
	}
}

# A pattern that others can match. An ARN names its account; an S3 bucket's has none, then it names the bucket. Below
# an organisation (`o-1a2b/*`) a pattern may be.
loose(value) if {
	not startswith(value, "arn:")
	regex.match("^[^/]*[*?]", value)
}

loose(value) if {
	startswith(value, "arn:")
	not regex.match("^arn:[^:]*:[^:]*:[^:]*:[0-9]{12}:|^arn:[^:*?]*:s3:::[^*?/]+(/|$)", value)
}

deny contains finding if {
	some s in allowed
	anyone(s)
	not tied(s)
	msg := "A statement allows access to everybody."
	remediation := "Name the principals, or add a condition such as aws:SourceAccount or aws:PrincipalOrgID."
	finding := lib.finding("ACC-PUB-001", "critical", s.resource, msg, remediation)
}

switches := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

blocks := lib.of_type("aws_s3_bucket_public_access_block")

deny contains finding if {
	some r in blocks
	off := [name | some name in switches; not lib.value(r, name) == true]
	count(off) > 0
	msg := sprintf("Public access is not fully blocked: %s off, or known only after apply.", [concat(", ", off)])
	remediation := "Keep block_public_access = true."
	finding := lib.finding("ACC-PUB-002", "critical", r, msg, remediation)
}

deny contains finding if {
	some bucket in lib.buckets_without(blocks)
	msg := "The bucket has no public access block."
	remediation := "Add an aws_s3_bucket_public_access_block for it."
	finding := lib.finding("ACC-PUB-003", "critical", bucket, msg, remediation)
}

deny contains finding if {
	some r in lib.present
	r.type in {"aws_s3_bucket", "aws_s3_bucket_acl"}
	acl := lib.value(r, "acl")
	acl in {"public-read", "public-read-write", "authenticated-read"}
	msg := sprintf("The ACL %s opens the bucket to others.", [acl])
	remediation := "Leave ACLs off (object_ownership = \"BucketOwnerEnforced\")."
	finding := lib.finding("ACC-PUB-004", "critical", r, msg, remediation)
}

deny contains finding if {
	some r in lib.present
	r.type in {"aws_s3_bucket", "aws_s3_bucket_acl"}
	walk(r.change.after, [_, uri])
	is_string(uri)
	regex.match("/groups/global/(AllUsers|AuthenticatedUsers)$", uri)
	msg := sprintf("An ACL grant lets the group %s in.", [uri])
	remediation := "Leave ACLs off (object_ownership = \"BucketOwnerEnforced\")."
	finding := lib.finding("ACC-PUB-007", "critical", r, msg, remediation)
}

deny contains finding if {
	some r in lib.of_type("aws_lambda_function_url")
	not lib.value(r, "authorization_type") == "AWS_IAM"
	msg := "The function's URL can be called by everybody."
	remediation := "Set authorization_type = \"AWS_IAM\"."
	finding := lib.finding("ACC-PUB-005", "critical", r, msg, remediation)
}

deny contains finding if {
	some r in lib.of_type("aws_lambda_permission")
	lib.value(r, "principal") == "*"
	lib.blank(lib.value(r, "principal_org_id"))
	lib.blank(lib.value(r, "source_account"))
	msg := "Everybody may call the function."
	remediation := "Set source_account or principal_org_id, or name the principal."
	finding := lib.finding("ACC-PUB-006", "critical", r, msg, remediation)
}

# ---------------------------------------------------------------- other accounts

# Everybody that a statement lets in by name, and by account where a condition narrows "*" down.
let_in(s) := {principal.name |
	some principal in s.principals
	principal.kind in {"aws", "federated", "canonicaluser"}
	not regex.match("^[*?]+$", principal.name)
	not web_identity(principal)
} | {value |
	anyone(s)
	some condition in s.conditions
	condition.key in {"aws:principalaccount", "aws:principalarn", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount"}
	some value in condition.values
} | {value |
	anyone(s)
	some condition in s.conditions
	condition.key == "aws:sourcearn" # an S3 bucket's names no account: nothing can be said of it
	some value in condition.values
	lib.account(value) != ""
}

# Identity providers that belong to no account.
web_identity(principal) if {
	principal.kind == "federated"
	not startswith(principal.name, "arn:")
}

deny contains finding if {
	some s in allowed
	some name in let_in(s)
	lib.account(name) != ""
	not lib.trusted(name)
	msg := sprintf("A statement lets account %s in.", [lib.account(name)])
	remediation := "Use principals of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.finding("ACC-ACC-001", "high", s.resource, msg, remediation)
}

deny contains finding if {
	some s in allowed
	some name in let_in(s)
	lib.account(name) == ""
	msg := sprintf("A statement lets %q in, of which the account cannot be told.", [name])
	remediation := "Name the principal by an ARN with its account."
	finding := lib.finding("ACC-ACC-002", "high", s.resource, msg, remediation)
}

# Attributes by which a resource names somebody without a policy document.
partners := {
	"aws_kms_grant": ["grantee_principal", "retiring_principal"],
	"aws_lambda_permission": ["principal", "source_account"],
	"aws_sns_topic_subscription": ["endpoint"],
}

deny contains finding if {
	some r in lib.present
	some attribute in partners[r.type]
	name := lib.value(r, attribute)
	is_string(name)
	lib.account(name) != ""
	not lib.trusted(name)
	msg := sprintf("Its %s belongs to account %s.", [attribute, lib.account(name)])
	remediation := "Name something of this account, or have the account listed in settings.access.trusted_accounts."
	finding := lib.finding("ACC-ACC-003", "high", r, msg, remediation)
}

# ---------------------------------------------------------------- identity providers

# The provider whose tokens a statement accepts, as condition keys begin with it.
providers(s) := {name |
	some principal in s.principals
	principal.kind == "federated"
	name := provider(principal.name)
}

provider(name) := name if not startswith(name, "arn:")

provider(name) := split(name, ":oidc-provider/")[1] if startswith(name, "arn:")

# GitHub, Google and the like sign tokens for the whole world, so a statement has to say whose it accepts. `aud` tells
# one application from the others only where the provider gives each its own.
accepted(name) := {sprintf("%s:%s", [name, claim]) | some claim in ["aud", "app_id", "sub"]} if name in shared

accepted(name) := {sprintf("%s:sub", [name])} if not name in shared

shared := {"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}

narrowed(s, name) if {
	some condition in s.conditions
	condition.key in accepted(name)
	condition.operator in exact
	count(condition.values) > 0
	every value in condition.values {
		not regex.match("^([^:]*:)?[^:/]*[*?]", value) # `*`, `repo:*`, `repo:acme*/app`; `repo:acme/*` is one owner's
	}
}

deny contains finding if {
	some s in allowed
	some name in providers(s)
	not regex.match("^[*?]+$", name)
	not narrowed(s, name)
	msg := sprintf("Everybody with a token of %s is let in.", [name])
	remediation := sprintf("Add a condition on %s:sub that names whose tokens are accepted.", [name])
	finding := lib.finding("ACC-FED-001", "critical", s.resource, msg, remediation)
}
