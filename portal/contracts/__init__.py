"""Contracts as they run: their dates, what leaving costs, amendments; who is told of new terms and prices."""
