"""Configuration as data: from the files that a change touches to resources, or to refusals with a place."""
