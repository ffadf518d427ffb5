"""Lives of pull requests, played by people of the sandbox over its API and git: `engine sandbox --scenario NAME`."""
