environment = "development"

sqs_queues = {
  "orders" = {
    visibility_timeout_seconds = 60
    dead_letter_queue          = true
    max_receive_count          = 3
    policy_file                = "orders.json"
    tags                       = { Team = "orders" }
  }
}
