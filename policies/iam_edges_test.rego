# Patterns, actions and conditions at their edges.
package terraform.iam_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.iam

# Everything in the plan that one statement allows.
plan(action, resource) := fixtures.plan([fixtures.document(
	"aws_iam_role_policy", "policy",
	{"Effect": "Allow", "Action": action, "Resource": resource},
)])

sweeps(action, resource) if {
	some pair in iam.sweeping with input as plan(action, resource)
	pair[1] == lower(resource)
}

test_names_of_actions if {
	iam.name_of("s3:getobject") == "getobject"
	iam.name_of("s3:a:b") == "a:b"
	iam.name_of("getobject") == ""
}

test_broad if {
	iam.broad("s3:*")
	iam.broad("s?:get")
	not iam.broad("a:b:*")
}

test_dangers_that_are_there if {
	object.keys(iam.listed("s3:getobject")) == {"data"}
	iam.listed("s3:listbucket") == {}
	iam.managing("cloudsearch:updateserviceaccesspolicies") == ["cloudsearch:UpdateServiceAccessPolicies"]
}

test_other_services_resources if {
	sweeps("s3:*", "arn:aws:s3:::*")
	not sweeps("s3:*", "arn:aws:dynamodb:us-east-1:111111111111:table/*")
	not sweeps("events:*", "arn:aws:events:us-east-1:111111111111:target/stop-instance")
	sweeps("sqs:*", "arn:aws:sqs::111111111111:*")
}

test_patterns_that_match_a_part_only if {
	not sweeps("s3:*", "s3*")
	not sweeps("s3:*", "*x")
	not sweeps("s3:*", "arn:aws:s3:::ab*qxzj")
	not sweeps("ec2:*", "arn:aws:ec2:us-east-1:111111111111:vpc/vpc-*j")
}

test_wide_whatever_the_service if {
	iam.wide("*", "nosuch")
	iam.wide("*:?*", "nosuch")
	not iam.wide("*abc", "nosuch")
	not iam.wide("abc*", "nosuch")
}

test_segments if {
	every row in [[1, "aws"], [1, "*"], [3, "us-east-1"], [4, "111111111111"], [4, "~"]] {
		iam.segment(row[0], row[1]) == "*"
	}
	every row in [[0, "aws"], [1, "1aws"], [1, "aws1"], [1, ""], [3, "_a"], [3, "a_"], [3, ""], [4, "a1"], [4, "1a"], [4, ""], [5, "1"]] {
		iam.segment(row[0], row[1]) == row[1]
	}
}

narrowed(operator, key, values) if iam.narrowed({"conditions": [{"operator": operator, "key": key, "values": values}]})

test_operators_that_narrow if {
	every operator in [
		"arnequals", "arnlike", "foranyvalue:arnequals", "foranyvalue:arnlike", "foranyvalue:stringequals",
		"foranyvalue:stringequalsignorecase", "foranyvalue:stringlike", "stringequals", "stringequalsignorecase", "stringlike",
	] {
		narrowed(operator, "ecs:cluster", ["a"])
	}
	every operator in ["stringnotequals", "stringequalsifexists", "forallvalues:stringequals", "null", "bool"] {
		not narrowed(operator, "ecs:cluster", ["a"])
	}
}

test_keys_that_narrow if {
	every key in [
		"cloudwatch:namespace", "dynamodb:leadingkeys", "ec2:resourcetag", "ecs:cluster", "iam:associatedresourcearn",
		"iam:permissionsboundary", "iam:policyarn", "kms:resourcealiases", "kms:viaservice", "lambda:functionarn",
		"s3:dataaccesspointarn", "secretsmanager:secretid", "aws:resourcetag/team", "s3:existingobjecttag/team",
		"kms:encryptioncontext:team",
	] {
		narrowed("stringequals", key, ["a.example"])
	}
	narrowed("stringlike", "iam:passedtoservice", ["a.*"])
	not narrowed("stringlike", "iam:passedtoservice", ["a*"])
	not narrowed("stringlike", "iam:passedtoservice", ["a"])
	every key in ["aws:requestedregion", "a_b:resourcetag/x", "aws:resourcetag"] {
		not narrowed("stringequals", key, ["a"])
	}
}

test_values_that_narrow if {
	narrowed("stringlike", "aws:resourcetag/team", ["a*"])
	narrowed("stringlike", "aws:resourcetag/team", ["aws:resourcetag/team"])
	narrowed("stringlike", "aws:resourcetag/team", ["${aws:principaltag/team}"])
	not narrowed("stringlike", "aws:resourcetag/team", ["${aws:resourcetag/team}"])
	not narrowed("stringlike", "aws:resourcetag/team", ["a", "*"])
	not narrowed("stringlike", "aws:resourcetag/team", ["?", "a"])
	not narrowed("stringlike", "aws:resourcetag/team", [])
}

test_services_that_narrow_are_written_out if {
	not narrowed("stringlike", "iam:passedtoservice", ["l*a.amazonaws.com"])
	not narrowed("stringlike", "iam:passedtoservice", ["lambda.amazonaws.com", "l?mbda.amazonaws.com"])
	narrowed("stringlike", "kms:viaservice", ["s3.*.amazonaws.com"])
	not narrowed("stringlike", "kms:viaservice", ["s*.us-east-1.amazonaws.com"])
}

test_policies_of_awss_narrow_nothing if {
	every key in ["iam:permissionsboundary", "iam:policyarn"] {
		narrowed("arnequals", key, ["arn:aws:iam::111111111111:policy/app"])
		not narrowed("arnequals", key, ["arn:aws:iam::aws:policy/administratoraccess"])
		narrowed("arnequals", key, ["xarn:aws:iam::aws:policy/administratoraccess"])
	}
}

test_names_that_no_deny_takes_back if {
	names := ["iam:PassRole", "s3:GetObject"]
	iam.left({"denied": []}, names) == names
	iam.left({"denied": [{"actions": ["iam:*"], "except": ["*"]}]}, names) == ["s3:GetObject"]
	iam.left({"denied": [{"actions": [], "except": ["s3:*"]}]}, names) == ["s3:GetObject"]
	iam.left({"denied": [{"actions": ["*"], "except": ["*"]}]}, names) == []
}

unknown(action) if iam.unknown_action(lower(action)) with input as plan(action, "*")

test_spelling if {
	every action in ["s3:GetObject", "s3:Get*", "xray:BatchGetTraces", "xray:UpdateTraceSegmentDestination", "s?:Xyz", "*"] {
		not unknown(action)
	}
	every action in ["nosuch:Get", "s3:Xy*", "s3:etObject", "s3:GetObjec"] {
		unknown(action)
	}
}

suggestion(action) := text if {
	text := iam.suggestion(action) with input as plan(action, "*")
}

test_suggestions if {
	suggestion("s3:getobjct") == ", for example to s3:getobject"
	suggestion("s3:getobjecttaggin") == ", for example to s3:getobjecttagging"
	suggestion("s3:getxbject") != ""
	suggestion("xray:lin") == ", for example to xray:link"
	every action in ["s3:gexobject", "s3:getzzzz", "xray:create", "nosuch:get"] {
		suggestion(action) == ""
	}
}

test_pairs_of_letters if {
	iam.pairs("abcd") == {"ab", "bc", "cd"}
	iam.pairs("ab") == {"ab"}
	iam.pairs("a") == {"a"}
}
