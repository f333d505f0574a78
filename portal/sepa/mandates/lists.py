"""The lists of mandates and of creditors (créanciers)."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.listing import FILE, NAME, WIDE, Bulk, Choice, Column, Euros, Link, Listing, Nothing, Pill, define
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import mask
from portal.sepa.models import Mandate, MandateState
from portal.words.states import look_of

AT_BANK = "at_bank"  # signed between businesses: the debtor's bank has to register it


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
                lambda: [(s, look_of(s).word) for s in (*MandateState, AT_BANK) if s != MandateState.DRAFT],
                lambda value: (
                    Mandate.is_at_bank() if value == AT_BANK else Mandate.state == MandateState(value)
                ),
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


def _freezes(entity: LegalEntity) -> str | None:
    return _("le %(n)d", n=entity.freeze_day) if entity.freeze_day else None


CREDITORS: Listing[LegalEntity] = define(
    Listing(
        name="creditors",
        label=_l("Créanciers"),
        endpoint="sepa.list_creditors",
        permission=Permission.CREDITOR_READ,
        model=LegalEntity,
        query=lambda: LegalEntity.visible_to(g.actor),
        columns=[
            Column(
                "name",
                _l("Créancier"),
                lambda row: Link(row.name, url_for("sepa.show_creditor", uid=row.uid), row.ics),
                rank=NAME,
            ),
            Column("ics", "ICS", lambda row: row.ics, rank=FILE),
            Column("is_default", _l("Par défaut"), lambda row: row.is_default, rank=FILE),
            Column("account", _l("Compte"), lambda row: mask(row.iban)),
            Column("bank", _l("Banque"), lambda row: row.bank_name, rank=WIDE),
            Column("file", _l("Fichier"), lambda row: f"pain.008.001.{row.message_version}", rank=WIDE),
            Column("notice", _l("Préavis (jours)"), lambda row: row.notice_days, rank=WIDE, is_number=True),
            Column(
                "limit",
                _l("Double validation dès"),
                lambda row: Euros(row.two_people_over_cents),
                is_number=True,
            ),
            Column("freeze_day", _l("Gel mensuel"), _freezes, is_number=True),
        ],
        order=(LegalEntity.name, LegalEntity.id),
        filters=[
            Choice(
                "freeze",
                _l("Gel mensuel"),
                lambda: [("day", _l("à un jour fixe")), ("person", _l("par une personne"))],
                lambda value: (
                    LegalEntity.freeze_day.is_not(None)
                    if value == "day"
                    else LegalEntity.freeze_day.is_(None)
                ),
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucun créancier."),
            _l("Une entité juridique facture et prélève : son identité, son compte, ses numéros."),
            _l("Nouvelle entité"),
            url_for("sepa.new_entity") if may(Permission.ENTITY_WRITE) else "",
        ),
    )
)
