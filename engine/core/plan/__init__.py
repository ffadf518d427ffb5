"""What a Terraform plan would do: read, masked, digested, told to people."""
