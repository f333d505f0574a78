"""A reseller's new retail price reaches running contracts as the provider's does: announced beforehand."""

from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient

from portal.accounts.models import Organisation
from portal.billing.models import Charge
from portal.catalogue.models import Method, Plan, Product
from portal.catalogue.price_lists import ResellerPrice, price_list, set_retail, set_wholesale
from portal.contracts.retail import announce_retail
from portal.customers.models import ContactRole
from portal.db import db
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from portal.subscriptions.periods import charge_next_period
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.contracts.running import a_subscription, subscribe
from tests.margins.test_price_lists import reseller_of

Browser = Callable[..., FlaskClient]
NATSO = {"code": "NB-M", "name": "NATSO mensuel", "terms_stack": "natso", "plan": Plan.MONTHLY}


def sold_at_retail(house: House, cents: int = 1500) -> tuple[Subscription, Subscription]:
    """One subscription at the reseller's own price, and one of its neighbour's at the public price."""
    neighbour = a_customer(house.other, siren=None, accepted="natso")
    public = a_subscription(house, neighbour, **NATSO, unit_cents=1000, price_includes_vat=True)
    product, reseller, today = public.product, house.reseller, date(2026, 11, 23)
    set_wholesale(reseller, product, unit_cents=800, effective_on=today, by=house.operator)
    set_retail(reseller, product, unit_cents=cents, effective_on=today, by=house.owner)
    own = subscribe(a_customer(house.reseller, accepted="natso"), product, Method.WIRE)
    assert (own.unit_cents, own.price_uid is not None, public.price_uid) == (cents, True, None)
    return own, public


def decide(client: FlaskClient, reseller: Organisation, product: Product, price: str, on: str) -> int:
    form = {"product": product.uid, "price": price, "effective_on": on}
    return client.post(f"/price-lists/{reseller_of(reseller).uid}/retail", data=form).status_code


def charged(subscription: Subscription, times: int) -> list[tuple[str, int]]:
    origins = [charge_next_period(subscription) for _ in range(times)]
    db.session.commit()
    prices = {charge.origin: charge.unit_cents for charge in db.session.scalars(db.select(Charge))}
    return [(origin[-10:], prices[origin]) for origin in origins]


def mails(subject: Subscription) -> list[Mail]:
    return list(db.session.scalars(db.select(Mail).where(Mail.kind.like("contracts/mail_price%"))))


def test_a_new_retail_price_is_announced_and_owed_from_the_period_after_its_notice(
    house: House, browser: Browser
) -> None:
    """000-26: an e-mail one month before; 000-23: the price of the order is kept for two months."""
    own, public = sold_at_retail(house)
    own.customer.contact(ContactRole.SIGNATORY).email = "direction@client.example"
    db.session.commit()
    product, owner = own.product, browser(house.owner)
    page = f"/price-lists/{reseller_of(house.reseller).uid}/product?product={product.uid}"
    assert decide(owner, house.reseller, product, "18,00", "2026-12-23") == 303
    work()
    (mail,) = mails(own)
    assert mail.recipient == "direction@client.example" and mail.subject_uid == own.uid
    for words in ("15,00", "18,00", "23 février 2027", "000-26"):
        assert words in mail.body
    assert "8,00 €" not in mail.body.replace("\xa0", " ").replace("18,00 €", "")  # what the reseller pays
    assert "annoncé à 1 contrat" in owner.get(page).text
    assert "18,00" in browser(house.reader).get(f"/subscriptions/{own.uid}").text
    assert browser(an_outsider(house)).get(page).status_code == 404
    assert charged(own, 4) == [
        ("2026-11-23", 1500),
        ("2026-12-23", 1500),
        ("2027-01-23", 1500),
        ("2027-02-23", 1800),
    ]
    assert charged(public, 4)[-1] == ("2027-02-23", 1000)


def test_a_retail_price_that_is_withdrawn_before_its_day_is_recalled_and_told(
    house: House, browser: Browser
) -> None:
    own, _public = sold_at_retail(house)
    product, owner = own.product, browser(house.owner)
    decide(owner, house.reseller, product, "180,00", "2026-12-23")  # a slip
    work()
    slip = db.session.scalars(db.select(ResellerPrice).where(ResellerPrice.unit_cents == 18000)).one()
    withdrawal = f"/price-lists/{reseller_of(house.reseller).uid}/retail/{slip.uid}/withdrawal"
    assert owner.post(withdrawal).status_code == 303
    work()
    assert [mail.kind for mail in mails(own)] == ["contracts/mail_price", "contracts/mail_price_recalled"]
    assert "15,00" in mails(own)[1].body
    assert charged(own, 4)[-1] == ("2027-02-23", 1500)
    assert "180,00" not in browser(house.reader).get(f"/subscriptions/{own.uid}").text
    announced = announce_retail(stored(own), slip)
    assert announced is None  # nor is it announced to anybody again


def test_a_wholesale_price_changes_what_remains_from_its_day_only(house: House) -> None:
    own, _public = sold_at_retail(house)
    set_wholesale(
        house.reseller, own.product, unit_cents=900, effective_on=date(2026, 12, 1), by=house.operator
    )
    db.session.commit()
    work()
    prices = price_list(house.reseller.id)
    assert [prices.wholesale(own.product, 2, day) for day in (date(2026, 11, 30), date(2026, 12, 1))] == [
        800,
        900,
    ]
    assert mails(own) == [] and charged(own, 2)[-1] == ("2026-12-23", 1500)
