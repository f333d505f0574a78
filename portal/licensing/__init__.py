"""Activation keys, seats and licence files of the products sold (clés de licence)."""
