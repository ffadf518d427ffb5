environment = "development"

iam_roles = {
  "report-reader" = {
    description             = "Reads the data lake for reports"
    assume_role_policy_file = "trust.json"
    inline_policies_file    = { read-data-lake = "read-data-lake.json" }
    tags                    = { Team = "data" }
  }
}
