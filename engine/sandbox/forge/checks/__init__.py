"""What is said of a commit: check suites and runs, statuses, deployments."""
