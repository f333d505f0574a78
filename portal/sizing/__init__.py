"""What a backup service is set up for (dimensionnement), and its hand-over to who runs it there."""
