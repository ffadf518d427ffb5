# Common to all services. The engine sets these; a tfvars file may set `environment` only.

variable "environment" {
  description = "Name of the environment, for example development."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.environment))
    error_message = "environment is a lower case name such as \"development\"."
  }
}

variable "account" {
  description = "The AWS account of the environment: the only one that the provider may touch."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "account is an AWS account id of 12 digits, in quotes."
  }
}

variable "region" {
  description = "The AWS region of the environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is an AWS region such as \"us-east-1\"."
  }
}

variable "emulator" {
  description = "True only when AWS_ENDPOINT_URL names a local emulator: checks that only real AWS can answer are skipped."
  type        = bool
  default     = false
}
