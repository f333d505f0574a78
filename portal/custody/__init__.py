"""Who holds the key of a vault, and how the customer reads it without lending it (garde de la clé)."""
