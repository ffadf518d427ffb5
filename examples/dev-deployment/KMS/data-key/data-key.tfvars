environment = "development"

kms_keys = {
  "data-key" = {
    description = "Encrypts the data lake"
    policy_file = "data-key.json"
    tags        = { Team = "data" }
  }
}
