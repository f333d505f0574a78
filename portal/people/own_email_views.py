"""The links of a changed address: one confirms it, one stops it. Opening either changes nothing."""

from flask import Response, g, make_response, redirect, render_template, url_for

from portal.access import public
from portal.db import EVERYTHING, db, scope
from portal.people.own_email import change_behind, confirm_email, stop_email, stoppable
from portal.people.views import bp


@bp.get("/email/<token>")
@public("the holder of a mailbox confirms that it is hers; the link is the proof")
def show_email_change(token: str) -> Response:
    row = change_behind(token)
    return make_response(render_template("people/email.html", email=row.new_email, token=token, stops=False))


@bp.post("/email/<token>")
@public("the holder of a mailbox confirms that it is hers; the link is the proof")
def confirm_email_change(token: str) -> Response:
    with scope(EVERYTHING):
        row = change_behind(token)
        hers = g.actor is not None and g.sign_in.user.person_id == row.person_id
        confirm_email(row, keep=g.sign_in if hers else None)
        db.session.commit()
    return make_response(redirect(url_for("account.show" if hers else "accounts.login"), 303))


@bp.get("/email/stop/<token>")
@public("the holder of the former address stops what was not hers; the link is the proof")
def show_email_stop(token: str) -> Response:
    row = stoppable(token)
    return make_response(render_template("people/email.html", email=row.new_email, token=token, stops=True))


@bp.post("/email/stop/<token>")
@public("the holder of the former address stops what was not hers; the link is the proof")
def stop_email_change(token: str) -> Response:
    with scope(EVERYTHING):
        stop_email(stoppable(token))
        db.session.commit()
    return make_response(render_template("people/email_stopped.html"))
