"""How a provider ends a contract: the warning, its letter, the end, and what it closes."""
