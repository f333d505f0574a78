"""The portal with one more route, which does nothing: the floor that pages are compared with."""

from flask import Flask

from app import create_app as create_portal
from portal.access import public


@public("the floor of a measurement")
def bare() -> str:
    return "bare"


def create_app() -> Flask:
    app = create_portal()
    app.add_url_rule("/bare", view_func=bare)
    return app
