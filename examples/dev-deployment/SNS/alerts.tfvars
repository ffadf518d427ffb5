environment = "development"

sns_topics = {
  "alerts" = {
    display_name = "Alerts"
    tags         = { Team = "platform" }
  }
}
