# defines: arn:aws:kms:REGION:ACCOUNT:alias/{alias}
variable "kms_keys" {
  description = "KMS keys by name, each with an alias. Rotated yearly; deletion waits 30 days unless said otherwise."
  type = map(object({
    alias                   = optional(string) # without `alias/`; the key of the map, unless given
    description             = optional(string, "")
    deletion_window_in_days = optional(number, 30)
    enable_key_rotation     = optional(bool, true)
    rotation_period_in_days = optional(number) # 365, unless given
    multi_region            = optional(bool, false)
    key_usage               = optional(string, "ENCRYPT_DECRYPT")
    policy_json             = optional(string) # document: kms-key-policy; the account's IAM decides, unless given
    tags                    = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, key in var.kms_keys :
      can(regex("^[A-Za-z0-9/_-]{1,250}$", coalesce(key.alias, name))) && !startswith(coalesce(key.alias, name), "alias/") && !startswith(coalesce(key.alias, name), "aws/")
    ])
    error_message = "alias has letters, digits, slashes, underscores and hyphens, and begins neither with \"alias/\" nor with \"aws/\"."
  }

  validation {
    condition     = alltrue([for key in var.kms_keys : key.deletion_window_in_days >= 7 && key.deletion_window_in_days <= 30])
    error_message = "deletion_window_in_days is a number from 7 to 30."
  }

  validation {
    condition = alltrue([
      for key in var.kms_keys :
      key.enable_key_rotation && key.key_usage == "ENCRYPT_DECRYPT" && key.rotation_period_in_days >= 90 && key.rotation_period_in_days <= 2560
      if key.rotation_period_in_days != null
    ])
    error_message = "rotation_period_in_days is a number from 90 to 2560, of a key that encrypts and rotates."
  }

  validation {
    condition     = alltrue([for key in var.kms_keys : contains(["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC"], key.key_usage)])
    error_message = "key_usage is \"ENCRYPT_DECRYPT\", \"SIGN_VERIFY\" or \"GENERATE_VERIFY_MAC\"."
  }

  validation {
    condition     = alltrue([for key in var.kms_keys : key.policy_json == null || can(jsondecode(key.policy_json).Statement)])
    error_message = "A key's policy is a JSON object with a Statement."
  }
}

locals {
  # Word for word what AWS gives a key without a policy: so that it stands in the plan, and keys that are there stay as they are.
  kms_default_policy = jsonencode({
    Version = "2012-10-17"
    Id      = "key-default-1"
    Statement = [{
      Sid       = "Enable IAM User Permissions"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${var.account}:root" }
      Action    = "kms:*"
      Resource  = "*"
    }]
  })
}

resource "aws_kms_key" "this" {
  for_each                = var.kms_keys
  description             = each.value.description
  deletion_window_in_days = each.value.deletion_window_in_days
  enable_key_rotation     = each.value.key_usage == "ENCRYPT_DECRYPT" && each.value.enable_key_rotation
  rotation_period_in_days = each.value.rotation_period_in_days
  multi_region            = each.value.multi_region
  key_usage               = each.value.key_usage
  customer_master_key_spec = {
    ENCRYPT_DECRYPT     = "SYMMETRIC_DEFAULT"
    SIGN_VERIFY         = "ECC_NIST_P256"
    GENERATE_VERIFY_MAC = "HMAC_256"
  }[each.value.key_usage]
  policy = coalesce(each.value.policy_json, local.kms_default_policy)
  tags   = each.value.tags
}

resource "aws_kms_alias" "this" {
  for_each      = var.kms_keys
  name          = "alias/${coalesce(each.value.alias, each.key)}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

output "kms_keys" {
  description = "Id, ARN and alias of each key."
  value       = { for name, key in aws_kms_key.this : name => { id = key.key_id, arn = key.arn, alias = aws_kms_alias.this[name].name } }
}
