"""Keys, seals and encrypted files: everything that the portal signs or encrypts with."""
