"""One module per command: read arguments, call one function, print, return an exit code."""
