"""Changes of a running subscription: what one leads to, who agrees to it, and when it counts."""
