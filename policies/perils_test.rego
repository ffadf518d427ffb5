# What counts as dangerous, of tables that are small enough to see.
package terraform.perils_test

import rego.v1

import data.terraform.perils

dangers := {
	"escalation": {"Lambda": ["UpdateFunctionCode"]},
	"guards": {"cloudtrail": ["StopLogging"]},
	"secrets": {"kms": ["Decrypt"]},
	"data": {"s3": ["GetObject"]},
	"harmless": {"s3": ["PutBucketNote"]},
}

catalogue := {
	"actions": {
		"s3": {"Permissions management": "PutBucketPolicy PutBucketNote", "Read": "GetObject"},
		"ec2": {"Permissions management": "", "Read": "DescribeVpcs"},
		"sts": {"Read": "GetCallerIdentity"},
	},
	"managed": {"ReadOnly": "", "Reader": "ACC-IAM-010", "Admin": "ACC-IAM-001", "Odd": "ACC-IAM-010 ACC-IAM-001"},
}

test_actions if {
	found := perils.actions with data.aws.dangers as dangers with data.aws.catalogue as catalogue
	found == {
		"cloudtrail:stoplogging", "iam:passrole", "kms:decrypt", "lambda:updatefunctioncode",
		"s3:getobject", "s3:putbucketpolicy",
	}
}

test_policies_of_readers if {
	found := perils.harmless_policies with data.aws.catalogue as catalogue
	found == {"arn:aws:iam::aws:policy/readonly", "arn:aws:iam::aws:policy/reader"}
}
