"""The list of mandates."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Bulk, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.sepa.models import Mandate, MandateState
from portal.words.states import look_of


def _remind(mandate: Mandate) -> None:
    mandate.resend(by=g.actor)


MANDATES: Listing[Mandate] = define(
    Listing(
        name="mandates",
        label=_l("Mandats"),
        endpoint="sepa.list_mandates",
        permission=Permission.MANDATE_READ,
        model=Mandate,
        query=lambda: Mandate.visible_to(g.actor),
        load=(joinedload(Mandate.customer),),
        columns=[
            Column(
                "rum",
                _l("Référence (RUM)"),
                lambda row: Link(row.rum, url_for("sepa.show_mandate", uid=row.uid), row.iban_masked or ""),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("scheme", _l("Type"), lambda row: row.scheme, rank=WIDE),
            Column("signed_on", _l("Signé le"), lambda row: row.signed_on, is_number=True),
            Column(
                "last",
                _l("Dernier prélèvement"),
                lambda row: row.last_presented_on,
                rank=WIDE,
                is_number=True,
            ),
        ],
        order=(Mandate.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(s, look_of(s).word) for s in MandateState if s != MandateState.DRAFT],
                lambda value: Mandate.state == MandateState(value),
            )
        ],
        bulk=[Bulk("remind", _l("Renvoyer le lien à signer"), "send", Permission.MANDATE_WRITE, _remind)],
        nothing=lambda: Nothing(
            _l("Pas encore de mandat."),
            _l("Un mandat se demande depuis la fiche d'un client."),
            _l("Choisir un client"),
            url_for("customers.list_customers"),
        ),
    )
)
