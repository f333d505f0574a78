"""The agreement about data that a customer entrusts (GDPR, art. 28): written, sent, signed, written anew."""
