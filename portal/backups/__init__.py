"""Backup health (suivi des sauvegardes): machines, the runs they report, reviews, daily volumes."""
