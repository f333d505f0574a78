"""The past from its first day to yesterday: who comes when, and what each day brings."""

from datetime import date, timedelta

from portal.accounts.models import Organisation, User
from portal.catalogue.models import Method, Product
from portal.db import commits, db
from portal.demo.past.bank import Bank
from portal.demo.past.cast import CAST, Member
from portal.demo.past.days import Move, has_duties, let_the_portal_work, lived_days
from portal.demo.past.machines import report_all
from portal.demo.past.office import Office
from portal.demo.past.own_billing import agree_prices, is_own, own_office, pay_in_bulk, run_own_month
from portal.demo.past.people import join, order, pay
from portal.demo.past.stage import BOXES, Stage
from portal.demo.past.stories import tell_stories
from portal.resellers.models import LegalEntity

_LEAVES_WORK = timedelta(days=5)  # so long before today people leave some of their work for today


def live_past(
    provider: Organisation,
    entity: LegalEntity,
    own: LegalEntity,
    houses: list[Organisation],
    products: dict[str, Product],
    people: dict[str, User],
    *,
    first: date,
    today: date,
    move: Move,
) -> None:
    """Live the days before today; the portal's own clock stands at the evening of the last one then."""
    banks = Bank(entity.iban or ""), Bank(own.iban or "")
    stage = Stage(provider, entity, own, houses, products, people, *banks, move, first, today)
    office, other = _office(stage), own_office(stage)
    agree_prices(stage)
    for member in CAST:
        _comes(stage, office, member)
    tell_stories(stage)
    for day in lived_days(first, today, set(stage.story)):
        _live(stage, office, other, day)


def _office(stage: Stage) -> Office:
    returns = {(one.serial, ago): (days, why) for one in CAST for ago, days, why in one.returns}
    return Office(
        stage.entity,
        stage.people["finance"],
        stage.people["tresorerie"],
        stage.bank,
        returns,
        {},
        stage.today,
        stage.today - _LEAVES_WORK,
    )


@commits
def _comes(stage: Stage, office: Office, member: Member) -> None:
    """On her day; who would have come before the first one comes in its first weeks."""
    day = stage.day(member.since, 3 + member.serial % 9)
    if day == stage.first:
        day = stage.working(day + timedelta(days=member.serial % 9))

    @commits
    def comes() -> None:
        house = stage.houses[member.house]
        customer = join(member, house, stage.people[f"commerce@{BOXES[member.house]}"])
        stage.customers[member.serial] = customer
        office.serials[customer.id] = member.serial
        order(customer, member, stage.products[member.product], stage.owner_of(customer))
        db.session.commit()

    stage.on(day, comes)


def _live(stage: Stage, office: Office, other: Office, day: date) -> None:
    """Morning: what the night brought and the portal's duties. Then people. Evening: the bank's statement."""
    stage.move(day, 7, 30)
    if has_duties(day, stage.today):
        report_all(stage)
        let_the_portal_work()
    stage.move(day, 10, 0)
    for act in stage.story.get(day, []):
        act()
        let_the_portal_work(duties=False)
    stage.move(day, 14, 0)
    _finance(office, day)
    run_own_month(other, day)
    stage.move(day, 18, 30)
    _payments(stage, day)
    office.read_statement(day)
    other.read_statement(day)


@commits
def _finance(office: Office, day: date) -> None:
    office.know_the_rate()
    if day.weekday() < 5:
        office.bill(day)
    if day.weekday() in (0, 3) or day >= office.leaves_work_from:
        office.freeze(day)
    if day.weekday() == 0:
        office.remind(day)
    db.session.commit()


@commits
def _payments(stage: Stage, day: date) -> None:
    for member in CAST:
        customer = stage.customers.get(member.serial)
        if customer is not None and member.means == Method.WIRE.value:
            stops_on = None if member.stops is None else stage.day(member.stops, 1)
            bank = stage.own_bank if is_own(member) else stage.bank
            pay(member, customer, bank, day, stops_on)
    pay_in_bulk(stage, day)
    db.session.commit()
