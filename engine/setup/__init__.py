"""`engine init`: repositories that are ready to work, made of what is shipped and of a few answers."""
