"""The forge in a browser: pages made on the server, that work without JavaScript."""
