"""Transfers that came in: kept once, matched to what is owed, or decided by people."""
