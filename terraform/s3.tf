# defines: arn:aws:s3:::{bucket_name}/*
variable "s3_buckets" {
  description = "S3 buckets by name. Encrypted, versioned, private and TLS-only unless said otherwise."
  type = map(object({
    bucket_name         = optional(string)      # the key of the map, unless given
    force_destroy       = optional(bool, false) # delete the bucket even when it holds objects
    versioning          = optional(bool, true)
    sse_algorithm       = optional(string, "AES256") # or aws:kms, aws:kms:dsse
    kms_key_arn         = optional(string)           # names: arn:aws:kms:REGION:ACCOUNT:{}
    bucket_key_enabled  = optional(bool, true)
    block_public_access = optional(bool, true)
    object_ownership    = optional(string, "BucketOwnerEnforced")
    tls_only            = optional(bool, true) # adds a statement that denies plain HTTP
    policy_json         = optional(string)     # document: s3-bucket-policy
    logging = optional(object({
      target_bucket = string # names: arn:aws:s3:::{}
      target_prefix = optional(string, "")
    }))
    event_bridge = optional(bool, false)  # all events of the bucket go to EventBridge
    notifications = optional(map(object({ # events go to queues, topics and functions, which have to let S3 in
      target_arn = string
      events     = optional(list(string), ["s3:ObjectCreated:*"])
      prefix     = optional(string)
      suffix     = optional(string)
    })), {})
    object_lock = optional(object({         # new objects cannot be deleted for so long; a bucket keeps its lock for ever
      mode = optional(string, "GOVERNANCE") # or COMPLIANCE, which not even the account's root can shorten
      days = number
    }))
    lifecycle_rules = optional(list(object({
      id                                 = string
      enabled                            = optional(bool, true)
      prefix                             = optional(string, "")
      expiration_days                    = optional(number)
      noncurrent_version_expiration_days = optional(number)
      abort_incomplete_upload_days       = optional(number)
      transitions = optional(list(object({
        days          = number
        storage_class = string
      })), [])
    })), [])
    tags = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, bucket in var.s3_buckets :
      can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", coalesce(bucket.bucket_name, name)))
    ])
    error_message = "A bucket's name has 3 to 63 lower case letters, digits, dots and hyphens."
  }

  validation {
    condition     = alltrue([for bucket in var.s3_buckets : contains(["AES256", "aws:kms", "aws:kms:dsse"], bucket.sse_algorithm)])
    error_message = "sse_algorithm is \"AES256\", \"aws:kms\" or \"aws:kms:dsse\"."
  }

  validation {
    condition     = alltrue([for bucket in var.s3_buckets : bucket.kms_key_arn == null || bucket.sse_algorithm != "AES256"])
    error_message = "kms_key_arn needs sse_algorithm = \"aws:kms\" or \"aws:kms:dsse\": AES256 would ignore the key."
  }

  validation {
    condition = alltrue([
      for bucket in var.s3_buckets :
      contains(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"], bucket.object_ownership)
    ])
    error_message = "object_ownership is \"BucketOwnerEnforced\", \"BucketOwnerPreferred\" or \"ObjectWriter\"."
  }

  validation {
    condition     = alltrue([for bucket in var.s3_buckets : bucket.policy_json == null || can(jsondecode(bucket.policy_json).Statement)])
    error_message = "A bucket's policy is a JSON object with a Statement."
  }

  validation {
    condition     = alltrue([for bucket in var.s3_buckets : !bucket.tls_only || length(coalesce(bucket.policy_json, "-")) <= 20000])
    error_message = "policy_json has at most 20000 characters with tls_only, which adds a statement: AWS takes 20480."
  }

  validation {
    condition     = alltrue([for bucket in var.s3_buckets : bucket.versioning || bucket.object_lock == null])
    error_message = "object_lock needs versioning = true."
  }

  validation {
    condition = alltrue([
      for bucket in var.s3_buckets :
      contains(["GOVERNANCE", "COMPLIANCE"], bucket.object_lock.mode) && bucket.object_lock.days >= 1 && bucket.object_lock.days <= 36500
      if bucket.object_lock != null
    ])
    error_message = "object_lock has a mode (\"GOVERNANCE\" or \"COMPLIANCE\") and days from 1 to 36500."
  }

  validation {
    condition = alltrue(flatten([
      for bucket in var.s3_buckets : [
        for notification in bucket.notifications : can(regex("^arn:[a-z-]+:(sqs|sns|lambda):", notification.target_arn))
      ]
    ]))
    error_message = "A notification's target_arn is the ARN of an SQS queue, an SNS topic or a Lambda function."
  }

  validation {
    condition = alltrue(flatten([
      for bucket in var.s3_buckets : [
        for rule in bucket.lifecycle_rules : length(rule.transitions) > 0 || anytrue([
          for days in [rule.expiration_days, rule.noncurrent_version_expiration_days, rule.abort_incomplete_upload_days] : days != null
        ])
      ]
    ]))
    error_message = "A lifecycle rule does something: expiration_days, noncurrent_version_expiration_days, abort_incomplete_upload_days or transitions."
  }
}

locals {
  s3_names = { for name, bucket in var.s3_buckets : name => coalesce(bucket.bucket_name, name) }

  # Without a Sid, which AWS wants to be unique: the document may have any.
  s3_tls_only = {
    for name, bucket in var.s3_buckets : name => [for on in [bucket.tls_only] : {
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "s3:*"
      Resource = [
        "arn:${local.partition}:s3:::${local.s3_names[name]}",
        "arn:${local.partition}:s3:::${local.s3_names[name]}/*",
      ]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    } if on]
  }

  s3_policies = {
    for name, bucket in var.s3_buckets : name => bucket.policy_json == null ? jsonencode({
      Version   = "2012-10-17"
      Statement = local.s3_tls_only[name]
      }) : jsonencode(merge(
      jsondecode(bucket.policy_json),
      { Statement = flatten([jsondecode(bucket.policy_json).Statement, local.s3_tls_only[name]]) },
    )) if bucket.policy_json != null || bucket.tls_only
  }
}

resource "aws_s3_bucket" "this" {
  for_each      = var.s3_buckets
  bucket        = local.s3_names[each.key]
  force_destroy = each.value.force_destroy
  tags          = each.value.tags
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = var.s3_buckets
  bucket   = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = each.value.versioning ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = var.s3_buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = each.value.sse_algorithm
      kms_master_key_id = each.value.kms_key_arn
    }
    bucket_key_enabled = each.value.sse_algorithm == "aws:kms" ? each.value.bucket_key_enabled : null
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = var.s3_buckets
  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = each.value.block_public_access
  block_public_policy     = each.value.block_public_access
  ignore_public_acls      = each.value.block_public_access
  restrict_public_buckets = each.value.block_public_access
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = var.s3_buckets
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = each.value.object_ownership
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each   = local.s3_policies
  bucket     = aws_s3_bucket.this[each.key].id
  policy     = each.value
  depends_on = [aws_s3_bucket_public_access_block.this] # AWS refuses both changes at once
}

resource "aws_s3_bucket_logging" "this" {
  for_each      = { for name, bucket in var.s3_buckets : name => bucket.logging if bucket.logging != null }
  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = each.value.target_bucket
  target_prefix = each.value.target_prefix
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = { for name, bucket in var.s3_buckets : name => bucket if length(bucket.lifecycle_rules) > 0 }
  bucket   = aws_s3_bucket.this[each.key].id

  dynamic "rule" {
    for_each = each.value.lifecycle_rules

    content {
      id     = rule.value.id
      status = rule.value.enabled ? "Enabled" : "Disabled"

      filter {
        prefix = rule.value.prefix
      }

      dynamic "expiration" {
        for_each = rule.value.expiration_days[*]
        content {
          days = expiration.value
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = rule.value.noncurrent_version_expiration_days[*]
        content {
          noncurrent_days = noncurrent_version_expiration.value
        }
      }

      dynamic "abort_incomplete_multipart_upload" {
        for_each = rule.value.abort_incomplete_upload_days[*]
        content {
          days_after_initiation = abort_incomplete_multipart_upload.value
        }
      }

      dynamic "transition" {
        for_each = rule.value.transitions
        content {
          days          = transition.value.days
          storage_class = transition.value.storage_class
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this] # rules about noncurrent versions need versioning first
}

resource "aws_s3_bucket_notification" "this" {
  for_each    = { for name, bucket in var.s3_buckets : name => bucket if bucket.event_bridge || length(bucket.notifications) > 0 }
  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = each.value.event_bridge

  dynamic "queue" {
    for_each = { for name, to in each.value.notifications : name => to if split(":", to.target_arn)[2] == "sqs" }
    content {
      id            = queue.key
      queue_arn     = queue.value.target_arn
      events        = queue.value.events
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }

  dynamic "topic" {
    for_each = { for name, to in each.value.notifications : name => to if split(":", to.target_arn)[2] == "sns" }
    content {
      id            = topic.key
      topic_arn     = topic.value.target_arn
      events        = topic.value.events
      filter_prefix = topic.value.prefix
      filter_suffix = topic.value.suffix
    }
  }

  dynamic "lambda_function" {
    for_each = { for name, to in each.value.notifications : name => to if split(":", to.target_arn)[2] == "lambda" }
    content {
      id                  = lambda_function.key
      lambda_function_arn = lambda_function.value.target_arn
      events              = lambda_function.value.events
      filter_prefix       = lambda_function.value.prefix
      filter_suffix       = lambda_function.value.suffix
    }
  }
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  for_each = { for name, bucket in var.s3_buckets : name => bucket.object_lock if bucket.object_lock != null }
  bucket   = aws_s3_bucket.this[each.key].id

  rule {
    default_retention {
      mode = each.value.mode
      days = each.value.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

output "s3_buckets" {
  description = "Name and ARN of each bucket."
  value       = { for name, bucket in aws_s3_bucket.this : name => { id = bucket.id, arn = bucket.arn } }
}
