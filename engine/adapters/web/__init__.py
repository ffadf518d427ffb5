"""What the pages of the sandbox and those of `engine serve` have in common."""
