environment = "development"

sqs_queues = {
  "jobs" = {
    tags = { Team = "platform" }
  }
}
