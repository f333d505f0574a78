"""Health checks (adresses de contrôle): an address of one's own monitoring hears whether all is well."""
