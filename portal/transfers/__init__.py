"""A customer goes from one reseller to another: three consents by code, then everything hers moves."""
