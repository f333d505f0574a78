"""Quotes (devis): offers and special conditions, accepted with a code, that become orders by themselves."""
