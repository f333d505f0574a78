"""Single sign-on: the people of a house sign in through its own directory (OpenID Connect)."""
