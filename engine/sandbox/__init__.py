"""What stands in for the outside world on a laptop: GitHub, AWS, the engine on them, and stories played there."""
