"""Applying what was approved, resource by resource: one module for each step, `every` has their order."""
