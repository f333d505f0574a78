"""The figures of each month, by reseller: kept by the hour, so that a page only reads a few rows."""
