"""Availability of services (disponibilité): outages, measures, maintenance, credits, the status page."""
