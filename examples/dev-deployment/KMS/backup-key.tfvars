environment = "development"

kms_keys = {
  "backup-key" = {
    description = "Encrypts backups"
    tags        = { Team = "platform" }
  }
}
