"""Factur-X: an invoice as EN 16931 data, checked, embedded in its PDF/A-3. Nothing here reads a row."""
