"""What all pages that open by a signed link have in common: visitor, code, corrections."""
