"""When subscriptions start, renew and end, and what an end costs: pure functions of the contract's values."""
