environment = "development"

sns_topics = {
  "order-events" = {
    subscriptions = {
      orders = {
        protocol             = "sqs"
        endpoint             = "arn:aws:sqs:us-east-1:111111111111:orders"
        raw_message_delivery = true
        filter_policy_file   = "orders.json"
      }
    }
    tags = { Team = "orders" }
  }
}
