# The universal module: one resource of ours (one state) is one call of it with the variables of one service.
# A service is one file `<service>.tf` here, with its variable, locals, resources and output; nothing else names services.
# The module opens no file: documents arrive as JSON text (`<name>_json  # document: KIND`), code as an S3 object version
# or an image digest.

terraform {
  required_version = ">= 1.10"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0" # what .terraform.lock.hcl has the hashes of
    }
  }

  backend "s3" {} # partial: the engine gives bucket, key, region, lock file and encryption
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account] # credentials of another account are refused before anything is planned

  skip_credentials_validation = var.emulator
  skip_metadata_api_check     = var.emulator
  skip_region_validation      = var.emulator
  s3_use_path_style           = var.emulator

  default_tags {
    tags = {
      ManagedBy   = "terraform"
      Environment = var.environment
    }
  }
}

locals {
  # From the region, not from the provider: an ARN that is known when planning can be judged by policies.
  partition = startswith(var.region, "cn-") ? "aws-cn" : startswith(var.region, "us-gov-") ? "aws-us-gov" : "aws"
}
