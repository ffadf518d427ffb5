"""Terraform (or OpenTofu) as an executor: `workspace.prepare` once, then `plan.plan` for each resource, in parallel.

Driven through its machine interfaces only; nothing here reads text that is meant for people, except error messages,
which Terraform does not number (`failures`).
"""
