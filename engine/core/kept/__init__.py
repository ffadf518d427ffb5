"""What is kept for later runs: names and forms, as values; the bytes are somebody else's."""
