"""Calls to a partner's own system when something happened: signed, in order, tried for days."""
