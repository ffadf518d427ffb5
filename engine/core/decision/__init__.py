"""The pure decision: event + facts + rules → which pipelines, each gate's outcome and why, which actions."""
