"""For acts that want it: has the person typed her password again a moment ago?"""

from flask import Response, g, url_for

from portal import htmx


def confirm_first(back: str) -> Response | None:
    """To the page of the password, and from there ``back``; None when it was typed a moment ago."""
    if g.sign_in.is_confirmed():
        return None
    return htmx.go(url_for("accounts.ask_password", next=back))
