"""A throw-away instance of the whole portal, and a provider and a contract lived on it."""
