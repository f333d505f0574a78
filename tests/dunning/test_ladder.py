"""Two late payers up to the suspension and back; one house sends by itself, another confirms one by one."""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

from flask.testing import FlaskClient
from PIL import Image

from portal.billing.models import Invoice
from portal.db import db
from portal.dunning.models import LateLetter, LetterState
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription, SubscriptionState
from tests.builders import House, an_outsider, stored
from tests.contracts.builders import dobaas, natso, numspot
from tests.dunning.builders import an_invoice, noon
from tests.dunning.days import kinds, live

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
LADDER = {"reminder_days": "5", "second_days": "15", "formal_days": "30", "grace_days": "8"}


def a_debtor(house: House, make: Callable[..., Subscription], name: str, siren: str) -> Invoice:
    """Owes 1 200.00 since 31 May 2025."""
    subscription = make(
        house, name=name, siren=siren, started_on=date(2025, 1, 1), billed_before=date(2027, 6, 1)
    )
    return an_invoice(subscription)


def a_scan() -> tuple[BytesIO, str]:
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    picture.seek(0)
    return picture, "recu.png"


def set_ladder(client: FlaskClient, **changes: str) -> int:
    uid = db.session.scalars(db.select(LegalEntity.uid)).one()
    form = {f"{uid}-{name}": value for name, value in (LADDER | {"by_itself": "yes"} | changes).items()}
    return client.post(f"/late/settings/{uid}", data=form).status_code


def the_subscription(invoice: Invoice) -> Subscription:
    query = db.select(Subscription).where(Subscription.customer_id == invoice.customer_id)
    return stored(db.session.scalars(query).one())


def pay(client: FlaskClient, invoice: Invoice, on: date, reference: str) -> None:
    form = {"on": on.isoformat(), "reference": reference}
    assert client.post(f"/billing/invoices/{invoice.uid}/payment", data=form).status_code == 303


def test_003_15_two_late_payers_are_reminded_noticed_suspended_and_come_back_when_they_pay(
    house: House, browser: Browser, at: At
) -> None:
    first = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    second = an_invoice(the_subscription(first), cents=60_000, number=2)
    at(noon(date(2025, 6, 1)))
    client = browser(house.finance)
    assert set_ladder(client, reminder_days="20") == 422 and set_ladder(client) == 303
    live(at, date(2025, 6, 4))
    assert kinds() == [], "four days late"
    live(at, date(2025, 6, 5))
    live(at, date(2025, 6, 5))
    assert kinds() == ["reminder"], "one mail about both invoices, once"
    live(at, date(2025, 6, 15))
    live(at, date(2025, 6, 30))
    assert kinds() == ["reminder", "second", "formal"]
    letter = db.session.scalars(db.select(LateLetter).order_by(LateLetter.id.desc())).first()
    assert letter is not None and letter.state == LetterState.MAILED and letter.clause == "003-15"
    assert letter.document is not None and letter.document.is_there and len(letter.lines) == 2
    assert "le service est suspendu" in newest_mail().body
    live(at, date(2025, 7, 7))
    assert the_subscription(first).state == SubscriptionState.ACTIVE, "the seventh day is still hers"
    live(at, date(2025, 7, 8))
    row = the_subscription(first)
    assert (row.state, row.suspended_on, row.suspended_clause) == ("suspended", date(2025, 7, 8), "003-15")
    assert kinds()[-1] == "suspended"
    client = browser(house.finance)
    for address in (
        f"/subscriptions/{row.uid}",
        f"/late/{row.customer.uid}",
        f"/customers/{row.customer.uid}",
    ):
        page = client.get(address).text
        assert "003-15" in page and "uspen" in page, address
    assert "Menuiserie du Port" in client.get("/subscriptions?state=suspended").text
    assert "suspendu" in client.get("/lists/late-payers/file.csv").text
    at(noon(date(2025, 7, 9)))
    client = browser(house.finance)
    pay(client, first, date(2025, 7, 9), "VIR 1")
    assert the_subscription(first).state == SubscriptionState.SUSPENDED, "the other one is still owed"
    pay(client, second, date(2025, 7, 9), "VIR 2")
    assert the_subscription(first).state == SubscriptionState.ACTIVE
    assert kinds()[-1] == "reinstated"
    live(at, date(2025, 7, 20))
    assert kinds()[-1] == "reinstated", "paid invoices have left the ladder"
    done = {entry.what for entry in db.session.scalars(db.select(JournalEntry))}
    assert {"late_reminder", "late_second", "late_formal", "suspend", "reinstate"} <= done


def test_000_54_where_the_contract_suspends_nothing_nobody_is_told_that_the_service_stops(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, natso, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 1)))
    client = browser(house.finance)
    assert set_ladder(client) == 303
    for day in (date(2025, 6, 5), date(2025, 6, 15), date(2025, 6, 30)):
        live(at, day)
    told = newest_mail()
    assert "nous n'acceptons plus de commande et pouvons mettre fin au contrat" in told.body
    assert "suspendu" not in told.body
    customer = the_subscription(invoice).customer.uid
    assert "Blocage des commandes" in browser(house.finance).get(f"/late/{customer}").text
    live(at, date(2025, 7, 9))
    told = newest_mail()
    assert told.subject.startswith("Commandes bloquées")
    assert "le service continue" in told.body and "suspendu" not in told.body
    client, row = browser(house.finance), the_subscription(invoice)
    page = client.get(f"/subscriptions/{row.uid}").text
    assert "commandes bloquées" in page and "Le service continue" in page
    assert "commandes bloquées" in client.get("/lists/late-payers/file.csv").text
    pay(client, invoice, date(2025, 7, 9), "VIR 1")
    assert newest_mail().subject == "Vos commandes sont à nouveau possibles"


def newest_mail() -> Mail:
    return db.session.scalars(db.select(Mail).order_by(Mail.id.desc()).limit(1)).one()


def order(client: FlaskClient, row: Subscription, **more: str) -> str:
    form = {"product": row.product.uid, "quantity": "1", "method": "wire", "health": "no", **more}
    return client.post(f"/customers/{row.customer.uid}/orders", data=form, follow_redirects=True).text


def test_a_suspended_customer_orders_nothing_until_she_pays_and_her_data_and_keys_stay(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, natso, "Menuiserie du Port", "404833048")
    row = the_subscription(invoice)
    row.suspend("000-54", by=SYSTEM)
    key = row.last_usable_on
    db.session.commit()
    answer = order(browser(house.owner), row)
    assert "commandes sont bloquées" in answer and "000-54" in answer
    assert the_subscription(invoice).last_usable_on == key
    pay(browser(house.finance), invoice, date(2026, 11, 23), "VIR 1")
    assert "Commande enregistrée" in order(browser(house.owner), row)


def test_004_40_a_registered_letter_counts_from_its_receipt_and_a_person_posts_it(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, dobaas, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance)) == 303
    for day in (date(2025, 6, 5), date(2025, 6, 15), date(2025, 6, 30)):
        live(at, day)
    letter = db.session.scalars(db.select(LateLetter).order_by(LateLetter.id.desc())).first()
    assert letter is not None and letter.state == LetterState.TO_POST and letter.clause == "004-40"
    live(at, date(2025, 9, 1))
    assert the_subscription(invoice).state == SubscriptionState.ACTIVE, "nobody has posted it"
    client = browser(house.finance)
    address = f"/late/letters/{letter.uid}"
    assert address in client.get("/").text and "004-40" in client.get(address).text
    form = {"posted_on": "2025-06-01", "tracking": "1A 234"}
    assert "entre sa rédaction" in client.post(f"{address}/posting", data=form).text
    form = {"posted_on": "2025-07-01", "tracking": "1A 234", "scan": a_scan()}
    assert client.post(f"{address}/posting", data=form).status_code == 303
    live(at, date(2025, 9, 2))
    assert the_subscription(invoice).state == SubscriptionState.ACTIVE, "nobody knows that it arrived"
    client = browser(house.finance)
    for wrong, sentence in (
        ({}, "Indiquez un jour"),
        ({"received_on": "2025-06-30"}, "présentée avant son envoi"),
        ({"returned_on": "2025-08-20"}, "jour de sa présentation"),
        ({"first_presented_on": "2025-08-22", "received_on": "2025-08-21"}, "précède la présentation"),
        ({"received_on": "2025-12-01"}, "à venir"),
    ):
        said = client.post(f"{address}/delivery", data=wrong).text.replace("&#39;", "'")
        assert sentence in said, wrong
    form = {"first_presented_on": "2025-08-20", "received_on": "2025-08-22"}
    assert client.post(f"{address}/delivery", data=form).status_code == 303
    live(at, date(2025, 9, 6))
    assert the_subscription(invoice).state == SubscriptionState.ACTIVE, "fifteen days after 22 August"
    live(at, date(2025, 9, 7))
    assert the_subscription(invoice).state == SubscriptionState.SUSPENDED
    assert the_subscription(invoice).suspended_clause == "004-40"
    assert browser(an_outsider(house)).get(address).status_code in (403, 404)


def test_a_letter_that_was_not_fetched_counts_from_its_first_presentation(
    house: House, browser: Browser, at: At
) -> None:
    invoice = a_debtor(house, dobaas, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance)) == 303
    for day in (date(2025, 6, 5), date(2025, 6, 15), date(2025, 6, 30)):
        live(at, day)
    told = newest_mail().body
    assert "15 jours après réception, nous n'acceptons plus de commande et pouvons mettre fin" in told
    assert "suspendu" not in told
    letter = db.session.scalars(db.select(LateLetter).order_by(LateLetter.id.desc())).first()
    assert letter is not None
    at(noon(date(2025, 7, 25)))
    client, address = browser(house.finance), f"/late/letters/{letter.uid}"
    form = {"posted_on": "2025-07-01", "tracking": "1A 234"}
    assert client.post(f"{address}/posting", data=form).status_code == 303
    form = {"first_presented_on": "2025-07-03", "returned_on": "2025-07-22"}
    assert client.post(f"{address}/delivery", data=form).status_code == 303
    assert stored(letter).state == LetterState.RETURNED
    live(at, date(2025, 7, 26))
    assert the_subscription(invoice).suspended_on == date(2025, 7, 26), "19 July was the first possible day"


def test_one_by_one_nothing_leaves_until_finance_confirms_it(house: House, browser: Browser, at: At) -> None:
    one = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    live(at, date(2025, 6, 5))
    assert kinds() == []
    client = browser(house.finance)
    day = client.get("/").text
    assert "Rappel à confirmer" in day and "Menuiserie du Port" in day
    assert "Rappel, 05/06/2025" in client.get("/late").text
    uid = one.customer.uid
    assert browser(house.operator).post(f"/late/{uid}/step").status_code == 403
    assert client.post(f"/late/{uid}/step").status_code == 303
    assert kinds() == ["reminder"]
    again = client.post(f"/late/{uid}/step")
    assert again.status_code in (409, 422) and kinds() == ["reminder"], "one a day, and nothing is due"
    assert "Rappel à confirmer" not in browser(house.finance).get("/").text
    live(at, date(2025, 6, 15))
    client = browser(house.finance)
    assert client.post("/lists/late-payers/step", data={"uid": uid}).status_code == 303
    assert kinds() == ["reminder", "second"]


def test_000_54_004_41_003_17_a_suspension_that_stays_unpaid_becomes_the_end_of_the_contract(
    house: House, browser: Browser, at: At
) -> None:
    first = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    second = a_debtor(house, natso, "Boulangerie du Quai", "552100554")
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance), end_days="30") == 303
    for day in (date(2025, 6, 5), date(2025, 6, 15), date(2025, 6, 30), date(2025, 7, 8), date(2025, 7, 9)):
        live(at, day)
    live(at, date(2025, 8, 6))
    assert the_subscription(first).suspended_on == date(2025, 7, 8)
    assert the_subscription(first).ends_on is None and the_subscription(second).ends_on is None
    live(at, date(2025, 8, 7))
    live(at, date(2025, 8, 7))
    assert the_subscription(first).ends_on == date(2025, 8, 17), "ten days after the mail"
    live(at, date(2025, 8, 8))
    ended = the_subscription(second)
    assert ended.ends_on is not None and ended.notice_fields is not None
    assert ended.notice_fields["by"] == "provider" and ended.notice_reason == "non_payment"
    assert kinds("endings/") == ["endings/mail_end"] * 2
    page = browser(house.finance).get(f"/subscriptions/{ended.uid}").text
    assert "impayé" in page


def test_a_house_that_confirms_each_step_confirms_the_end_too(house: House, browser: Browser, at: At) -> None:
    invoice = a_debtor(house, numspot, "Menuiserie du Port", "404833048")
    at(noon(date(2025, 6, 1)))
    assert set_ladder(browser(house.finance), end_days="30", by_itself="no") == 303
    for day in (date(2025, 6, 5), date(2025, 6, 15), date(2025, 6, 30), date(2025, 7, 8), date(2025, 8, 7)):
        live(at, day)
        client = browser(house.finance)
        assert the_subscription(invoice).ends_on is None
        assert client.post(f"/late/{invoice.customer.uid}/step").status_code == 303
    assert the_subscription(invoice).ends_on == date(2025, 8, 17)
