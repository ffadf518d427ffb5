"""Policy engines behind one port: the same Rego gives the same findings on each, and every doubt blocks."""
