"""Sign-up on the web (inscription): leads, trials (essais), and their way into production."""
