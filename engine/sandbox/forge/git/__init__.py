"""Repositories: bare ones on the disk, smart HTTP, pushes and who may make them, merges, what REST tells of them."""
