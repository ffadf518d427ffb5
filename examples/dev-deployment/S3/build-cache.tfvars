environment = "development"

s3_buckets = {
  "acme-dev-build-cache" = {
    tags = { Team = "platform" }
  }
}
