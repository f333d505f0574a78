"""One URL, two shapes: a whole page, or the fragment that htmx swaps."""

import json
from typing import Any

from flask import Flask, Response, flash, g, make_response, redirect, render_template, request
from flask_babel import gettext as _
from htmx_flask import Htmx
from htmx_flask import request as _htmx_request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal.db import db
from portal.errors import PortalError
from portal.i18n import said

_reader = Htmx()


def wants_fragment() -> bool:
    """True for a swap; false for a boosted link or a history restore, which need the page."""
    headers = _htmx_request.htmx
    return bool(headers) and not headers.boosted and not headers.history_restore_request


def render(page: str, fragment: str, status: int = 200, **context: Any) -> Response:
    template = fragment if wants_fragment() else page
    return _vary(make_response(render_template(template, **context), status))


def done(fragment: str, see: str, *, toast: str = "", **context: Any) -> Response:
    """After a write: the fresh fragment, or for a plain form a redirect to the page."""
    if not wants_fragment():
        return go(see, toast=toast)
    response = make_response(render_template(fragment, **context))
    if toast:
        response.headers["HX-Trigger"] = json.dumps({"toast": {"message": toast}})
    return _vary(response)


def go(see: str, *, toast: str = "") -> Response:
    """Send the person to another page: 303, or ``HX-Redirect`` for htmx, which follows 302 blindly."""
    if toast:
        flash(toast, "done")
    if wants_fragment():
        response = make_response("", 200)
        response.headers["HX-Redirect"] = see
        return _vary(response)
    return _vary(make_response(redirect(see, 303)))


def poll_answer(fragment: str, *, finished: bool, **context: Any) -> Response:
    """Answer of a polled fragment; status 286 tells htmx to stop asking, and the page is shown afresh."""
    response = make_response(render_template(fragment, **context), 286 if finished else 200)
    if finished:
        response.headers["HX-Refresh"] = "true"  # the rest of the page speaks of the same work
    return _vary(response)


def _vary(response: Response) -> Response:
    response.vary.add("HX-Request")
    return response


def _refuse(message: str, status: int) -> Response:
    if wants_fragment():
        response = make_response(render_template("_notice.html", message=message), status)
        response.headers["HX-Retarget"] = "#notice"
        response.headers["HX-Reswap"] = "innerHTML"
        return _vary(response)
    back = request.referrer if _is_local(request.referrer) else None
    page = render_template("refused.html", message=message, back=back)
    return _vary(make_response(page, status))


def _is_local(url: str | None) -> bool:
    return bool(url) and str(url).startswith(request.host_url)


def _is_taken(error: IntegrityError) -> bool:
    """Was it a unique value that somebody else had just taken? Anything else is a fault of ours."""
    return getattr(error.orig, "sqlstate", "") == "23505" or "UNIQUE constraint" in str(error.orig)


def init_app(app: Flask) -> None:
    _reader.init_app(app)

    @app.errorhandler(PortalError)
    def refuse(error: PortalError) -> Response:
        if g.get("json_api"):
            raise error
        db.session.rollback()  # before the person's language is read: it may be in the same session
        return _refuse(said(error), error.status)

    @app.errorhandler(StaleDataError)
    def overtaken(error: StaleDataError) -> Response:
        db.session.rollback()
        return _refuse(
            _("Quelqu'un a modifié cette fiche entre-temps. Rechargez la page, puis recommencez."), 409
        )

    @app.errorhandler(IntegrityError)
    def made_at_once(error: IntegrityError) -> Response:
        """Two made the same thing at the same moment, and this one came second."""
        if g.get("json_api") or not _is_taken(error):
            raise error
        db.session.rollback()
        return _refuse(_("Cela vient d'être fait, au même moment. Rechargez la page pour le voir."), 409)
