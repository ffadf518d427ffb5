"""What people see: pages made on the server, without a script, in any browser."""
