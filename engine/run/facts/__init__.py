"""What is fetched to judge a subject: `gather` fetches each fact that expressions name, once."""
