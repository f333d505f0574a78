"""The list of obligations, as page, cards, CSV and workbook."""

from flask import g
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import PROVIDER, Permission, may
from portal.listing import NAME, WIDE, Cell, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.obligations.models import Duty, Obligation, Standing, stands
from portal.words.obligations import DUTY_WORDS, RIGHT_WORDS
from portal.words.states import look_of

_OTHER_PAGES = {  # of duties whose page is of the provider, and not for everybody who reads the list
    Duty.BREACH: Permission.PRIVACY_READ,
    Duty.PERSON: Permission.PRIVACY_READ,
    Duty.DEBIT: Permission.BATCH_READ,
}


def _name(row: Obligation) -> Cell:
    asked = _OTHER_PAGES.get(row.duty)
    if asked is not None and not (may(asked) and g.actor.role in PROVIDER):
        return row.label
    return Link(row.label, row.page, str(DUTY_WORDS[row.duty]))


def _rights(row: Obligation) -> str:
    """What a miss opens; nothing where it was kept or is still to come."""
    return " ; ".join(str(RIGHT_WORDS[name]) for name in row.rights) if row.is_missed else ""


OBLIGATIONS: Listing[Obligation] = define(
    Listing(
        name="obligations",
        label=_l("Engagements"),
        endpoint="obligations.list_obligations",
        permission=Permission.OBLIGATION_READ,
        model=Obligation,
        query=lambda: Obligation.visible_to(g.actor),
        load=(joinedload(Obligation.customer),),
        columns=[
            Column("label", _l("Engagement"), _name, rank=NAME),
            Column("customer", _l("Client"), lambda row: row.customer.name if row.customer else ""),
            Column("state", _l("État"), lambda row: Pill(row.standing)),
            Column("due", _l("Dû le"), lambda row: row.due_at),
            Column("duty", _l("Sorte"), lambda row: str(DUTY_WORDS[row.duty]), rank=WIDE),
            Column("clause", _l("Clause"), lambda row: row.clause, rank=WIDE),
            Column("kept", _l("Tenu le"), lambda row: row.kept_at, rank=WIDE),
            Column("rights", _l("Ouvre au client"), _rights, rank=WIDE),
        ],
        order=(Obligation.due_at.desc(), Obligation.id.desc()),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each, look_of(each).word) for each in Standing],
                lambda value: stands(Standing(value)),
            ),
            Choice(
                "duty",
                _l("Sorte"),
                lambda: [(each, DUTY_WORDS[each]) for each in Duty],
                lambda value: Obligation.duty == Duty(value),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucun engagement à tenir."),
            _l("Ce que les contrats et la loi demandent au prestataire pour un jour ou une heure est ici."),
            "",
            "",
        ),
    )
)
