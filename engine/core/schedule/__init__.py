"""What has to be done before what, and what is done next: order as values."""
