# defines: arn:aws:iam::ACCOUNT:role{path}{role_name}
# defines: arn:aws:sts::ACCOUNT:assumed-role/{role_name}/*
variable "iam_roles" {
  description = "IAM roles by name, with their inline policies and attached managed policies."
  type = map(object({
    role_name               = optional(string) # the key of the map, unless given
    path                    = optional(string, "/")
    description             = optional(string, "")
    max_session_duration    = optional(number, 3600)
    permissions_boundary    = optional(string)
    assume_role_policy_json = string                    # document: trust-policy
    inline_policies_json    = optional(map(string), {}) # document: role-policy; by name
    managed_policy_arns     = optional(list(string), [])
    tags                    = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, role in var.iam_roles : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", coalesce(role.role_name, name)))
    ])
    error_message = "A role's name has at most 64 letters, digits and +=,.@_- characters."
  }

  validation {
    condition     = alltrue([for role in var.iam_roles : can(regex("^/([!-~]+/)?$", role.path))])
    error_message = "path begins and ends with a slash."
  }

  validation {
    condition     = alltrue([for role in var.iam_roles : role.max_session_duration >= 3600 && role.max_session_duration <= 43200])
    error_message = "max_session_duration is a number of seconds from 3600 to 43200."
  }

  validation {
    condition = alltrue(flatten([
      for role in var.iam_roles : [
        for document in concat([role.assume_role_policy_json], values(role.inline_policies_json)) :
        can(jsondecode(document).Statement)
      ]
    ]))
    error_message = "A role's policies are JSON objects with a Statement."
  }

  validation {
    condition     = alltrue([for role in var.iam_roles : length(distinct(role.managed_policy_arns)) == length(role.managed_policy_arns)])
    error_message = "managed_policy_arns names a policy twice."
  }
}

locals {
  iam_inline_policies = merge([
    for name, role in var.iam_roles : {
      for policy, document in role.inline_policies_json :
      "${name}/${policy}" => { role = name, name = policy, document = document }
    }
  ]...)

  iam_attachments = merge([
    for name, role in var.iam_roles : { for arn in role.managed_policy_arns : "${name}/${arn}" => { role = name, arn = arn } }
  ]...)
}

resource "aws_iam_role" "this" {
  for_each             = var.iam_roles
  name                 = coalesce(each.value.role_name, each.key)
  path                 = each.value.path
  description          = each.value.description
  max_session_duration = each.value.max_session_duration
  permissions_boundary = each.value.permissions_boundary
  assume_role_policy   = each.value.assume_role_policy_json
  tags                 = each.value.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = local.iam_inline_policies
  name     = each.value.name
  role     = aws_iam_role.this[each.value.role].id
  policy   = each.value.document
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = local.iam_attachments
  role       = aws_iam_role.this[each.value.role].name
  policy_arn = each.value.arn
}

output "iam_roles" {
  description = "Name and ARN of each role."
  value       = { for name, role in aws_iam_role.this : name => { name = role.name, arn = role.arn } }
}
