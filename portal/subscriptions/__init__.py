"""Orders (commandes), subscriptions (abonnements), renewals and terminations (résiliations)."""
