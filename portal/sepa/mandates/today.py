"""Mandates that wait for their signature."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.sepa.mandates.lists import AT_BANK
from portal.sepa.models import Mandate, MandateState
from portal.sepa.models.creditor_change import ChangeState, CreditorChange
from portal.today import Cost, Kind, Todo, waits


def _unsigned() -> Select[tuple[Mandate]]:
    query = Mandate.visible_to(g.actor).where(Mandate.state == MandateState.SENT)
    return query.options(joinedload(Mandate.customer))


def _told(mandate: Mandate) -> Todo:
    link = mandate.link
    return Todo(
        what=_("Mandat à faire signer"),
        who=mandate.customer.name,
        url=url_for("sepa.show_mandate", uid=mandate.uid),
        button=_("Relancer"),
        due=link.expires_at if link is not None else None,
    )


waits(
    Kind(
        name="mandate.signature",
        label=_l("Mandats à faire signer"),
        cost=Cost.MONEY,
        permission=Permission.MANDATE_WRITE,
        rows=_unsigned,
        order=(Mandate.id,),
        tell=_told,
        everything=lambda: url_for("sepa.list_mandates", state=MandateState.SENT),
        entry="sepa.list_mandates",
    )
)


def _papers() -> Select[tuple[Mandate]]:
    query = Mandate.visible_to(g.actor).where(Mandate.state == MandateState.CHECKING)
    query = query.where(Mandate.paper_entered_by_id != g.actor.id)
    return query.options(joinedload(Mandate.customer))


waits(
    Kind(
        name="mandate.paper",
        label=_l("Mandats sur papier à relire"),
        cost=Cost.MONEY,
        permission=Permission.MANDATE_AGREE,
        rows=_papers,
        order=(Mandate.id,),
        tell=lambda row: Todo(
            what=_("Mandat sur papier à relire"),
            who=row.customer.name,
            url=url_for("sepa.show_mandate", uid=row.uid),
            button=_("Relire"),
        ),
        everything=lambda: url_for("sepa.list_mandates", state=MandateState.CHECKING),
        entry="sepa.list_mandates",
    )
)


def _at_bank() -> Select[tuple[Mandate]]:
    query = Mandate.visible_to(g.actor).where(Mandate.is_at_bank())
    return query.options(joinedload(Mandate.customer))


waits(
    Kind(
        name="mandate.bank",
        label=_l("Mandats interentreprises à faire enregistrer"),
        cost=Cost.MONEY,
        permission=Permission.MANDATE_WRITE,
        rows=_at_bank,
        order=(Mandate.id,),
        tell=lambda row: Todo(
            what=_("La banque du client doit enregistrer le mandat"),
            who=row.customer.name,
            url=url_for("sepa.show_mandate", uid=row.uid),
            button=_("Noter sa confirmation"),
        ),
        everything=lambda: url_for("sepa.list_mandates", state=AT_BANK),
        entry="sepa.list_mandates",
    )
)


def _changes(state: ChangeState) -> Select[tuple[CreditorChange]]:
    query = CreditorChange.visible_to(g.actor).where(CreditorChange.state == state)
    return query.options(joinedload(CreditorChange.legal_entity))


waits(
    Kind(
        name="creditor.agree",
        label=_l("Changements de créancier à accepter"),
        cost=Cost.BANK,
        permission=Permission.CREDITOR_WRITE,
        rows=lambda: _changes(ChangeState.ASKED).where(CreditorChange.asked_by_id != g.actor.id),
        order=(CreditorChange.id,),
        tell=lambda row: Todo(
            what=_("Changement de créancier à accepter ou à arrêter"),
            who=row.legal_entity.name,
            url=url_for("sepa.show_creditor", uid=row.legal_entity.uid),
            button=_("Lire"),
        ),
        everything=lambda: url_for("sepa.list_creditors"),
        entry="sepa.cockpit",
    )
)
waits(
    Kind(
        name="creditor.counts",
        label=_l("Changements de créancier qui vont compter"),
        cost=Cost.BANK,
        permission=Permission.CREDITOR_WRITE,
        rows=lambda: _changes(ChangeState.AGREED),
        order=(CreditorChange.counts_at, CreditorChange.id),
        tell=lambda row: Todo(
            what=_("Un changement de créancier va compter : dernier moment pour l'arrêter"),
            who=row.legal_entity.name,
            url=url_for("sepa.show_creditor", uid=row.legal_entity.uid),
            button=_("Lire"),
            due=row.counts_at,
        ),
        everything=lambda: url_for("sepa.list_creditors"),
        entry="sepa.cockpit",
    )
)
