"""Keys in number: lots, the stock of a reseller, and pools of another vendor's keys."""
