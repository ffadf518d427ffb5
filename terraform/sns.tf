# defines: arn:aws:sns:REGION:ACCOUNT:{topic_name}{fifo_topic:.fifo}:*
variable "sns_topics" {
  description = "SNS topics by name, with their subscriptions. Encrypted and TLS-only unless said otherwise."
  type = map(object({
    topic_name                  = optional(string) # the key of the map, unless given; `.fifo` is added to a FIFO topic
    display_name                = optional(string)
    fifo_topic                  = optional(bool, false)
    content_based_deduplication = optional(bool)
    kms_master_key_id           = optional(string, "alias/aws/sns") # names: arn:aws:kms:REGION:ACCOUNT:{}
    tls_only                    = optional(bool, true)              # denies publishing over plain HTTP, as AWS recommends; it takes no `sns:*` here
    policy_json                 = optional(string)                  # document: sns-topic-policy
    signature_version           = optional(number)                  # 2 signs with SHA-256; AWS's default is 1, unless given
    delivery_feedback = optional(object({                           # deliveries are logged: failed ones, and so many percent of the others
      role_arn            = string
      success_sample_rate = optional(number, 0)
    }))
    subscriptions = optional(map(object({
      protocol              = string
      endpoint              = string
      raw_message_delivery  = optional(bool, false)
      filter_policy_json    = optional(string) # document: json
      dead_letter_queue_arn = optional(string)
      subscription_role_arn = optional(string) # for firehose, which needs one
    })), {})
    tags = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, topic in var.sns_topics : can(regex("^[A-Za-z0-9_-]{1,251}$", trimsuffix(coalesce(topic.topic_name, name), ".fifo")))
    ])
    error_message = "A topic's name has at most 251 letters, digits, underscores and hyphens (and .fifo for a FIFO topic)."
  }

  validation {
    condition     = alltrue([for topic in var.sns_topics : topic.policy_json == null || can(jsondecode(topic.policy_json).Statement)])
    error_message = "A topic's policy is a JSON object with a Statement."
  }

  validation {
    condition     = alltrue([for topic in var.sns_topics : !topic.tls_only || length(coalesce(topic.policy_json, "-")) <= 30200])
    error_message = "policy_json has at most 30200 characters with tls_only, which adds a statement: AWS takes 30720."
  }

  validation {
    condition = alltrue(flatten([
      for topic in var.sns_topics : [
        for subscription in topic.subscriptions :
        contains(["sqs", "lambda", "https", "firehose", "email", "email-json", "sms", "application"], subscription.protocol)
      ]
    ]))
    error_message = "A subscription's protocol is sqs, lambda, https, firehose, email, email-json, sms or application (http is not encrypted)."
  }

  validation {
    condition     = alltrue([for topic in var.sns_topics : contains([1, 2], coalesce(topic.signature_version, 1))])
    error_message = "signature_version is 1 or 2."
  }

  validation {
    condition = alltrue([
      for topic in var.sns_topics :
      topic.delivery_feedback.success_sample_rate >= 0 && topic.delivery_feedback.success_sample_rate <= 100 if topic.delivery_feedback != null
    ])
    error_message = "success_sample_rate is a percentage from 0 to 100."
  }

  validation {
    condition = alltrue(flatten([
      for topic in var.sns_topics : [
        for subscription in topic.subscriptions : (subscription.protocol == "firehose") == (subscription.subscription_role_arn != null)
      ]
    ]))
    error_message = "subscription_role_arn is for the protocol firehose, which needs it, and for no other."
  }
}

locals {
  sns_names = {
    for name, topic in var.sns_topics :
    name => "${trimsuffix(coalesce(topic.topic_name, name), ".fifo")}${topic.fifo_topic ? ".fifo" : ""}"
  }

  # An ARN that is written out, not read from the resource, is known when planning, and so is the policy around it.
  sns_tls_only = {
    for name, topic in var.sns_topics : name => [for on in [topic.tls_only] : {
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sns:Publish"
      Resource  = "arn:${local.partition}:sns:${var.region}:${var.account}:${local.sns_names[name]}"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    } if on]
  }

  sns_policies = {
    for name, topic in var.sns_topics : name => topic.policy_json == null ? jsonencode({
      Version   = "2012-10-17"
      Statement = local.sns_tls_only[name]
      }) : jsonencode(merge(
      jsondecode(topic.policy_json),
      { Statement = flatten([jsondecode(topic.policy_json).Statement, local.sns_tls_only[name]]) },
    )) if topic.policy_json != null || topic.tls_only
  }

  sns_subscriptions = merge([
    for name, topic in var.sns_topics : {
      for key, subscription in topic.subscriptions : "${name}/${key}" => merge(subscription, { topic = name })
    }
  ]...)
}

resource "aws_sns_topic" "this" {
  for_each                    = var.sns_topics
  name                        = local.sns_names[each.key]
  display_name                = each.value.display_name
  fifo_topic                  = each.value.fifo_topic
  content_based_deduplication = each.value.content_based_deduplication
  kms_master_key_id           = each.value.kms_master_key_id
  signature_version           = each.value.signature_version
  tags                        = each.value.tags

  application_failure_feedback_role_arn    = one(each.value.delivery_feedback[*].role_arn)
  application_success_feedback_role_arn    = one(each.value.delivery_feedback[*].role_arn)
  application_success_feedback_sample_rate = one(each.value.delivery_feedback[*].success_sample_rate)
  firehose_failure_feedback_role_arn       = one(each.value.delivery_feedback[*].role_arn)
  firehose_success_feedback_role_arn       = one(each.value.delivery_feedback[*].role_arn)
  firehose_success_feedback_sample_rate    = one(each.value.delivery_feedback[*].success_sample_rate)
  http_failure_feedback_role_arn           = one(each.value.delivery_feedback[*].role_arn)
  http_success_feedback_role_arn           = one(each.value.delivery_feedback[*].role_arn)
  http_success_feedback_sample_rate        = one(each.value.delivery_feedback[*].success_sample_rate)
  lambda_failure_feedback_role_arn         = one(each.value.delivery_feedback[*].role_arn)
  lambda_success_feedback_role_arn         = one(each.value.delivery_feedback[*].role_arn)
  lambda_success_feedback_sample_rate      = one(each.value.delivery_feedback[*].success_sample_rate)
  sqs_failure_feedback_role_arn            = one(each.value.delivery_feedback[*].role_arn)
  sqs_success_feedback_role_arn            = one(each.value.delivery_feedback[*].role_arn)
  sqs_success_feedback_sample_rate         = one(each.value.delivery_feedback[*].success_sample_rate)
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.sns_policies
  arn      = aws_sns_topic.this[each.key].arn
  policy   = each.value
}

resource "aws_sns_topic_subscription" "this" {
  for_each              = local.sns_subscriptions
  topic_arn             = aws_sns_topic.this[each.value.topic].arn
  protocol              = each.value.protocol
  endpoint              = each.value.endpoint
  raw_message_delivery  = each.value.raw_message_delivery
  filter_policy         = each.value.filter_policy_json
  redrive_policy        = each.value.dead_letter_queue_arn == null ? null : jsonencode({ deadLetterTargetArn = each.value.dead_letter_queue_arn })
  subscription_role_arn = each.value.subscription_role_arn
}

output "sns_topics" {
  description = "ARN of each topic."
  value       = { for name, topic in aws_sns_topic.this : name => { arn = topic.arn } }
}
