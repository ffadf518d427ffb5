# What counts as a statement against plain HTTP, and what it leaves out, at the edges.
package terraform.transport_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.lib
import data.terraform.transport

condition(operator, key, values) := {"operator": operator, "key": key, "values": values}

is_operators := [
	"bool", "boolifexists", "foranyvalue:bool", "forallvalues:bool",
	"stringequals", "stringequalsignorecase", "stringlike", "stringlikeifexists",
]

not_operators := [
	"stringnotequals", "stringnotequalsignorecase", "stringnotlike",
	"stringnotequalsifexists", "forallvalues:stringnotequals",
]

other_operators := ["stringforanyvalue:equals", "null", "arnequals", "numericlessthanifexists"]

test_operators_that_single_out_plain_http if {
	every operator in is_operators {
		transport.insecure(condition(operator, "aws:securetransport", ["false"]))
		transport.insecure(condition(operator, "aws:securetransport", ["true", "false"]))
		not transport.insecure(condition(operator, "aws:securetransport", ["true"]))
		not transport.insecure(condition(operator, "aws:viaawsservice", ["false"]))
	}
	every operator in not_operators {
		transport.insecure(condition(operator, "aws:securetransport", ["true"]))
		not transport.insecure(condition(operator, "aws:securetransport", ["false"]))
		not transport.insecure(condition(operator, "aws:viaawsservice", ["true"]))
	}
	every operator in other_operators {
		not transport.insecure(condition(operator, "aws:securetransport", ["false"]))
		not transport.insecure(condition(operator, "aws:securetransport", ["true"]))
	}
}

# What equals neither is nothing.
test_a_not_of_both_denies_nothing if {
	every operator in not_operators {
		not transport.insecure(condition(operator, "aws:securetransport", ["true", "false"]))
	}
}

test_a_least_version_denies_plain_http_only_if_exists if {
	every version in ["1.2", "1.3"] {
		transport.insecure(condition("numericlessthanifexists", "s3:tlsversion", [version]))
		transport.insecure(condition("numericlessthanequalsifexists", "s3:tlsversion", [version]))
		not transport.insecure(condition("numericlessthan", "s3:tlsversion", [version]))
		not transport.insecure(condition("foranyvalue:numericlessthanifexists", "s3:tlsversion", [version]))
		not transport.insecure(condition("numericlessthanifexistsifexists", "s3:tlsversion", [version]))
		not transport.insecure(condition("numericlessthanifexists", "s3:max-keys", [version]))
	}
}

# ---------------------------------------------------------------- what is left out

plain := {"Bool": {"aws:SecureTransport": "false"}}

arn(service) := {
	"s3": "arn:aws:s3:::data-lake",
	"sns": "arn:aws:sns:us-east-1:111111111111:data-lake",
	"sqs": "arn:aws:sqs:us-east-1:111111111111:data-lake",
}[service]

whole := [arn("s3"), sprintf("%s/*", [arn("s3")])]

statement(extra) := object.union(
	{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": whole, "Condition": plain},
	extra,
)

# A resource named `data-lake` with its policy.
resource(kind, statements) := fixtures.create(kind, {
	"bucket": "data-lake",
	"name": "data-lake",
	"policy": json.marshal({"Version": "2012-10-17", "Statement": statements}),
})

left_out(kind, statements) := reasons if {
	found := transport.warn with input as fixtures.plan([resource(kind, statements)])
	reasons := {finding.value | some finding in found; finding.id == "ENC-TLS-001"}
}

takes_no_plain_http(kind, statements) if {
	found := transport.complete with input as fixtures.plan([resource(kind, statements)])
	count(found) == 1
}

# Kind → action that is all of it, resources that are all of it, and what is said where another resource is named.
kinds := {
	"aws_s3_bucket": ["s3:*", whole, {"not for the bucket", "not for the objects"}],
	"aws_s3_bucket_policy": ["s3:*", whole, {"not for the bucket", "not for the objects"}],
	"aws_sns_topic": ["sns:Publish", arn("sns"), {"not for the topic"}],
	"aws_sqs_queue": ["sqs:*", arn("sqs"), {"not for the queue"}],
}

test_each_kind_that_says_its_name if {
	every kind, row in kinds {
		takes_no_plain_http(kind, statement({"Action": row[0], "Resource": row[1]}))
		takes_no_plain_http(kind, statement({"Action": row[0], "Resource": "*"}))
		left_out(kind, statement({"Action": row[0], "Resource": row[1]})) == set()
		other := [replace(text, "data-lake", "other") | some text in lib.list(row[1])]
		not takes_no_plain_http(kind, statement({"Action": row[0], "Resource": other}))
		left_out(kind, statement({"Action": row[0], "Resource": other})) == row[2]
		left_out(kind, statement({"Action": "x:Read", "Resource": row[1]})) == {"not for all actions"}
	}
}

# The name of these is in the ARN or URL that they belong to.
test_each_kind_without_a_name if {
	every kind, row in {
		"aws_sns_topic_policy": ["sns:Publish", arn("sns")],
		"aws_sqs_queue_policy": ["sqs:*", arn("sqs")],
	} {
		takes_no_plain_http(kind, statement({"Action": row[0], "Resource": row[1]}))
		takes_no_plain_http(kind, statement({"Action": row[0], "Resource": "*"}))
		left_out(kind, statement({"Action": "x:Read", "Resource": row[1]})) == {"not for all actions"}
	}
}

test_what_is_excepted_beside_all if {
	every row in [
		["aws_s3_bucket_policy", {"NotPrincipal": {"AWS": "arn:aws:iam::111111111111:root"}}, "not for everybody"],
		["aws_s3_bucket_policy", {"NotAction": "s3:GetObject"}, "not for all actions"],
		["aws_s3_bucket_policy", {"NotResource": whole[1]}, "not for the bucket"],
		["aws_sns_topic_policy", {"Action": "sns:Publish", "NotAction": "sns:Subscribe"}, "not for all actions"],
	] {
		not takes_no_plain_http(row[0], statement(row[1]))
		row[2] in left_out(row[0], statement(row[1]))
	}
}

test_others_than_everybody if {
	every kind in ["Service", "Federated", "CanonicalUser"] {
		left_out("aws_s3_bucket_policy", statement({"Principal": {kind: "*"}})) == {"not for everybody"}
	}
}

test_actions_of_another_service if {
	left_out("aws_s3_bucket_policy", statement({"Action": "sns:Publish"})) == {"not for all actions"}
	left_out("aws_sqs_queue", statement({"Action": "sns:*", "Resource": arn("sqs")})) == {"not for all actions"}
}

test_an_arn_within_an_arn_is_another_resource if {
	within := [sprintf("arn:aws:s3:::%s", [text]) | some text in whole]
	left_out("aws_s3_bucket_policy", statement({"Resource": within})) == {"not for the bucket", "not for the objects"}
}

test_a_second_statement_takes_nothing_away if {
	narrow := statement({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}, "Action": "s3:GetObject"})
	left_out("aws_s3_bucket_policy", [statement({}), narrow]) == set()
	left_out("aws_s3_bucket_policy", [narrow]) == {"not for everybody", "not for all actions"}
}

# ---------------------------------------------------------------- turned around

turned(kind, extra) if {
	found := transport.deny with input as fixtures.plan([resource(kind, statement(extra))])
	fixtures.ids(found) == {"ENC-TLS-002"}
}

# Operators as AWS writes them, and the value that lets plain HTTP alone.
test_a_deny_of_tls if {
	every row in [
		["Bool", "true"],
		["BoolIfExists", "true"],
		["StringEquals", "true"],
		["StringEqualsIgnoreCase", "true"],
		["StringLike", "true"],
		["StringNotEquals", "false"],
		["StringNotEqualsIgnoreCase", "false"],
		["StringNotLike", "false"],
	] {
		turned("aws_s3_bucket_policy", {"Condition": {row[0]: {"aws:SecureTransport": row[1]}}})
		opposite := {"true": "false", "false": "true"}[row[1]]
		not turned("aws_s3_bucket_policy", {"Condition": {row[0]: {"aws:SecureTransport": opposite}}})
		not turned("aws_s3_bucket_policy", {"Condition": {row[0]: {"aws:ViaAWSService": row[1]}}})
	}
}

test_no_deny_of_tls if {
	tls := {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}
	not turned("aws_s3_bucket_policy", object.union(tls, {"Effect": "Allow"}))
	not turned("aws_iam_role_policy", tls)
	not turned("aws_s3_bucket_policy", {"Condition": {"Null": {"aws:SecureTransport": "true"}}})
}
