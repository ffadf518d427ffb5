"""What is true, decided without touching anything: values in, values out."""
