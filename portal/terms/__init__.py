"""The contracts as data (conditions contractuelles): values pinned by version, each with its clause."""
