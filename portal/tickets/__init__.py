"""Tickets (demandes, incidents, réclamations) with the clocks of their contract."""
