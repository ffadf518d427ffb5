environment = "development"

s3_buckets = {
  "acme-dev-analytics-uploads" = {
    block_public_access = false
    policy_file         = "analytics-uploads.json"
  }
}
