"""A contract passes to another customer of the same reseller: both ask in writing, the provider consents."""
