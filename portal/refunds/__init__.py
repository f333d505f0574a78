"""What is owed back to customers, and how it gets to them."""
