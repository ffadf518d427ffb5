"""How many things happen at once, and what happens when one fails or somebody says stop."""
