# Where a topic's messages go. Queues and functions of other accounts are a matter of the rules about foreign ARNs.
package terraform.subscriptions

import rego.v1

import data.terraform.lib

subscriptions contains [r, protocol, endpoint] if {
	some r in lib.of_type("aws_sns_topic_subscription")
	protocol := lower(sprintf("%v", [lib.value(r, "protocol")]))
	endpoint := lib.value(r, "endpoint")
}

# The host that a URL of nothing unusual leads to: no credentials, no escapes, no backslashes before it.
host(url) := trim_suffix(lower(found[0][1]), ".") if {
	# mutant: 1 → 2 – the whole text can match once at most
	found := regex.find_all_string_submatch_n(`^(?i:https?)://([A-Za-z0-9.-]+)(?::[0-9]{1,5})?(?:[/?#]|$)`, sprintf("%v", [url]), 1)
}

# The domain of one plain address.
domain(address) := trim_suffix(lower(found[0][1]), ".") if {
	# mutant: 1 → 2 – the whole text can match once at most
	found := regex.find_all_string_submatch_n(`^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@([A-Za-z0-9.-]+)$`, sprintf("%v", [address]), 1)
}

# `*.example.com` is everything below it.
listed(name, names) if {
	some one in names
	name == lower(one)
}

listed(name, names) if {
	some one in names
	startswith(one, "*.")
	endswith(name, trim_prefix(lower(one), "*"))
}

# METADATA
# title: Messages are not sent over plain HTTP
# description: Everybody on the way reads them, and may answer in the place of the endpoint.
# custom:
#   id: CARE-SUB-001
#   severity: high
#   resources: [aws_sns_topic_subscription]
#   elsewhere: [sns_subscription_not_using_http_endpoints]
#   value: the host, where it can be told
#   bad: {aws_sns_topic_subscription: {protocol: http, endpoint: "http://hooks.example.com/x"}}
#   good: {aws_sns_topic_subscription: {protocol: sqs, endpoint: "arn:aws:sqs:us-east-1:111111111111:orders"}}
deny contains finding if {
	some [r, "http", endpoint] in subscriptions
	msg := "Messages would be sent over plain HTTP."
	remediation := "Use an https endpoint."
	finding := lib.about(shown(endpoint), lib.finding("CARE-SUB-001", "high", r, msg, remediation))
}

# METADATA
# title: Messages are sent to hosts that are listed
# description: Whoever has the endpoint reads every message; a subscription is the quietest way to take data out.
# custom:
#   id: CARE-SUB-002
#   severity: high
#   resources: [aws_sns_topic_subscription]
#   elsewhere: []
#   value: the host, where it can be told
#   bad: {aws_sns_topic_subscription: {protocol: https, endpoint: "https://hooks.example.com/x"}}
#   good: {aws_sns_topic_subscription: {protocol: https, endpoint: "https://hooks.example.com/x"}, settings: {care: {trusted_hosts: ["*.example.com"]}}}
deny contains finding if {
	some [r, "https", endpoint] in subscriptions
	not sent_to_ours(endpoint)
	msg := sprintf("Messages would be sent to %s, which is not listed.", [shown(endpoint)])
	remediation := "Have the host listed in settings.care.trusted_hosts."
	finding := lib.about(shown(endpoint), lib.finding("CARE-SUB-002", "high", r, msg, remediation))
}

# Rules of their own: where no host can be told, `not` with a call inside another one is undefined for OPA.
sent_to_ours(endpoint) if listed(host(endpoint), data.settings.care.trusted_hosts)

mailed_to_ours(endpoint) if listed(domain(endpoint), data.settings.care.trusted_email_domains)

# An endpoint may hold a key, so only its host is shown.
shown(endpoint) := host(endpoint)

shown(endpoint) := "a host that cannot be told" if not host(endpoint)

# METADATA
# title: Messages are mailed to domains that are listed
# description: A mailbox outside is read by people whom nobody here knows.
# custom:
#   id: CARE-SUB-003
#   severity: high
#   resources: [aws_sns_topic_subscription]
#   elsewhere: []
#   value: the domain, where it can be told
#   bad: {aws_sns_topic_subscription: {protocol: email, endpoint: ops@example.com}}
#   good: {aws_sns_topic_subscription: {protocol: email, endpoint: ops@example.com}, settings: {care: {trusted_email_domains: [example.com]}}}
deny contains finding if {
	some [r, protocol, endpoint] in subscriptions
	protocol in {"email", "email-json"}
	not mailed_to_ours(endpoint)
	msg := sprintf("Messages would be mailed to %s, which is not listed.", [mailed(endpoint)])
	remediation := "Have the domain listed in settings.care.trusted_email_domains."
	finding := lib.about(mailed(endpoint), lib.finding("CARE-SUB-003", "high", r, msg, remediation))
}

mailed(endpoint) := domain(endpoint)

mailed(endpoint) := "a domain that cannot be told" if not domain(endpoint)

# METADATA
# title: Messages to telephones are seen
# description: Whose a number is cannot be told, and text messages are read on the way.
# custom:
#   id: CARE-SUB-004
#   severity: medium
#   resources: [aws_sns_topic_subscription]
#   elsewhere: []
#   value: the protocol
#   bad: {aws_sns_topic_subscription: {protocol: sms, endpoint: "+15550100"}}
#   good: {aws_sns_topic_subscription: {protocol: sqs, endpoint: "arn:aws:sqs:us-east-1:111111111111:orders"}}
warn contains finding if {
	some [r, protocol, _] in subscriptions
	protocol in {"application", "sms"}
	msg := sprintf("Messages would be sent to a telephone (%s).", [protocol])
	remediation := "See whose it is, and that the messages may be read there."
	finding := lib.about(protocol, lib.finding("CARE-SUB-004", "medium", r, msg, remediation))
}

# METADATA
# title: Messages go where somebody knows
# description: A protocol that is known only after apply, or that SNS does not have, may lead anywhere.
# custom:
#   id: CARE-SUB-005
#   severity: medium
#   resources: [aws_sns_topic_subscription]
#   elsewhere: []
#   bad: {aws_sns_topic_subscription: {endpoint: "https://hooks.example.com/x", _unknown: [protocol]}}
#   good: {aws_sns_topic_subscription: {protocol: lambda, endpoint: "arn:aws:lambda:us-east-1:111111111111:function:f"}}
deny contains finding if {
	some r in lib.of_type("aws_sns_topic_subscription")
	not known_protocol(lower(sprintf("%v", [lib.value(r, "protocol")])))
	msg := "How messages are sent is known only after apply, or not known at all, so it cannot be judged."
	remediation := "Write the protocol as a plain value."
	finding := lib.finding("CARE-SUB-005", "medium", r, msg, remediation)
}

known_protocol(name) if {
	name in {"application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"}
}
