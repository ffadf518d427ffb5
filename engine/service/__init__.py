"""`engine serve`: webhooks come in, are kept, and lead to runs; what waits for whom is shown."""
