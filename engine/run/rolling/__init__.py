"""The way back of what was applied: where it leads, what it would do, and the pull request that asks for it."""
