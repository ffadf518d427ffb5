"""The trail: what was decided, counted, announced and done, as one chain of lines that nobody can change unseen."""
