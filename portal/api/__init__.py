"""REST v1: what machines ask of the portal."""
