"""The list of usage above the contracts (écarts d'usage)."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.answers.rules.periods import last_usable_day
from portal.backups.gaps import GapKind, GapState, UsageGap
from portal.customers.lists import customer_column
from portal.errors import Refused
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Bulk,
    Cell,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    Quantity,
    define,
)
from portal.resellers.issuing import runs
from portal.resellers.models import issuer_for
from portal.subscriptions.models import Subscription
from portal.words.states import look_of

_KINDS = {
    GapKind.VOLUME: _l("Volume"),
    GapKind.SEATS: _l("Postes"),
    GapKind.EDITION: _l("Machines hors de l'édition"),
    GapKind.MEASURE: _l("Jours sans mesure"),
    GapKind.UNUSUAL: _l("Usage inhabituel"),
}


def _tax(gap: UsageGap) -> str:
    return _("TTC") if gap.subscription.includes_vat else _("HT")


def _amount(gap: UsageGap) -> Cell:
    return Euros(gap.extra_cents, _tax(gap)) if gap.extra_cents else None


def _of(gap: UsageGap, number: int) -> Quantity:
    return Quantity(number, _unit(gap, number))


def _unit(gap: UsageGap, number: int = 2) -> str:
    if gap.kind == GapKind.MEASURE:
        return ngettext("jour", "jours", number)
    return _("Go") if gap.kind in (GapKind.VOLUME, GapKind.UNUSUAL) else ngettext("poste", "postes", number)


def _link(gap: UsageGap) -> Link:
    clause = gap.clause.clause if gap.clause else ""
    return Link(gap.subscription.label, url_for("usage_gaps.show_gap", uid=gap.uid), clause)


def decides(gap: UsageGap) -> bool:
    """May the actor bill or drop it: does she run the months of the entity that bills this customer?"""
    return may(Permission.MONTH_RUN) and runs(g.actor, issuer_for(gap))


def _bill(gap: UsageGap) -> None:
    if not decides(gap):
        raise Refused(_("Une autre entité facture ce client."))
    gap.bill(by=g.actor)


GAPS: Listing[UsageGap] = define(
    Listing(
        name="usage-gaps",
        label=_l("Écarts d'usage"),
        endpoint="usage_gaps.list_gaps",
        permission=Permission.GAP_READ,
        model=UsageGap,
        query=lambda: UsageGap.visible_to(g.actor),
        load=(joinedload(UsageGap.subscription).joinedload(Subscription.customer),),
        columns=[
            Column("subscription", _l("Abonnement"), _link, rank=NAME),
            customer_column(lambda row: (row.subscription.customer, row.subscription.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("kind", _l("Ce qui dépasse"), lambda row: str(_KINDS[row.kind]), rank=FILE),
            Column("unit", _l("Unité"), _unit, rank=FILE),
            Column(
                "contracted", _l("Prévu"), lambda row: _of(row, row.contracted), rank=WIDE, is_number=True
            ),
            Column("used", _l("Utilisé"), lambda row: _of(row, row.used), is_number=True),
            Column("difference", _l("Différence"), _amount, is_number=True),
            Column("tax", _l("Taxes"), _tax, rank=FILE),
            Column("clause", _l("Clause"), lambda row: row.clause.clause if row.clause else None, rank=FILE),
            Column("period_on", _l("Période du"), lambda row: row.period_on, rank=FILE, is_number=True),
            Column(
                "period_ends_on",
                _l("Période au"),
                lambda row: last_usable_day(row.period_ends_on),
                is_number=True,
            ),
            Column("decided_at", _l("Décidé le"), lambda row: row.decided_at, rank=FILE),
            Column("note", _l("Motif"), lambda row: row.note or None, rank=WIDE),
        ],
        order=(UsageGap.state.desc(), UsageGap.id.desc()),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in GapState],
                lambda value: UsageGap.state == GapState(value),
            ),
            Choice(
                "kind",
                _l("Ce qui dépasse"),
                lambda: [(kind, _KINDS[kind]) for kind in GapKind],
                lambda value: UsageGap.kind == GapKind(value),
            ),
            Period("period", _l("Période"), UsageGap.period_on),
        ],
        bulk=[
            Bulk(
                "bill",
                _l("Facturer la différence"),
                "receipt",
                Permission.MONTH_RUN,
                _bill,
                sure=_l("Chaque différence sera sur la prochaine facture de son client."),
            )
        ],
        nothing=lambda: Nothing(
            _l("Aucun écart : chacun utilise ce qu'il a commandé."),
            _l("L'usage est comparé aux commandes chaque jour ; un écart se note une fois par période."),
            _l("Voir les abonnements"),
            url_for("subscriptions.list_subscriptions") if may(Permission.SUBSCRIPTION_READ) else "",
        ),
    )
)
