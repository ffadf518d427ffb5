"""`engine serve`: webhooks in, work done, pages to look at."""
