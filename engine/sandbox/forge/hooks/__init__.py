"""Webhooks: what is sent, in which order, again, or on demand not as it should be."""
