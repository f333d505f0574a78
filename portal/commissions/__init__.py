"""What the provider owes a reseller whose customers it invoices itself: its margin on what they have paid."""
