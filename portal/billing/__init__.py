"""Charges, pro-formas, invoices (factures) and payments."""
