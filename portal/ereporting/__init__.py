"""E-reporting: what is sold to consumers and abroad, and what they pay, told by period."""
