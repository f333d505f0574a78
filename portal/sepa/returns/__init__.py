"""What the bank sends back: booked, matched, and answered (retours de prélèvement)."""
