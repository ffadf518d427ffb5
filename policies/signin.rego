# Who comes in from outside: by providers nobody knows, as a guest, or by a condition that is wide although it names an
# owner. What lets everybody in is denied elsewhere (ACC-FED-001); this is for people to look at.
package terraform.signin

import rego.v1

import data.terraform.lib

# Trust in identity providers: statement and provider, as condition keys begin with it.
trusted contains [s, name] if {
	some s in lib.statements
	s.grants
	some name in data.terraform.deputies.providers(s)
}

# Providers whose tokens say whose they are in a form that our rules know.
known(name) if data.terraform.deputies.subjects[data.terraform.deputies.name_of(name)]

known(name) if name in data.terraform.deputies.shared

known(name) if name in {lower(own) | some own in data.settings.access.trusted_providers}

known(name) if regex.match(`^(api[.]bitbucket[.]org/2[.]0/workspaces/|oidc[.]circleci[.]com/org/)[^/*?]+`, name)

# METADATA
# title: Identity providers that nobody knows are seen
# description: Whoever runs the provider signs in as whomever the role names.
# custom:
#   id: ACC-FED-002
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the provider
#   bad: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/login.example.com"},
#     Condition: {StringEquals: {"login.example.com:sub": ann}}}]}}}
#   good: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
#     Condition: {StringEquals: {"token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}}}]}}}
warn contains finding if {
	some [s, name] in trusted
	not known(name)
	msg := sprintf("Tokens of %s are accepted, which is not listed as ours.", [name])
	remediation := "See who runs it, and list it in settings.access.trusted_providers."
	finding := lib.about(name, lib.finding("ACC-FED-002", "medium", s.resource, msg, remediation))
}

guests := "cognito-identity.amazonaws.com"

# METADATA
# title: Roles for guests are seen
# description: Whoever finds the id of the pool gets the role's credentials, without signing in.
# custom:
#   id: ACC-FED-003
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   value: the provider
#   bad: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: cognito-identity.amazonaws.com},
#     Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": "us-east-1:1"}}}]}}}
#   good: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: cognito-identity.amazonaws.com},
#     Condition: {StringEquals: {"cognito-identity.amazonaws.com:aud": "us-east-1:1"},
#     "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": authenticated}}}]}}}
warn contains finding if {
	some [s, name] in trusted
	name == guests
	not signed_in(s)
	msg := "Guests of the identity pool get this role, if the pool lets guests in."
	remediation := "Add ForAnyValue:StringLike on cognito-identity.amazonaws.com:amr with authenticated."
	finding := lib.about(guests, lib.finding("ACC-FED-003", "medium", s.resource, msg, remediation))
}

signed_in(s) if {
	some condition in s.conditions
	condition.key == "cognito-identity.amazonaws.com:amr"
	condition.operator in data.terraform.iam.exact
	count(condition.values) > 0
	every value in condition.values {
		value != "unauthenticated"
		not regex.match(`[*?]`, value)
	}
}

# METADATA
# title: Trust in everything of an owner is seen
# description: Whoever may create a repository or project there, or write to the least of them, gets the role.
# custom:
#   id: ACC-FED-004
#   severity: medium
#   resources: ["*"]
#   elsewhere: [CKV_AWS_358]
#   value: the subject
#   bad: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
#     Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}}]}}}
#   good: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithWebIdentity",
#     Principal: {Federated: "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"},
#     Condition: {StringLike: {"token.actions.githubusercontent.com:sub": "repo:acme/app:*"}}}]}}}
warn contains finding if {
	some [s, name] in trusted
	some condition in s.conditions
	condition.key == sprintf("%s:sub", [name])
	some value in condition.values
	regex.match(`(^|:)(repo(sitory)?|project_path):[^:/*?]+/[*?]|^organization:[^:*?]+:(project:)?[*?]`, value)
	msg := sprintf("Everything that fits %s gets the role.", [value])
	remediation := "Name the repository or project, and the branch or environment."
	finding := lib.about(value, lib.finding("ACC-FED-004", "medium", s.resource, msg, remediation))
}

# METADATA
# title: Certificates say whose they are
# description: Every certificate of every trust anchor in the account gets the role otherwise.
# custom:
#   id: ACC-FED-005
#   severity: medium
#   resources: ["*"]
#   elsewhere: []
#   bad: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRole",
#     Principal: {Service: rolesanywhere.amazonaws.com}}]}}}
#   good: {aws_iam_role: {assume_role_policy: {Statement: [{Effect: Allow, Action: "sts:AssumeRole",
#     Principal: {Service: rolesanywhere.amazonaws.com},
#     Condition: {ArnEquals: {"aws:SourceArn": "arn:aws:rolesanywhere:us-east-1:111111111111:trust-anchor/1"}}}]}}}
warn contains finding if {
	some s in lib.statements
	s.grants
	some principal in s.principals
	principal.name == "rolesanywhere.amazonaws.com"
	count([condition | some condition in s.conditions; narrows(condition)]) == 0
	msg := "Every certificate of every trust anchor of the account gets this role."
	remediation := "Add aws:SourceArn with the trust anchor, or aws:PrincipalTag/x509Subject/CN."
	finding := lib.finding("ACC-FED-005", "medium", s.resource, msg, remediation)
}

narrows(condition) if {
	regex.match(`^aws:(sourcearn$|principaltag/x509)`, condition.key)
	condition.operator in data.terraform.iam.exact
	every value in condition.values {
		not regex.match(`^[*?]|:(trust[a-z-]*/?)?[*?]+$`, value)
	}
}

ways_in := {"aws_iam_saml_provider", "aws_rolesanywhere_trust_anchor", "aws_ssoadmin_trusted_token_issuer"}

# METADATA
# title: New ways to sign in are seen
# description: Whoever runs the provider or holds the certificate authority comes in as whomever roles name.
# custom:
#   id: ACC-FED-006
#   severity: medium
#   resources: [aws_iam_openid_connect_provider, aws_iam_saml_provider, aws_rolesanywhere_trust_anchor]
#   elsewhere: []
#   value: the provider, or the type of the resource
#   bad: {aws_iam_openid_connect_provider: {url: "https://login.example.com", client_id_list: [app]}}
#   good: {aws_iam_openid_connect_provider: {url: "https://token.actions.githubusercontent.com", client_id_list: [sts.amazonaws.com]}}
warn contains finding if {
	some [r, what] in new_ways
	lib.creates(r)
	msg := sprintf("It lets people or programs sign in from outside: %s.", [what])
	remediation := "See who runs it; providers can be listed in settings.access.trusted_providers."
	finding := lib.about(what, lib.finding("ACC-FED-006", "medium", r, msg, remediation))
}

new_ways contains [r, kind] if {
	some kind in ways_in
	some r in lib.of_type(kind)
}

new_ways contains [r, name] if {
	some r in lib.of_type("aws_iam_openid_connect_provider")
	name := regex.replace(lower(sprintf("%v", [lib.value(r, "url")])), `^https://|/$`, "")
	not known(name)
}
