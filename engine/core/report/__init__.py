"""What people and machines are shown of a result. Values in, text out."""
