"""Where the people of a node find the portal, for what is written to them."""

from typing import Any

from flask import current_app

from portal.panels import Place

# The home of a node, if not PUBLIC_URL; asked with a row that has a path.
mail_home: Place[Any, str] = Place()


def home_for(row: Any) -> str:
    """The address before the paths in a mail to this row's people, without a slash at its end."""
    return next(iter(mail_home.shown(row)), own_home())


def own_home() -> str:
    return str(current_app.config["PUBLIC_URL"]).rstrip("/")


def link(path: str) -> str:
    """Absolute address for a mail, built from PUBLIC_URL and never from the request's host.

    In a mail to people below a brand that has a host, that host takes its place.
    """
    return f"{own_home()}{path}"
