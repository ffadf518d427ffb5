environment = "development"

iam_roles = {
  "build-runner" = {
    assume_role_policy_file = "build-runner.json"
    tags                    = { Team = "platform" }
  }
}
