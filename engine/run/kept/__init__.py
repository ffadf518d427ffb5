"""What runs keep in the store, and what they find of earlier ones there."""
