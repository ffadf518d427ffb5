"""Issues and pull requests: reviews, comments, labels, the timeline, merging."""
