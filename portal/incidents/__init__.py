"""Incidents, their clocks, the claims that they allow and the money that they cost (avoirs SLA)."""
