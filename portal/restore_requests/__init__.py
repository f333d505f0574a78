"""Restore requests (demandes de restauration): from the call to the file handed over and checked."""
