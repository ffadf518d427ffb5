package terraform.grants_test

import rego.v1

import data.terraform.fixtures
import data.terraform.grants

denied(change) := found if {
	found := fixtures.ids(grants.deny) with input as fixtures.plan([change])
}

warned(change) := found if {
	found := fixtures.ids(grants.warn) with input as fixtures.plan([change])
}

iam(statement) := denied(fixtures.document("aws_iam_role_policy", "policy", statement))

allow(extra) := object.union({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}, extra)

may(action, resource) := iam({"Effect": "Allow", "Action": action, "Resource": resource})

# ---------------------------------------------------------------- documents, however they are written

test_document_in_a_block if {
	body := json.marshal({"Statement": allow({"Action": "*"})})
	denied(fixtures.create("aws_any", {"block": [{"deeper": {"text": body}}]})) == {"ACC-IAM-001"}
}

test_escaped_keys_are_read if {
	text := `{"\u0053tatement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	denied(fixtures.create("aws_iam_policy", {"policy": text})) == {"ACC-IAM-001"}
}

test_keys_in_any_case if iam({"effect": "allow", "ACTION": "*", "resource": "*"}) == {"ACC-IAM-001"}

test_inline_policies_of_a_role if {
	body := json.marshal({"Statement": allow({"Action": "*"})})
	role := fixtures.create("aws_iam_role", {"inline_policy": [{"name": "all", "policy": body}, {"name": "none", "policy": null}]})
	denied(role) == {"ACC-IAM-001"}
}

# ---------------------------------------------------------------- everything, and whole services

test_narrow_policy if may(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::data-lake", "arn:aws:s3:::data-lake/*"]) == set()

test_every_action if {
	may("*", "*") == {"ACC-IAM-001"}
	may("*:*", "*") == {"ACC-IAM-001"}
	iam([allow({"Action": ["s3:GetObject", "**"], "Resource": "arn:aws:s3:::x"})]) == {"ACC-IAM-001"}
}

test_whole_service_everywhere if {
	may("s3:*", "*") == {"ACC-IAM-002"}
	may("S3:*", ["arn:aws:s3:::x", "*"]) == {"ACC-IAM-002"}
	may("ia*:Get*", "arn:aws:*:*:*:*") == set() # reads what is no secret
	may("ia*:*Policy", "arn:aws:*:*:*:*") == {"ACC-IAM-002"}
	may("*:*Role*", "arn:aws:iam::111111111111:role/*") == {"ACC-IAM-002"}
	may("s3:*", "arn:*") == {"ACC-IAM-002"}
	may("s3:*", "arn:aws:s3:*") == {"ACC-IAM-002"}
	may("s3:*", ["arn:aws:s3:::*/*"]) == {"ACC-IAM-002"}
	may("dynamodb:*", "arn:aws-cn:dynamodb:cn-north-1:111111111111:table/*") == {"ACC-IAM-002"}
	may("logs:*", "arn:aws:logs:us-east-1:111111111111:*") == {"ACC-IAM-002"}
}

test_whole_service_on_one_resource if {
	may("s3:*", ["arn:aws:s3:::data-lake/*", "arn:aws:s3:::role/*", "arn:*:s3:::data-lake"]) == set()
	may("dynamodb:*", "arn:aws:dynamodb:us-east-1:111111111111:table/orders*") == set()
	may("s3:*", "arn:aws:s3:::acme-*") == set()
	may("s3:*", "arn:aws:s3:::acme-${aws:PrincipalTag/team}/*") == set()
}

test_whole_service_without_dangers if {
	may("xray:*", "*") == set()
	may("polly:*", "*") == set()
}

test_whole_service_that_nobody_knows if {
	may("nosuch:*", "*") == {"ACC-IAM-013"}
	may("nosuch:*", "arn:aws:nosuch:us-east-1:111111111111:thing/one") == set()
}

test_deny_may_be_broad if iam({"Effect": "Deny", "Action": "*", "Resource": "*"}) == set()

test_everything_except if {
	iam({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}) == {"ACC-IAM-004"}
	iam({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x"}) == {"ACC-IAM-004"}
	except := {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "NotPrincipal": {"AWS": "x"}}
	denied(fixtures.document("aws_sqs_queue", "policy", except)) == {"ACC-IAM-004"}
	iam({"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}) == set()
}

# ---------------------------------------------------------------- how far a resource reaches

everywhere := [
	"*", "**", "a*", "arn:*", "arn:aws:iam::*", "arn:aws:iam:*", "arn:aws:iam::111111111111:role*", "arn:aws:iam::1*",
	"*:role/*", "*role*", "arn:aws:iam::111111111111:*o*", "arn:aws:iam::*:role/*", "arn:aws-us-gov:iam::222222222222:role/*",
	"arn:aws:iam::????????????:role/*", "arn:aws:iam::11111111111?:r*", "arn:*:iam::*:role/a*", "arn:aws:iam::${aws:PrincipalAccount}:role/*",
	"ARN:AWS:IAM::111111111111:ROLE/*", "arn:aws:iam::111111111111:role/????????", "arn:aws:iam::111111111111:role/*/*",
	"arn:aws:iam::111111111111:role/${aws:PrincipalTag/x, '*'}", "*:*:*:*:*:*",
]

test_patterns_that_reach_every_role if {
	every resource in everywhere {
		may("iam:AttachRolePolicy", resource) == {"ACC-IAM-007"}
	}
}

somewhere := [
	"arn:aws:iam::111111111111:role/reader", "arn:aws:iam::111111111111:role/build/*", "arn:aws:iam::*:role/build-*",
	"arn:aws:iam::111111111111:user/${aws:username}", "arn:aws:iam::111111111111:role/*-deploy", "", "arn:aws:iam::111111111111:role/(*", "[*",
]

test_what_ids_of_a_kind_begin_with_names_nothing if {
	may("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/mrk-*") == {"ACC-IAM-009"}
	may("ssm:SendCommand", "arn:aws:ec2:us-east-1:111111111111:instance/i-*") == {"ACC-IAM-007"}
	may("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/????????-????-????-????-????????????") == {"ACC-IAM-009"}
}

test_patterns_that_reach_few_roles if {
	every resource in somewhere {
		may("iam:AttachRolePolicy", resource) == set()
	}
}

# ---------------------------------------------------------------- dangers

test_pass_role if {
	may("iam:PassRole", "*") == {"ACC-IAM-005"}
	may("iam:PassRol?", "arn:aws:iam::111111111111:role/*") == {"ACC-IAM-005"}
	may("iam:Pass*", "*") == {"ACC-IAM-005"}
	may("iam:PassRole", "arn:aws:iam::111111111111:role/reader") == set()
}

passing(service, more) := iam([
	allow({"Action": "iam:PassRole", "Condition": {"StringEquals": {"iam:PassedToService": service}}}),
	allow(more),
])

test_pass_role_to_one_service if {
	passing("lambda.amazonaws.com", {}) == set()
	passing("*", {}) == {"ACC-IAM-005"}
	passing("lambda.amazonaws.com", {"Action": "lambda:CreateFunction"}) == {"ACC-IAM-012"}
	passing(["glue.amazonaws.com", "ec2.amazonaws.com"], {"Action": "ec2:Run*"}) == {"ACC-IAM-012"}
	passing("lambda.amazonaws.com", {"Action": "ec2:RunInstances"}) == set()
}

test_rights_that_give_any_right if {
	dangers := [
		"iam:CreatePolicyVersion", "lambda:UpdateFunctionCode", "LAMBDA:updatefunctioncode", "glue:UpdateJob", "ssm:SendCommand",
		"cloudformation:UpdateStack", "ecs:ExecuteCommand", "ec2:ModifyInstanceAttribute", "codebuild:UpdateProject",
		"sagemaker:CreatePresignedNotebookInstanceUrl", "datapipeline:PutPipelineDefinition", "sso:CreateAccountAssignment",
		"iam:DeactivateMFADevice", "iam:CreateOpenIDConnectProvider", "sts:AssumeRoot", "sts:AssumeRol?",
		"eks:CreateAccessEntry", "cognito-identity:SetIdentityPoolRoles", "ec2-instance-connect:Send*",
	]
	every action in dangers {
		may(action, "*") == {"ACC-IAM-007"}
	}
	may("sts:AssumeRole", "arn:aws:iam::111111111111:role/reader") == set()
	may(["iam:Get*", "iam:ListRoles", "ec2:Describe*"], "*") == set()
}

test_permissions_management if {
	may("acm-pca:PutPolicy", "*") == {"ACC-IAM-008"}
	may("glacier:SetVault*", "*") == {"ACC-IAM-008"}
	may("acm-pca:PutPolicy", "arn:aws:acm-pca:us-east-1:111111111111:certificate-authority/x") == set()
	may("sns:CreateTopic", "*") == set() # AWS lists it there, and it opens nothing
}

test_secrets if {
	may("kms:Decrypt", "*") == {"ACC-IAM-009"}
	may("kms:Dec*", "arn:aws:kms:us-east-1:111111111111:key/*") == {"ACC-IAM-009"}
	may("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*") == {"ACC-IAM-009"}
	may("ssm:GetParameter*", "*") == {"ACC-IAM-009"}
	may("kms:Decrypt", "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab") == set()
	may("ssm:GetParameter", "arn:aws:ssm:us-east-1:111111111111:parameter/app/*") == set()
	may("kms:Encrypt", "*") == set()
	via := {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
	iam(allow({"Action": "kms:Decrypt", "Condition": via})) == set()
}

test_data if {
	may("s3:GetObject", "*") == {"ACC-IAM-010"}
	may("s3:Get*", "arn:aws:s3:::*/*") == {"ACC-IAM-010"}
	may(["dynamodb:Scan", "dynamodb:Query"], "arn:aws:dynamodb:*:111111111111:table/*") == {"ACC-IAM-010"}
	may(["dynamodb:Scan", "dynamodb:Query"], "arn:aws:dynamodb:us-east-1:111111111111:table/orders/index/*") == set()
	may("s3:ListAllMyBuckets", "*") == set()
}

test_guards if {
	guards := [
		"cloudtrail:StopLogging", "iam:DeleteRolePermissionsBoundary", "s3:PutAccountPublicAccessBlock", "kms:PutKeyPolicy",
		"kms:CreateGrant", "logs:DeleteLogGroup", "guardduty:DeleteDetector", "config:Stop*", "organizations:LeaveOrganization",
	]
	every action in guards {
		may(action, "*") == {"ACC-IAM-011"}
	}
	may("logs:DeleteLogGroup", "arn:aws:logs:us-east-1:111111111111:log-group:/app/*") == set()
}

test_patterns_are_what_they_grant if {
	may("iam:D*", "*") == {"ACC-IAM-007", "ACC-IAM-008", "ACC-IAM-011"}
	may("lambda:U*", "*") == {"ACC-IAM-007", "ACC-IAM-011"}
	may("ssm:S*", "*") == {"ACC-IAM-007"}
	may("s3:*Object", "*") == {"ACC-IAM-010"}
}

test_what_is_no_pattern_is_no_expression if {
	may("iam:[", "*") == set()
	may("iam:(?i)passrole", "*") == set()
	may(["iam:\\", "iam:Pass|Role", "iam:{a,b}*", "iam:é*", ":", "", "iam"], "*") == set()
	may("+*:^$*", "*") == {"ACC-IAM-013"}
	may("iam:Pass\nRole", "*") == set()
}

test_conditions_that_say_which if {
	team := {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
	iam(allow({"Action": "dynamodb:*", "Condition": team})) == set()
	iam(allow({"Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:ResourceTag/env": "dev"}}})) == set()
	iam(allow({"Action": "cloudwatch:*", "Condition": {"StringEquals": {"cloudwatch:namespace": "App"}}})) == set()
}

test_conditions_that_do_not if {
	none := [
		{"StringEquals": {"aws:ResourceTag/team": "${aws:ResourceTag/team}"}},
		{"StringLike": {"aws:ResourceTag/team": "*"}},
		{"StringNotEquals": {"aws:ResourceTag/team": "x"}},
		{"StringEqualsIfExists": {"aws:ResourceTag/team": "x"}},
		{"ForAllValues:StringEquals": {"aws:ResourceTag/team": "x"}},
		{"Bool": {"aws:MultiFactorAuthPresent": "true"}},
		{"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
		{"StringEquals": {"aws:ResourceTag/team": []}},
		{"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}},
	]
	every condition in none {
		iam(allow({"Action": "sts:AssumeRole", "Condition": condition})) == {"ACC-IAM-007"}
	}
}

test_documents_that_grant_nothing if {
	scp := {"content": json.marshal({"Statement": allow({"Action": "*"})})}
	denied(fixtures.create("aws_organizations_policy", scp)) == set()
	boundary := fixtures.create("aws_iam_policy", {"name": "outer", "policy": json.marshal({"Statement": allow({"Action": "*"})})})
	denied(boundary) == {"ACC-IAM-001"}
	fixtures.ids(grants.deny) == set() with input as fixtures.plan([boundary])
		with data.settings.access.boundaries as ["outer"]
	attachment := fixtures.create("aws_iam_role_policy_attachment", {"policy_arn": "arn:aws:iam::111111111111:policy/outer"})
	fixtures.ids(grants.deny) == {"ACC-IAM-019"} with input as fixtures.plan([attachment])
		with data.settings.access.boundaries as ["outer"]
}

# ---------------------------------------------------------------- spelling

test_actions_that_aws_does_not_have if {
	typo := fixtures.document("aws_iam_role_policy", "policy", allow({"Action": "s3:GetObjct"}))
	warned(typo) == {"ACC-IAM-014"}
	found := grants.warn with input as fixtures.plan([typo])
	some finding in found
	finding.remediation == "Correct it, for example to s3:getobject."
	warned(fixtures.document("aws_iam_role_policy", "policy", allow({"Action": ["nosuch:Get", "s3:Xy*"]}))) == {"ACC-IAM-014"}
	warned(fixtures.document("aws_iam_role_policy", "policy", allow({"Action": ["s3:GetObject", "S3:get*", "*"]}))) == set()
}

# ---------------------------------------------------------------- managed policies

attach(name) := fixtures.create("aws_iam_role_policy_attachment", {"policy_arn": sprintf("arn:aws:iam::aws:policy/%s", [name])})

test_managed_policies if {
	denied(attach("AdministratorAccess")) == {"ACC-IAM-003", "ACC-IAM-017"}
	denied(attach("AmazonSSMFullAccess")) == {"ACC-IAM-003"}
	denied(attach("job-function/SystemAdministrator")) == {"ACC-IAM-003"}
	denied(fixtures.create("aws_iam_role", {"managed_policy_arns": ["arn:aws:iam::aws:policy/IAMFullAccess"]})) == {"ACC-IAM-003", "ACC-IAM-017"}
	denied(fixtures.create("aws_iam_user_policy_attachment", {"policy_arn": "arn:aws-cn:iam::aws:policy/AWSLambda_FullAccess"})) == {"ACC-IAM-003"}
	denied(attach("ReadOnlyAccess")) == set()
	denied(attach("service-role/AWSLambdaBasicExecutionRole")) == set()
	warned(attach("service-role/AWSLambdaBasicExecutionRole")) == set()
}

test_managed_policies_to_be_warned_of if {
	warned(attach("ReadOnlyAccess")) == {"ACC-IAM-015", "ACC-IAM-018"}
	warned(attach("NoSuchPolicy")) == {"ACC-IAM-016"}
	warned(attach("AmazonSSMManagedInstanceCore")) == {"ACC-IAM-018"}
}

# ---------------------------------------------------------------- a Deny beside it

beside(action, deny) := iam([{"Effect": "Allow", "Action": action, "Resource": "*"}, object.union({"Effect": "Deny", "Resource": "*"}, deny)])

test_what_a_deny_surely_takes_back if {
	beside("s3:GetObject", {"Action": "s3:GetObject"}) == set()
	beside("s3:GetObject", {"Action": ["s3:*"]}) == set()
	beside("iam:Pass*", {"Action": "iam:*"}) == set()
	beside("kms:*", {"Action": "kms:*"}) == set()
	beside("*", {"Action": "*"}) == set()
	beside("kms:Decrypt", {"NotAction": "s3:*"}) == set()
}

test_what_a_deny_leaves if {
	beside("s3:GetObject", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}) == {"ACC-IAM-010"}
	beside("s3:GetObject", {"Action": "s3:GetObject", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}) == {"ACC-IAM-010"}
	beside("s3:Get*", {"Action": "s3:Get?"}) == {"ACC-IAM-010"}
	beside("iam:PassRole", {"NotAction": ["iam:Pass*"]}) == {"ACC-IAM-005"}
	beside("*", {"Action": "iam:*"}) == {"ACC-IAM-001"}
	beside("kms:Decrypt", {"Action": "kms:Decrypt", "Principal": "*"}) == {"ACC-IAM-009"}
}

test_conditions_that_are_open_for_all if {
	narrow("iam:AttachRolePolicy", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/CloudFrontReadOnlyAccess"}}) == set()
	narrow("iam:AttachRolePolicy", {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"}}) == {"ACC-IAM-007"}
	narrow("iam:AttachRolePolicy", {"ArnLike": {"iam:PolicyARN": "arn:aws:iam::*:policy/*"}}) == {"ACC-IAM-007"}
	narrow("kms:Decrypt", {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}}) == {"ACC-IAM-009"}
	narrow("kms:Decrypt", {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/app"}}) == set()
	narrow("iam:PassRole", {"StringLike": {"iam:PassedToService": "l*"}}) == {"ACC-IAM-005"}
	narrow("iam:PutRolePolicy", {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}}) == {"ACC-IAM-007"}
}

narrow(action, condition) := iam({"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition})

test_a_deny_that_spares_what_nobody_can_tell if {
	every spared in [null, [], [["sqs:SendMessage"]], ["sqs:SendMessage", null]] {
		beside("*", {"NotAction": spared}) == {"ACC-IAM-001"}
		beside("iam:CreateAccessKey", {"NotAction": spared}) == {"ACC-IAM-007"}
	}
}

test_patterns_that_narrow_nothing if {
	narrow("kms:Decrypt", {"StringLike": {"kms:ViaService": "s*"}}) == {"ACC-IAM-009"}
	narrow("kms:Decrypt", {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}) == set()
	narrow("kms:Decrypt", {"StringLike": {"kms:ResourceAliases": "alias*"}}) == {"ACC-IAM-009"}
	narrow("kms:Decrypt", {"StringLike": {"kms:ResourceAliases": "a*"}}) == {"ACC-IAM-009"}
	narrow("kms:Decrypt", {"StringLike": {"kms:ResourceAliases": "alias/app*"}}) == set()
	narrow("iam:CreateAccessKey", {"StringLike": {"aws:ResourceTag/x": "${aws:PrincipalTag/x, '*'}"}}) == {"ACC-IAM-007"}
	narrow("iam:CreateAccessKey", {"StringLike": {"aws:ResourceTag/x": "${aws:PrincipalTag/x, 'none'}"}}) == set()
}
