# defines: arn:aws:sqs:REGION:ACCOUNT:{queue_name}{fifo_queue:.fifo}
# defines: arn:aws:sqs:REGION:ACCOUNT:{queue_name}-dlq{fifo_queue:.fifo} if dead_letter_queue
variable "sqs_queues" {
  description = "SQS queues by name. Encrypted and TLS-only unless said otherwise; `dead_letter_queue` adds `<name>-dlq`."
  type = map(object({
    queue_name                  = optional(string) # the key of the map, unless given; `.fifo` is added to a FIFO queue
    fifo_queue                  = optional(bool, false)
    content_based_deduplication = optional(bool)
    visibility_timeout_seconds  = optional(number, 30)
    message_retention_seconds   = optional(number, 345600)
    delay_seconds               = optional(number, 0)
    receive_wait_time_seconds   = optional(number, 0)
    max_message_size            = optional(number, 262144)
    kms_master_key_id           = optional(string)      # names: arn:aws:kms:REGION:ACCOUNT:{}; the key that SQS manages, unless given
    tls_only                    = optional(bool, true)  # adds a statement that denies plain HTTP
    policy_json                 = optional(string)      # document: sqs-queue-policy
    dead_letter_queue           = optional(bool, false) # create one,
    dead_letter_target_arn      = optional(string)      # or use an existing one
    max_receive_count           = optional(number, 5)
    redrive_allow_arns          = optional(list(string)) # unordered: whose dead letter queue it may be; any queue's of the account, unless given
    tags                        = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, queue in var.sqs_queues : can(regex("^[A-Za-z0-9_-]{1,71}$", trimsuffix(coalesce(queue.queue_name, name), ".fifo")))
    ])
    error_message = "A queue's name has at most 71 letters, digits, underscores and hyphens (and .fifo for a FIFO queue)."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : !queue.dead_letter_queue || queue.dead_letter_target_arn == null])
    error_message = "Give dead_letter_queue or dead_letter_target_arn, not both."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : queue.visibility_timeout_seconds >= 0 && queue.visibility_timeout_seconds <= 43200])
    error_message = "visibility_timeout_seconds is a number from 0 to 43200."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : queue.message_retention_seconds >= 60 && queue.message_retention_seconds <= 1209600])
    error_message = "message_retention_seconds is a number from 60 to 1209600 (14 days)."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : length(coalesce(queue.redrive_allow_arns, [])) <= 10])
    error_message = "redrive_allow_arns has at most 10 queues; with an empty list, no queue may use this one as its dead letter queue."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : queue.policy_json == null || can(jsondecode(queue.policy_json).Statement)])
    error_message = "A queue's policy is a JSON object with a Statement."
  }

  validation {
    condition     = alltrue([for queue in var.sqs_queues : !queue.tls_only || length(coalesce(queue.policy_json, "-")) <= 7800])
    error_message = "policy_json has at most 7800 characters with tls_only, which adds a statement: AWS takes 8192."
  }
}

locals {
  sqs_bare_names = { for name, queue in var.sqs_queues : name => trimsuffix(coalesce(queue.queue_name, name), ".fifo") }
  sqs_names      = { for name, queue in var.sqs_queues : name => "${local.sqs_bare_names[name]}${queue.fifo_queue ? ".fifo" : ""}" }
  sqs_dlq_names  = { for name, queue in var.sqs_queues : name => "${local.sqs_bare_names[name]}-dlq${queue.fifo_queue ? ".fifo" : ""}" }

  # An ARN that is written out, not read from the resource, is known when planning, and so is the policy around it.
  sqs_tls_only = {
    for name, queue in var.sqs_queues : name => [for on in [queue.tls_only] : {
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "sqs:*"
      Resource  = "arn:${local.partition}:sqs:${var.region}:${var.account}:${local.sqs_names[name]}"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    } if on]
  }

  sqs_policies = {
    for name, queue in var.sqs_queues : name => queue.policy_json == null ? jsonencode({
      Version   = "2012-10-17"
      Statement = local.sqs_tls_only[name]
      }) : jsonencode(merge(
      jsondecode(queue.policy_json),
      { Statement = flatten([jsondecode(queue.policy_json).Statement, local.sqs_tls_only[name]]) },
    )) if queue.policy_json != null || queue.tls_only
  }
}

resource "aws_sqs_queue" "dead_letter" {
  for_each                  = { for name, queue in var.sqs_queues : name => queue if queue.dead_letter_queue }
  name                      = local.sqs_dlq_names[each.key]
  fifo_queue                = each.value.fifo_queue
  message_retention_seconds = 1209600 # the longest: somebody has to look
  kms_master_key_id         = each.value.kms_master_key_id
  sqs_managed_sse_enabled   = each.value.kms_master_key_id == null ? true : null
  tags                      = each.value.tags

  policy = each.value.tls_only ? jsonencode({
    Version = "2012-10-17"
    Statement = [merge(local.sqs_tls_only[each.key][0], {
      Resource = "arn:${local.partition}:sqs:${var.region}:${var.account}:${local.sqs_dlq_names[each.key]}"
    })]
  }) : null
}

resource "aws_sqs_queue" "this" {
  for_each                    = var.sqs_queues
  name                        = local.sqs_names[each.key]
  fifo_queue                  = each.value.fifo_queue
  content_based_deduplication = each.value.content_based_deduplication
  visibility_timeout_seconds  = each.value.visibility_timeout_seconds
  message_retention_seconds   = each.value.message_retention_seconds
  delay_seconds               = each.value.delay_seconds
  receive_wait_time_seconds   = each.value.receive_wait_time_seconds
  max_message_size            = each.value.max_message_size
  kms_master_key_id           = each.value.kms_master_key_id
  sqs_managed_sse_enabled     = each.value.kms_master_key_id == null ? true : null
  policy                      = lookup(local.sqs_policies, each.key, null) # inline: a separate resource waits 25 s more
  tags                        = each.value.tags

  redrive_policy = (
    each.value.dead_letter_queue
    ? jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letter[each.key].arn, maxReceiveCount = each.value.max_receive_count })
    : each.value.dead_letter_target_arn != null
    ? jsonencode({ deadLetterTargetArn = each.value.dead_letter_target_arn, maxReceiveCount = each.value.max_receive_count })
    : null
  )

  redrive_allow_policy = (
    each.value.redrive_allow_arns == null ? null
    : length(each.value.redrive_allow_arns) == 0 ? jsonencode({ redrivePermission = "denyAll" })
    : jsonencode({ redrivePermission = "byQueue", sourceQueueArns = each.value.redrive_allow_arns })
  )
}

output "sqs_queues" {
  description = "URL and ARN of each queue."
  value       = { for name, queue in aws_sqs_queue.this : name => { url = queue.id, arn = queue.arn } }
}
