# Common to all services; each service has its own output in its own file.

output "environment" {
  description = "Where this resource lives."
  value = {
    name    = var.environment
    account = var.account
    region  = var.region
  }
}
