environment = "development"

lambda_functions = {
  "order-events" = {
    description = "Turns orders into events"
    role_arn    = "arn:aws:iam::111111111111:role/report-reader"
    code = { # an exact version: what was reviewed is what runs
      s3_bucket         = "acme-dev-build-cache"
      s3_key            = "order-events.zip"
      s3_object_version = "L4kqtJlcpXroDTDmpUMLUo"
    }
    environment_variables = { STAGE = "dev" }
    log_retention_days    = 30
    tags                  = { Team = "orders" }
  }
}
