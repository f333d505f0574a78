"""When a reseller fails: its customers are offered to be served by the provider or by another reseller."""
