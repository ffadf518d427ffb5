environment = "development"

s3_buckets = {
  "acme-dev-data-lake" = {
    sse_algorithm = "aws:kms"
    kms_key_arn   = "arn:aws:kms:us-east-1:111111111111:alias/data-key"
    policy_file   = "data-lake.json"
    tags          = { Team = "data" }
  }
}
