# Identities that outlive what they are for: IAM users, their keys and passwords, and what passwords have to be like.
package terraform.users

import rego.v1

import data.terraform.lib

# METADATA
# title: People and programs come in by roles
# description: >-
#   A user's keys and password work from anywhere until somebody remembers them; people have single sign-on, programs
#   roles, both for hours.
# custom:
#   id: ACC-USR-001
#   severity: medium
#   resources: [aws_iam_user]
#   elsewhere: [CKV_AWS_273]
#   bad: {aws_iam_user: {name: mailer}}
#   good: {aws_iam_role: {name: mailer}}
warn contains finding if {
	some r in lib.of_type("aws_iam_user")
	msg := "An IAM user is an identity for ever."
	remediation := "Use a role, or IAM Identity Center for people."
	finding := lib.finding("ACC-USR-001", "medium", r, msg, remediation)
}

# METADATA
# title: Rights come from roles and groups
# description: What is attached to single users nobody reviews as a whole, and it stays when somebody changes teams.
# custom:
#   id: ACC-USR-002
#   severity: low
#   resources: [aws_iam_user_policy, aws_iam_user_policy_attachment, aws_iam_policy_attachment]
#   elsewhere: [CKV_AWS_40, IAM.2, AVD-AWS-0143, iam_policy_attached_only_to_group_or_roles]
#   bad: {aws_iam_policy_attachment: {name: mail, users: [mailer], policy_arn: "arn:aws:iam::111111111111:policy/mail"}}
#   good: {aws_iam_policy_attachment: {name: mail, roles: [mailer], policy_arn: "arn:aws:iam::111111111111:policy/mail"}}
warn contains finding if {
	some r in lib.present
	for_users(r)
	msg := "A policy is attached to a user."
	remediation := "Attach it to a role, or to a group of users."
	finding := lib.finding("ACC-USR-002", "low", r, msg, remediation)
}

for_users(r) if r.type in {"aws_iam_user_policy", "aws_iam_user_policy_attachment"}

for_users(r) if {
	r.type == "aws_iam_policy_attachment"
	count(lib.list(lib.value(r, "users"))) > 0
}

for_users(r) if {
	r.type == "aws_iam_policy_attachment"
	lib.unknown(r, "users")
}

# METADATA
# title: No keys are made that stay
# description: >-
#   An access key lies in the state of Terraform, readable by everybody who may read that, and works until it is deleted.
# custom:
#   id: ACC-USR-003
#   severity: high
#   resources: [aws_iam_access_key]
#   elsewhere: [CKV_AWS_348]
#   bad: {aws_iam_access_key: {user: mailer}}
#   good: {aws_iam_role: {name: mailer}}
warn contains finding if {
	some r in lib.of_type("aws_iam_access_key")
	msg := "The key's secret would lie in Terraform's state, and the key would work for ever."
	remediation := "Use a role; a key that cannot be avoided is made outside Terraform, and rotated."
	finding := lib.finding("ACC-USR-003", "high", r, msg, remediation)
}

# METADATA
# title: Nobody signs in with a password of IAM
# description: It works without a second factor unless a policy says otherwise, and outlives the account of the person.
# custom:
#   id: ACC-USR-004
#   severity: medium
#   resources: [aws_iam_user_login_profile]
#   elsewhere: [CKV2_AWS_22]
#   bad: {aws_iam_user_login_profile: {user: ann}}
#   good: {aws_ssoadmin_account_assignment: {target_id: "111111111111", principal_type: GROUP}}
warn contains finding if {
	some r in lib.of_type("aws_iam_user_login_profile")
	msg := "A user could sign in to the console with a password."
	remediation := "Let people come in by IAM Identity Center."
	finding := lib.finding("ACC-USR-004", "medium", r, msg, remediation)
}

# What the password policy of an account has to be at least.
strong := {
	"minimum_password_length": 14,
	"password_reuse_prevention": 24,
	"require_lowercase_characters": true,
	"require_numbers": true,
	"require_symbols": true,
	"require_uppercase_characters": true,
}

# METADATA
# title: Passwords are strong
# description: The account's policy holds for every user that there ever is; short and reused passwords are guessed.
# custom:
#   id: ACC-USR-005
#   severity: medium
#   resources: [aws_iam_account_password_policy]
#   elsewhere: [CKV_AWS_10, CKV_AWS_11, CKV_AWS_12, CKV_AWS_13, CKV_AWS_14, CKV_AWS_15, IAM.7, AVD-AWS-0056, AVD-AWS-0058,
#     AVD-AWS-0059, AVD-AWS-0060, AVD-AWS-0061, AVD-AWS-0063, iam_password_policy_lowercase,
#     iam_password_policy_minimum_length_14, iam_password_policy_number, iam_password_policy_reuse_24,
#     iam_password_policy_symbol, iam_password_policy_uppercase]
#   value: the attribute
#   bad: {aws_iam_account_password_policy: {minimum_password_length: 8, password_reuse_prevention: 24,
#     require_lowercase_characters: true, require_numbers: true, require_symbols: true, require_uppercase_characters: true}}
#   good: {aws_iam_account_password_policy: {minimum_password_length: 14, password_reuse_prevention: 24,
#     require_lowercase_characters: true, require_numbers: true, require_symbols: true, require_uppercase_characters: true}}
warn contains finding if {
	some r in lib.of_type("aws_iam_account_password_policy")
	some attribute, least in strong
	not enough(lib.value(r, attribute), least)
	msg := sprintf("Passwords may be weak: %s is not %v, or known only after apply.", [attribute, least])
	remediation := sprintf("Set %s = %v.", [attribute, least])
	finding := lib.about(attribute, lib.finding("ACC-USR-005", "medium", r, msg, remediation))
}

enough(found, least) if found == least

enough(found, least) if {
	is_number(least)
	is_number(found)
	# mutant: found >= least → found > least – what is equal is enough by the definition above
	found >= least
}
