"""Storage engine (moteur de sauvegarde): everything the portal asks of a restic repository.

A library without web or database. Sizes are bytes, instants are aware UTC datetimes.
"""
