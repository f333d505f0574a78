"""Builds the application; no logic."""

import gc

from flask import Flask
from flask_migrate import Migrate

from portal import cli, config, db, form_filters, htmx, i18n, logs, web
from portal.accounts import sessions
from portal.crypto import secrets
from portal.engine import installed
from portal.rooms import open_rooms
from portal.safekeeping import known_keys
from portal.terms import showing
from portal.words import filters as words


def create_app(**overrides: object) -> Flask:
    """The application, configured from the environment; ``overrides`` replace single settings."""
    app = Flask(__name__)
    app.config.update(config.from_environment())
    app.config.update(overrides)
    logs.configure()
    logs.init_app(app)
    known_keys.init_app(app)
    secrets.init_app(app)
    db.init_app(app)
    Migrate(app, db.db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    i18n.init_app(app)
    showing.init_app(app)
    words.init_app(app)
    form_filters.init_app(app)
    sessions.init_app(app)
    web.init_app(app)
    htmx.init_app(app)
    installed.init_app(app)
    open_rooms(app)
    cli.init_app(app)
    gc.freeze()  # modules, routes and models stay until the end: the collector passes them over
    return app
