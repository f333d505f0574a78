"""The way to the e-invoicing platform: documents leave, statuses go both ways, none is lost or doubled."""
