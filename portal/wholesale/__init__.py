"""What a reseller that bills its own customers buys from the provider: an invoice a month, with its annex."""
