"""One event, carried out."""
