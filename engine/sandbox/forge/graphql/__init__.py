"""GraphQL over the same rows: the part of GitHub's schema that ships with the forge."""
