"""A local git repository, asked through git's plumbing: no checkout, no hooks, nobody's configuration."""
