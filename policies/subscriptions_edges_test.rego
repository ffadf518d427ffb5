# Every protocol of a topic, and endpoints that say nothing.
package terraform.subscriptions_edges_test

import rego.v1

import data.terraform.fixtures
import data.terraform.subscriptions

found(change) := ids if {
	ids := fixtures.ids(subscriptions.deny | subscriptions.warn) with input as fixtures.plan([change])
}

of(protocol, endpoint) := found(fixtures.create("aws_sns_topic_subscription", {"protocol": protocol, "endpoint": endpoint}))

test_every_protocol if {
	every protocol, rules in {
		"application": {"CARE-SUB-004"},
		"email": {"CARE-SUB-003"},
		"email-json": {"CARE-SUB-003"},
		"firehose": set(),
		"http": {"CARE-SUB-001"},
		"https": {"CARE-SUB-002"},
		"lambda": set(),
		"sms": {"CARE-SUB-004"},
		"sqs": set(),
		"": {"CARE-SUB-005"},
		"ftp": {"CARE-SUB-005"},
	} {
		of(protocol, "x") == rules
	}
}

test_an_endpoint_that_is_not_known_is_not_listed if {
	every protocol, rules in {"email": {"CARE-SUB-003"}, "https": {"CARE-SUB-002"}, "http": {"CARE-SUB-001"}, "sqs": set()} {
		found(fixtures.vague("aws_sns_topic_subscription", {"protocol": protocol}, {"endpoint": true})) == rules
		of(protocol, "") == rules
		of(protocol, null) == rules
	}
}
