environment = "development"

s3_buckets = {
  "acme-dev-analytics-reports" = {
    policy_file = "analytics-reports.json"
    tags        = { Team = "analytics" }
  }
}
