"""What is handed to the bank: collections due, the cockpit, batches, their files (remises)."""
