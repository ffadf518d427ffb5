package terraform.transport_test

import rego.v1

import data.terraform.fixtures
import data.terraform.transport

plain := {"Bool": {"aws:SecureTransport": "false"}}

whole := ["arn:aws:s3:::data-lake", "arn:aws:s3:::data-lake/*"]

full := {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": whole, "Condition": plain}

bucket(statements) := fixtures.create("aws_s3_bucket_policy", {
	"bucket": "data-lake",
	"policy": json.marshal({"Version": "2012-10-17", "Statement": statements}),
})

# What is said to be left out.
left_out(change) := reasons if {
	found := transport.warn with input as fixtures.plan([change])
	reasons := {finding.value | some finding in found; finding.id == "ENC-TLS-001"}
}

with_(extra) := object.union(object.remove(full, object.keys(extra)), extra)

test_all_of_it if {
	left_out(bucket([full])) == set()
	left_out(bucket([with_({"Principal": {"AWS": "*"}})])) == set()
	left_out(bucket([with_({"Resource": "*", "Action": "*"})])) == set()
	left_out(bucket([with_({"Resource": "arn:aws:s3:::data-lake*"})])) == set()
	left_out(bucket([with_({"Resource": whole[0]}), with_({"Resource": whole[1]})])) == set()
	left_out(bucket([with_({"Condition": {"StringEquals": {"aws:SecureTransport": false}}})])) == set()
	left_out(bucket([with_({"Condition": {"BoolIfExists": {"AWS:securetransport": ["false"]}}})])) == set()
	left_out(bucket([with_({"Condition": {"StringNotEquals": {"aws:SecureTransport": "true"}}})])) == set()
	left_out(bucket([with_({"Condition": {"NumericLessThanIfExists": {"s3:TlsVersion": 1.2}}})])) == set()
	left_out(bucket([full, with_({"Resource": whole[0]})])) == set()
}

test_a_part_of_the_bucket if {
	left_out(bucket([with_({"Resource": whole[0]})])) == {"not for the objects"}
	left_out(bucket([with_({"Resource": whole[1]})])) == {"not for the bucket"}
	left_out(bucket([with_({"Resource": "arn:aws:s3:::data-lake/public/*"})])) == {"not for the bucket", "not for the objects"}
	left_out(bucket([with_({"Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"]})])) == {"not for the bucket", "not for the objects"}
	left_out(bucket([object.union(object.remove(full, ["Resource"]), {"NotResource": whole[1]})])) == {"not for the bucket", "not for the objects"}
}

test_a_part_of_actions_principals_and_requests if {
	left_out(bucket([with_({"Action": ["s3:GetObject", "s3:PutObject"]})])) == {"not for all actions"}
	left_out(bucket([object.union(object.remove(full, ["Action"]), {"NotAction": "s3:GetObject"})])) == {"not for all actions"}
	left_out(bucket([with_({"Principal": {"AWS": "arn:aws:iam::111111111111:root"}})])) == {"not for everybody"}
	left_out(bucket([object.union(object.remove(full, ["Principal"]), {"NotPrincipal": {"AWS": "*"}})])) == {"not for everybody"}
	left_out(bucket([with_({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}})])) == {
		"only where aws:sourceip says so",
	}
}

test_old_versions_of_tls_alone_are_not_plain_http if {
	old := bucket([with_({"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}})])
	left_out(old) == set()
	not closed with input as fixtures.plan([old])
	closed with input as fixtures.plan([bucket([full])])
}

unnamed(statement) := object.union(bucket([statement]), {"change": {"after": {"bucket": null}, "after_unknown": {"bucket": true}}})

test_a_bucket_without_a_name if {
	left_out(unnamed(full)) == set()
	left_out(unnamed(with_({"Resource": whole[0]}))) == {"not for the objects"}
	left_out(unnamed(with_({"Resource": whole[1]}))) == {"not for the bucket"}
}

queue(extra) := fixtures.create("aws_sqs_queue", {"name": "Orders", "policy": json.marshal({"Statement": with_(object.union(
	{"Action": "sqs:*", "Resource": "arn:aws:sqs:us-east-1:111111111111:Orders"},
	extra,
))})})

test_queues if {
	left_out(queue({})) == set()
	left_out(queue({"Action": "sqs:SendMessage"})) == {"not for all actions"}
	left_out(queue({"Resource": "arn:aws:sqs:us-east-1:111111111111:other"})) == {"not for the queue"}
}

topic(extra) := fixtures.create("aws_sns_topic_policy", {"arn": "arn:aws:sns:us-east-1:111111111111:t", "policy": json.marshal({"Statement": with_(object.union(
	{"Action": ["sns:Subscribe", "sns:Publish"], "Resource": "arn:aws:sns:us-east-1:111111111111:t"},
	extra,
))})})

test_topics if {
	left_out(topic({})) == set()
	left_out(topic({"Action": "sns:Subscribe"})) == {"not for all actions"}
}

test_other_documents_are_left_alone if {
	left_out(fixtures.document("aws_iam_role_policy", "policy", with_({"Action": "s3:GetObject"}))) == set()
}

test_turned_around if {
	turned := with_({"Condition": {"Bool": {"aws:SecureTransport": "true"}}})
	fixtures.ids(transport.deny) == {"ENC-TLS-002"} with input as fixtures.plan([bucket([turned])])
	fixtures.ids(transport.deny) == set() with input as fixtures.plan([bucket([full])])
}

closed if "aws_s3_bucket_policy.this[\"x\"]" in data.terraform.transport.complete

# Without any such statement.
open_(changes, more) := found if {
	all := transport.warn with input as object.union(fixtures.plan(changes), more)
	found := {finding.id | some finding in all; finding.id != "ENC-TLS-001"}
}

bare_queue := fixtures.create("aws_sqs_queue", {"name": "Orders"})

bare_topic := fixtures.create("aws_sns_topic", {"name": "t"})

queue_policy(attributes) := fixtures.create("aws_sqs_queue_policy", object.union(
	{"policy": json.marshal({"Statement": with_({"Action": "sqs:*", "Resource": "*"})})},
	attributes,
))

new_topic_policy(extra) := object.union(
	fixtures.vague("aws_sns_topic_policy", {"policy": json.marshal({"Statement": with_({"Action": "sns:Publish", "Resource": "*"})})}, {"arn": true}),
	extra,
)

test_queues_and_topics_without_any if {
	open_([bare_queue], {}) == {"ENC-SQS-002"}
	open_([bare_topic], {}) == {"ENC-SNS-002"}
	open_([queue({})], {}) == set()
	open_([queue({"Action": "sqs:SendMessage"})], {}) == {"ENC-SQS-002"}
}

test_statements_of_a_policy_beside_it if {
	open_([bare_queue, queue_policy({"queue_url": "https://sqs.us-east-1.amazonaws.com/111111111111/Orders"})], {}) == set()
	open_([bare_queue, queue_policy({"queue_url": "https://sqs.us-east-1.amazonaws.com/111111111111/other"})], {}) == {"ENC-SQS-002"}
	open_([bare_topic, topic({})], {}) == set()
	open_([bare_topic, topic({"Action": "sns:Subscribe"})], {}) == {"ENC-SNS-002"}
	open_([bare_topic, new_topic_policy({})], {}) == set()
	open_([bare_topic, new_topic_policy({"index": "y"})], {}) == {"ENC-SNS-002"}
	open_([bare_topic, new_topic_policy({"module_address": "module.a"})], {}) == {"ENC-SNS-002"}
	open_([bare_topic, new_topic_policy({"change": {"after_unknown": {"arn": false}}})], {}) == {"ENC-SNS-002"}
	open_([bare_topic, new_topic_policy({})], of_topic("aws_sns_topic.this")) == set()
	open_([bare_topic, new_topic_policy({})], of_topic("aws_sns_topic.other")) == {"ENC-SNS-002"}
	open_([bare_topic, new_topic_policy({})], of_topic("var.arn")) == set()
}

test_which_topic_a_policy_beside_it_is_for if {
	partial := {"change": {"after": {"policy": json.marshal({"Statement": with_({"Action": "sns:Subscribe", "Resource": "*"})})}}}
	open_([bare_topic, new_topic_policy(partial)], {}) == {"ENC-SNS-002"}
	this := {"references": ["aws_sns_topic.this"]}
	other := {"references": ["aws_sns_topic.other"]}
	both := {"references": ["aws_sns_topic.this", "aws_sns_topic.other"]}
	every row in [
		["an ARN in its document is not its own", {"arn": this, "policy": other}, set()],
		["this topic is only in its document", {"arn": other, "policy": this}, {"ENC-SNS-002"}],
		["one of two", {"arn": both}, {"ENC-SNS-002"}],
	] {
		configured := {"configuration": {"root_module": {"resources": [{
			"type": "aws_sns_topic_policy",
			"name": "this",
			"expressions": row[1],
		}]}}}
		open_([bare_topic, new_topic_policy({})], configured) == row[2]
	}
}

of_topic(name) := {"configuration": {"root_module": {"resources": [{
	"type": "aws_sns_topic_policy",
	"name": "this",
	"expressions": {"arn": {"references": [sprintf("%s[\"x\"].arn", [name]), name]}},
}]}}}
