"""A throw-away instance of the whole portal, and the nine steps of a contract's life lived on it."""
