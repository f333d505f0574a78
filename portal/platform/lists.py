"""What was said to the platforms, the newest first."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from portal.access import Permission
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Period, Pill, define
from portal.platform.models import MessageState, Platform, PlatformMessage
from portal.resellers.lists import entity_choice
from portal.words.states import look_of


def _states() -> list[tuple[str, Any]]:
    return [(state.value, look_of(state).word) for state in MessageState]


def _what(row: PlatformMessage) -> str:
    if row.report_id is not None:
        return _("e-reporting")
    return _("document") if row.einvoice_id else _("encaissement")


MESSAGES: Listing[PlatformMessage] = define(
    Listing(
        name="platform-messages",
        label=_l("Plateforme de facturation électronique"),
        endpoint="platform.list_messages",
        permission=Permission.BILLING_READ,
        model=PlatformMessage,
        query=lambda: PlatformMessage.visible_to(g.actor),
        columns=[
            Column(
                "number",
                _l("Numéro"),
                lambda row: Link(row.number, url_for("platform.show_message", uid=row.uid), row.why),
                rank=NAME,
            ),
            Column("what", _l("Quoi"), _what),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("sent_at", _l("Envoyé le"), lambda row: row.sent_at, rank=WIDE, is_number=True),
            Column(
                "cents",
                _l("Montant"),
                lambda row: None if row.amount_cents is None else Euros(row.amount_cents),
                is_number=True,
            ),
        ],
        order=(PlatformMessage.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, lambda value: PlatformMessage.state == MessageState(value)),
            entity_choice(
                _l("Émetteur"),
                select(Platform.legal_entity_id)
                .where(Platform.id == PlatformMessage.platform_id)
                .scalar_subquery(),
            ),
            Period("came", _l("Préparé"), PlatformMessage.created_at),
        ],
        nothing=lambda: Nothing(
            _l("Rien n'a été envoyé."),
            _l("Les factures électroniques partent quand une plateforme est choisie."),
        ),
    )
)
