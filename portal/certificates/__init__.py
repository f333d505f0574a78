"""The provider's certificates (HDS, ISO/IEC 27001): what they cover, and what may be sold under them."""
