"""Another means of payment for a running subscription, from a period that nobody has begun to ask for.

Apart from the other changes, since nothing of what is sold changes and no amendment is signed: a mandate is
signed by itself, and a transfer needs nobody's signature.
"""
