"""What stands in for the outside world on a laptop: `make demo`, the tests, later `engine sandbox`."""
