"""What AWS needs so that each job gets in where it belongs, and nowhere else."""
