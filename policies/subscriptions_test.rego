package terraform.subscriptions_test

import rego.v1

import data.terraform.fixtures
import data.terraform.subscriptions

denied(protocol, endpoint) := found if {
	found := fixtures.ids(subscriptions.deny) with input as planned(protocol, endpoint)
		with data.settings.care.trusted_hosts as ["Api.Partner.example", "*.ours.example"]
		with data.settings.care.trusted_email_domains as ["ours.example"]
}

planned(protocol, endpoint) := fixtures.plan([fixtures.create("aws_sns_topic_subscription", {"protocol": protocol, "endpoint": endpoint})])

inside := ["https://api.partner.example/x?y=z", "HTTPS://API.partner.example", "https://a.ours.example:8443/", "https://a.b.ours.example."]

outside := [
	"https://partner.example/",
	"https://evil.example/?https://api.partner.example",
	"https://api.partner.example@evil.example/",
	"https://api.partner.example:x@evil.example/",
	`https://evil.example\@api.partner.example/`,
	"https://evilours.example/",
	"https://ours.example/",
	"https://api.partner.example.evil.example/",
	"https:/api.partner.example/",
	"https://api.partner.example%2eevil.example/",
	" https://api.partner.example/",
	"api.partner.example",
	7,
]

test_hosts if {
	every endpoint in inside { denied("https", endpoint) == set() }
	every endpoint in outside { denied("https", endpoint) == {"CARE-SUB-002"} }
	denied("HTTPS", "https://evil.example/") == {"CARE-SUB-002"}
}

test_plain_http if denied("http", "http://api.partner.example/") == {"CARE-SUB-001"}

test_a_key_in_a_url_is_shown_nobody if {
	some finding in subscriptions.deny with input as planned("https", "https://a:hunter2@evil.example/?key=hunter3")
	not contains(json.marshal(finding), "hunter")
}

test_mail if {
	denied("email", "ops@ours.example") == set()
	denied("email-json", "ops@OURS.example") == set()
	every address in ["ops@evil.example", "ops@ours.example@evil.example", "x@evil.example,ops@ours.example", "ops@sub.ours.example", "ours.example"] {
		denied("email", address) == {"CARE-SUB-003"}
	}
}

test_telephones if {
	fixtures.ids(subscriptions.warn) == {"CARE-SUB-004"} with input as planned("sms", "+15550100")
	fixtures.ids(subscriptions.warn) == set() with input as planned("sqs", "arn:aws:sqs:us-east-1:111111111111:q")
}

test_what_is_not_known if {
	denied("carrier-pigeon", "x") == {"CARE-SUB-005"}
	denied("sqs", "arn:aws:sqs:us-east-1:111111111111:q") == set()
	unknown := fixtures.vague("aws_sns_topic_subscription", {"endpoint": "x"}, {"protocol": true})
	fixtures.ids(subscriptions.deny) == {"CARE-SUB-005"} with input as fixtures.plan([unknown])
}
