"""A provider's years on the real product, day by day, and a judge who reads only what comes out of it."""
