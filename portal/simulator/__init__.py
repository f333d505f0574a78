"""Asks every package's rules a contract question, without a screen and without a database."""
