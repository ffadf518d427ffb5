"""The rules: what they are (`model`), how they are read (`load`), what is wrong with them (`lint`)."""
