"""Reversibility (réversibilité): handing a customer's data back, then destroying it with a certificate."""
