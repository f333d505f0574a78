"""Proof of the books: what the last verification found, and a button for another one."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.books.checking import ask_check
from portal.books.models import last_check
from portal.db import db
from portal.resellers.issuing import issuers_to_run
from portal.resellers.models import TOP_FIRST
from portal.words.books import FAULTS

bp = Blueprint("books", __name__, url_prefix="/billing")


@bp.get("/books")
@requires(Permission.BOOKS_READ)
def show_proof() -> Response:
    entities = list(db.session.scalars(issuers_to_run(g.actor).order_by(*TOP_FIRST)))
    page = render_template(
        "books/proof.html",
        checks=[(entity, last_check(entity)) for entity in entities],
        faults=FAULTS,
        form=FlaskForm(),
    )
    return make_response(page)


@bp.post("/books/<uid>/check")
@requires(Permission.BOOKS_CHECK)
def check(uid: str) -> Response:
    ask_check(get_or_404(issuers_to_run(g.actor), uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for("books.show_proof"), toast=_("La vérification est demandée ; rechargez bientôt."))
