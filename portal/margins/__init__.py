"""What remains to a reseller of what its customers were invoiced."""
