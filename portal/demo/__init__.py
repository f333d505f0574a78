"""A demonstration: invented organisations, orders in every state, real repositories to restore from."""
