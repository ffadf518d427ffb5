"""The outside world, one package each behind a port of few methods. Nothing here knows of decisions."""
