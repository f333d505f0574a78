"""People who sign in (utilisateurs), the organisations they belong to, and their sessions."""
