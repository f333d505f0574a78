"""The interface for the systems of partners (REST, OpenAPI 3.1): tokens, what they may, how they answer."""
