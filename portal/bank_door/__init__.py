"""The bank door: a watched folder through which released files leave and the bank's answers come in."""
