"""A reseller that invoices its customers itself, beside one that is paid a commission: prices and money."""

from datetime import date, timedelta
from functools import partial

from sqlalchemy import select

from portal import clock
from portal.billing.balance import position_of
from portal.billing.models import Invoice, InvoiceState
from portal.catalogue.price_lists import set_wholesale
from portal.db import commits, db
from portal.demo.houses import RESELLERS
from portal.demo.numbers import make_iban
from portal.demo.past.cast import Member
from portal.demo.past.office import Office
from portal.demo.past.stage import Stage
from portal.refunds.accounts import account_of, enter_account
from portal.refunds.files import make_file, ready_of, release_file, send_file
from portal.wholesale.models import buyer_of

_OWN = len(RESELLERS)  # its place in the list of houses
_BUYS = (0, _OWN)  # the first one earns a commission at these prices, the last one buys at them
_PRICES = {"NB-WS-M": 420, "NB-WS": 4_200, "WS-M": 860, "DB-36": 24_000}  # cents, as the public ones
_BEFORE = timedelta(days=4)  # the due day


def is_own(member: Member) -> bool:
    """Does she pay her reseller, who invoices her?"""
    return member.house == _OWN


def agree_prices(stage: Stage) -> None:
    """What two of the houses pay, from the first day on."""
    for number in _BUYS:
        for code, cents in _PRICES.items():
            set_wholesale(
                stage.houses[number],
                stage.products[code],
                unit_cents=cents,
                effective_on=stage.first,
                by=stage.people["exploitation"],
            )


def own_office(stage: Stage) -> Office:
    """The provider's finance does the reseller's months too; her customers pay by transfer."""
    people = stage.people["finance"], stage.people["tresorerie"]
    return Office(stage.own, *people, stage.own_bank, {}, {}, stage.today, stage.today)


@commits
def run_own_month(office: Office, day: date) -> None:
    if day.weekday() < 5:
        office.bill(day)
    db.session.commit()


def pay_in_bulk(stage: Stage, day: date) -> None:
    """The reseller pays the provider's monthly invoice before it is due, each once."""
    buyer = buyer_of(stage.houses[_OWN])
    if buyer is None:
        return
    query = select(Invoice).where(
        Invoice.customer_id == buyer.customer_id, Invoice.state == InvoiceState.ISSUED
    )
    for invoice in db.session.scalars(query.order_by(Invoice.id)):
        if invoice.due_on - _BEFORE <= day:
            rest = position_of(invoice).rest
            text = f"Reglement {invoice.number}"
            stage.bank.take_wire(stage.own.name, stage.own.iban or "", rest, text, day)


def tell_commissions(stage: Stage) -> None:
    """Each month what the first house has earned is paid to the account that it gave in time."""
    for months_ago in range(17, -1, -1):
        stage.on(stage.day(months_ago, 8), partial(_give_account, stage))
        stage.on(stage.day(months_ago, 20), partial(pay_out, stage))


def tell_deposit(stage: Stage) -> None:
    """Somebody who is no customer yet pays the house that invoices itself: its accountant has to find out."""
    day = stage.days_ago(4)
    wire = "Moulin de l'Ill", make_iban(903), 7_800, "Acompte sauvegarde", day
    stage.on(day, partial(stage.own_bank.take_wire, *wire))


def _give_account(stage: Stage) -> None:
    buyer = buyer_of(stage.houses[0])
    if buyer is not None and account_of(buyer.customer) is None:
        by = stage.people["finance"]
        enter_account(buyer.customer, make_iban(902), f"{RESELLERS[0].name} SARL", by=by)


def pay_out(stage: Stage) -> None:
    """What is owed back or earned leaves in a file that the second person releases."""
    if ready_of(stage.entity):
        file = make_file(stage.entity, by=stage.people["finance"])
        release_file(file, by=stage.people["tresorerie"])
        send_file(file, clock.today(), by=stage.people["finance"])
