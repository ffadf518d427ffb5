"""Accounts, organisations, teams, tokens, Apps and their installations, and who may do what."""
