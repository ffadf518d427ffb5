# defines: arn:aws:lambda:REGION:ACCOUNT:function:{function_name}:*
# defines: arn:aws:logs:REGION:ACCOUNT:log-group:/aws/lambda/{function_name}:*
variable "lambda_functions" {
  description = "Lambda functions by name, each with its log group. Code is an exact version of an S3 object, or an image by digest."
  type = map(object({
    function_name = optional(string) # the key of the map, unless given
    description   = optional(string, "")
    role_arn      = string
    code = object({
      s3_bucket         = optional(string) # names: arn:aws:s3:::{}
      s3_key            = optional(string)
      s3_object_version = optional(string)
      image_uri         = optional(string)
    })
    handler                        = optional(string, "index.handler")
    runtime                        = optional(string, "python3.12")
    timeout                        = optional(number, 30)
    memory_size                    = optional(number, 128)
    architecture                   = optional(string, "x86_64")
    environment_variables          = optional(map(string), {})
    layers                         = optional(list(string), [])
    kms_key_arn                    = optional(string) # names: arn:aws:kms:REGION:ACCOUNT:{}
    reserved_concurrent_executions = optional(number, -1)
    dead_letter_target_arn         = optional(string)
    tracing_mode                   = optional(string)
    ephemeral_storage_mb           = optional(number) # 512, unless given
    code_signing_config_arn        = optional(string)
    vpc_config = optional(object({
      subnet_ids         = list(string)
      security_group_ids = list(string)
    }))
    log_retention_days = optional(number, 365) # 0: for ever
    log_kms_key_arn    = optional(string)      # names: arn:aws:kms:REGION:ACCOUNT:{}
    permissions = optional(map(object({        # who may invoke it, by the id of the statement
      principal      = string                  # a service, such as events.amazonaws.com, or an account
      source_arn     = optional(string)        # unordered: AWS does not look whether it is there
      source_account = optional(string)        # one's own for a service whose source_arn names none, unless given
    })), {})
    tags = optional(map(string), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for name, function in var.lambda_functions : can(regex("^[A-Za-z0-9_-]{1,64}$", coalesce(function.function_name, name)))
    ])
    error_message = "A function's name has at most 64 letters, digits, underscores and hyphens."
  }

  validation {
    condition = alltrue([
      for function in var.lambda_functions : (
        function.code.image_uri == null
        ? alltrue([for part in [function.code.s3_bucket, function.code.s3_key, function.code.s3_object_version] : part != null])
        : alltrue([for part in [function.code.s3_bucket, function.code.s3_key, function.code.s3_object_version] : part == null])
      )
    ])
    error_message = "code is either s3_bucket, s3_key and s3_object_version together, or image_uri alone."
  }

  validation {
    condition = alltrue([
      for function in var.lambda_functions :
      function.code.image_uri == null || can(regex("@sha256:[0-9a-f]{64}$", function.code.image_uri))
    ])
    error_message = "image_uri ends with the image's digest, @sha256:…: a tag can be moved after the review."
  }

  validation {
    condition     = alltrue([for function in var.lambda_functions : contains(["x86_64", "arm64"], function.architecture)])
    error_message = "architecture is \"x86_64\" or \"arm64\"."
  }

  validation {
    condition     = alltrue([for function in var.lambda_functions : function.timeout >= 1 && function.timeout <= 900])
    error_message = "timeout is a number of seconds from 1 to 900."
  }

  validation {
    condition     = alltrue([for function in var.lambda_functions : function.memory_size >= 128 && function.memory_size <= 10240])
    error_message = "memory_size is a number of MB from 128 to 10240."
  }

  validation {
    condition     = alltrue([for function in var.lambda_functions : contains(["Active", "PassThrough"], coalesce(function.tracing_mode, "Active"))])
    error_message = "tracing_mode is \"Active\" or \"PassThrough\"."
  }

  validation {
    condition = alltrue([
      for function in var.lambda_functions :
      function.ephemeral_storage_mb >= 512 && function.ephemeral_storage_mb <= 10240 if function.ephemeral_storage_mb != null
    ])
    error_message = "ephemeral_storage_mb is a number from 512 to 10240."
  }

  validation {
    condition     = alltrue([for function in var.lambda_functions : function.code_signing_config_arn == null || function.code.image_uri == null])
    error_message = "code_signing_config_arn is for code from S3: AWS does not check the signature of an image."
  }

  validation {
    condition = alltrue([
      for function in var.lambda_functions :
      contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], function.log_retention_days)
    ])
    error_message = "log_retention_days is 0 (for ever), 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

locals {
  lambda_permissions = merge([
    for name, function in var.lambda_functions : {
      for id, permission in function.permissions : "${name}/${id}" => merge(permission, { function = name, id = id })
    }
  ]...)

  # Services that would act for anybody's account: nothing names one, as an ARN of S3 does not.
  lambda_open_services = [
    for key, permission in local.lambda_permissions : key
    if can(regex("[.]amazonaws[.]com([.]cn)?$", permission.principal)) && !can(regex("^arn(:[^:]*){3}:[0-9]{12}:", permission.source_arn))
  ]
}

resource "aws_cloudwatch_log_group" "lambda" {
  for_each          = var.lambda_functions
  name              = "/aws/lambda/${coalesce(each.value.function_name, each.key)}"
  retention_in_days = each.value.log_retention_days
  kms_key_id        = each.value.log_kms_key_arn
  tags              = each.value.tags
}

resource "aws_lambda_function" "this" {
  for_each      = var.lambda_functions
  function_name = coalesce(each.value.function_name, each.key)
  description   = each.value.description
  role          = each.value.role_arn

  package_type      = each.value.code.image_uri == null ? "Zip" : "Image"
  image_uri         = each.value.code.image_uri
  s3_bucket         = each.value.code.s3_bucket
  s3_key            = each.value.code.s3_key
  s3_object_version = each.value.code.s3_object_version
  handler           = each.value.code.image_uri == null ? each.value.handler : null
  runtime           = each.value.code.image_uri == null ? each.value.runtime : null
  layers            = each.value.code.image_uri == null ? each.value.layers : null

  timeout                        = each.value.timeout
  memory_size                    = each.value.memory_size
  architectures                  = [each.value.architecture]
  kms_key_arn                    = each.value.kms_key_arn
  reserved_concurrent_executions = each.value.reserved_concurrent_executions
  code_signing_config_arn        = each.value.code_signing_config_arn
  tags                           = each.value.tags

  dynamic "environment" {
    for_each = length(each.value.environment_variables) > 0 ? [each.value.environment_variables] : []
    content {
      variables = environment.value
    }
  }

  dynamic "ephemeral_storage" {
    for_each = each.value.ephemeral_storage_mb[*]
    content {
      size = ephemeral_storage.value
    }
  }

  dynamic "dead_letter_config" {
    for_each = each.value.dead_letter_target_arn[*]
    content {
      target_arn = dead_letter_config.value
    }
  }

  dynamic "tracing_config" {
    for_each = each.value.tracing_mode[*]
    content {
      mode = tracing_config.value
    }
  }

  dynamic "vpc_config" {
    for_each = each.value.vpc_config[*]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  depends_on = [aws_cloudwatch_log_group.lambda] # else Lambda makes one itself, which keeps logs for ever
}

resource "aws_lambda_permission" "this" {
  for_each      = local.lambda_permissions
  statement_id  = each.value.id
  function_name = aws_lambda_function.this[each.value.function].function_name
  action        = "lambda:InvokeFunction"
  principal     = each.value.principal
  source_arn    = each.value.source_arn
  source_account = (
    contains(local.lambda_open_services, each.key) ? coalesce(each.value.source_account, var.account) : each.value.source_account
  )
}

output "lambda_functions" {
  description = "Name, ARN and version of each function."
  value       = { for name, function in aws_lambda_function.this : name => { name = function.function_name, arn = function.arn, version = function.version } }
}
