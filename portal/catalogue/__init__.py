"""Products, plans and prices (catalogue)."""
