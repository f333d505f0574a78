"""The page of a lot: how far it is, its keys, the file of them, and keys that come back."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import User
from portal.csv_file import csv_answer
from portal.db import db
from portal.errors import Refused
from portal.journal import record, record_taking, timeline
from portal.licensing.lots import KeyLot, LotState
from portal.licensing.models import ActivationKey
from portal.licensing.stock import StockKey, StockState
from portal.mail import queue_mail
from portal.paging import first_of, page_of
from portal.subscriptions.key_lots import JOB
from portal.subscriptions.key_mails import check_readable
from portal.subscriptions.stock_use import take_back
from portal.words.states import look_of

bp = Blueprint("key_lots", __name__, url_prefix="/key-stock/lots/<uid>")


def _lot(uid: str) -> KeyLot:
    query = KeyLot.visible_to(g.actor).options(joinedload(KeyLot.product), joinedload(KeyLot.customer))
    found: KeyLot = get_or_404(query, uid)
    return found


def _keys(lot: KeyLot) -> Any:
    if lot.subscription_uid:
        return ActivationKey.visible_to(g.actor).where(ActivationKey.origin == lot.origin)
    return StockKey.visible_to(g.actor).where(StockKey.lot_id == lot.id)


def _shown(lot: KeyLot) -> dict[str, Any]:
    kind = ActivationKey if lot.subscription_uid else StockKey
    return {
        "lot": lot,
        "task": jobs.find_task(JOB, lot.uid),
        "keys": page_of(_keys(lot), kind.id, name="keys"),
        "events": timeline(lot),
    }


@bp.get("")
@requires(Permission.KEY_STOCK_READ)
def show(uid: str) -> Response:
    lot = _lot(uid)
    if htmx.wants_fragment() and "keys" not in request.args and "events" not in request.args:
        finished = lot.state != LotState.WORKING
        return htmx.poll_answer("stocks/_progress.html", finished=finished, **_shown(lot))
    return Response(render_template("stocks/lot.html", **_shown(lot)))


@bp.post("/resumption")
@requires(Permission.KEY_STOCK_WRITE)
def resume(uid: str) -> Response:
    lot = _lot(uid)
    jobs.resume(JOB, lot.uid)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid))


@bp.post("/file")
@requires(Permission.LICENSE_REVEAL)
def take_file(uid: str) -> Response:
    """Every key as it is typed, for who may read keys; not while they are held."""
    lot = _lot(uid)
    if asking := confirm_first(url_for(".show", uid=uid), takes=True):
        return asking
    if lot.subscription_uid:
        check_readable(first_of(_keys(lot), 1))
    record_taking(lot, "take_keys", by=g.actor, count=lot.issued)
    return csv_answer("cles.csv", [_("Clé"), _("Postes"), _("Offre"), _("État")], _lines(_lot(uid)))


def _lines(lot: KeyLot) -> Iterator[list[Any]]:
    kind = ActivationKey if lot.subscription_uid else StockKey
    query = _keys(lot).order_by(kind.id).execution_options(yield_per=500)
    name = lot.product.name
    for key in db.session.scalars(query):
        state = "" if lot.subscription_uid else look_of(str(key.state)).word
        yield [key.code, key.seats, name, state]


def tell_lot(lot: KeyLot, person: User) -> None:
    record(lot, "send_again", by=person, to=person.email)
    queue_mail(
        person,
        "stocks/mail_lot.txt",
        about=lot,
        owner=person.organisation,
        language=person.language or "fr",
        lot=lot,
    )


@bp.post("/mail")
@requires(Permission.KEY_STOCK_WRITE)
def send_again(uid: str) -> Response:
    """To whoever asks, who may: the way to the keys, which no mailbox keeps as long as they are nobody's."""
    tell_lot(_lot(uid), g.actor)
    db.session.commit()
    return htmx.go(url_for(".show", uid=uid), toast=_("Le message part à votre adresse."))


@bp.post("/keys/<key_uid>/return")
@requires(Permission.KEY_STOCK_WRITE)
def give_back(uid: str, key_uid: str) -> Response:
    """A key that never activated anything is stock again."""
    lot = _lot(uid)
    wanted = StockKey.visible_to(g.actor).where(StockKey.lot_id == lot.id).with_for_update(of=StockKey)
    row = get_or_404(wanted, key_uid)
    if row.state != StockState.ASSIGNED:
        raise Refused(_("Cette clé est déjà dans le stock."))
    take_back(row, by=g.actor)
    record(lot, "take_back", by=g.actor)
    db.session.commit()
    return htmx.go(
        url_for(".show", uid=uid), toast=_("La clé est de nouveau dans le stock, sous un code neuf.")
    )


def lot_of(subscription_uid: str) -> list[KeyLot]:
    """Of one contract, the latest first."""
    query = select(KeyLot).where(KeyLot.subscription_uid == subscription_uid)
    return list(db.session.scalars(query.order_by(KeyLot.id.desc())))
