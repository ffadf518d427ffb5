"""Strict JMESPath: parsed with columns, checked when rules load, compiled to closures, explained when evaluated."""
