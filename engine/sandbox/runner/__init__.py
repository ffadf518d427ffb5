"""The engine on the sandbox's forge, as CI would start it: one process per webhook."""
