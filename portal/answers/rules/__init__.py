"""When contracts start, renew and end, what an end costs, how data goes back: pure functions of values."""
