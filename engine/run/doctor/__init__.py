"""What is wrong with a set-up: GitHub, keys, clock, versions. Each module looks, and returns findings."""
