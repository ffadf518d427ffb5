"""GitHub on a laptop: git over HTTP, REST, GraphQL, webhooks and pages over bare repositories and one SQLite file.

Nothing here knows the engine: no import of `core`, `run` or `adapters/git`, so that one mistake is never on both sides.
"""
