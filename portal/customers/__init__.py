"""End customers (clients finaux), their contacts, and the terms that they accepted."""
