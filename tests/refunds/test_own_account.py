"""A customer says where she is paid back: asked in the night, by a link and a code, or in her space."""

import random
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.billing.credit_models import Refund, RefundState
from portal.billing.models import Invoice, InvoiceState, add_charge
from portal.billing.run import bill_customers
from portal.catalogue.models import Method
from portal.customers.merging import merge
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM, JournalEntry
from portal.mail import Mail
from portal.refunds.accounts import RefundAccount, account_of, enter_account
from portal.refunds.asking import look_at_accounts
from portal.refunds.asks import AccountAsk, AskState
from portal.refunds.setting_off import set_off
from portal.subscriptions.models import Subscription
from tests.builders import House, a_customer, a_house, a_user, stored, work
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.refunds.test_bank_answers import a_file, transfers_in, upload
from tests.refunds.test_giving_back import CONSUMER, by_debit, by_wire, one, the_entity, withdraw
from tests.sepa.people import IBAN, OTHER_IBAN, said_after
from tests.sepa.raw_bank_files import judged, pain
from tests.vaulting import wait_for

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
CUSTOMERS = 30
WITHDRAWN = datetime(2026, 11, 25, 9, tzinfo=UTC)
TYPED = {"iban": "fr14 2004 1010 0505 0001 3m02 606", "holder": "Boulangerie Martin"}


def night() -> None:
    """The duty of the day, then its tasks."""
    set_scope(EVERYTHING)
    look_at_accounts()
    work()
    set_scope(EVERYTHING)


def mails(kind: str) -> list[Mail]:
    set_scope(EVERYTHING)
    query = db.select(Mail).where(Mail.kind == f"refunds/mail_{kind}").order_by(Mail.id)
    return list(db.session.scalars(query))


def link_in(mail: Mail) -> str:
    found = re.search(r"https?://[^/]+(/refund-account/\S+)", mail.body)
    assert found, mail.body
    return found[1]


def code() -> str:
    digits = re.search(r"^    (\d{3}) (\d{3})$", mails("code")[-1].body, re.M)
    assert digits
    return "".join(digits.groups())


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def owed(house: House, browser: Browser, at: At, **values: Any) -> Refund:
    """179.64 by wire, withdrawn from on 25 November: due on 9 December."""
    subscription = by_wire(house, **CONSUMER | values)
    at(WITHDRAWN)
    withdraw(browser(house.owner), subscription)
    refund: Refund = one(Refund)
    return refund


def asked(house: House, browser: Browser, at: At, **values: Any) -> tuple[Refund, str]:
    """The same, and the address of her link."""
    refund = owed(house, browser, at, **values)
    night()
    return refund, link_in(mails("ask")[-1])


def give(phone: FlaskClient, address: str, **values: str) -> None:
    assert phone.post(address, data=TYPED | values).status_code == 303
    assert phone.post(f"{address}/code", data={"code": code()}).status_code == 303


def hers(customer: Customer, role: Role = Role.CUSTOMER) -> User:
    person = a_user(customer.organisation, role)
    db.session.commit()
    return person


def test_000_37_who_paid_by_wire_is_asked_where_her_money_goes_reminded_once_and_paid_there(
    house: House, browser: Browser, at: At
) -> None:
    """L221-24: the night after her withdrawal, a week later, her code, then a file of two people."""
    refund = owed(house, browser, at)
    refund.customer.contact(ContactRole.SIGNATORY).email = "signe@client.example"
    night()
    night()
    (mail,) = mails("ask")
    text = plain(mail.body)
    assert mail.recipient == "signe@client.example", "of a consumer who signed"
    assert "179,64 €" in mail.subject.replace("\u00a0", " ") and "C. conso L221-24" in text
    assert (
        "FA-2026-000001, AV-2026-000001" in text and "9 décembre 2026" in text and "2 décembre 2026" in text
    )
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    night()
    assert mails("remind") == []
    at(datetime(2026, 12, 2, 9, tzinfo=UTC))
    night()
    night()
    (reminder,) = mails("remind")
    finance = browser(house.finance)
    assert (
        "Compte du client attendu depuis le 25 novembre 2026, rappelé le 2 décembre 2026"
        in finance.get("/").text
    )
    phone = browser()
    assert phone.get(link_in(mail)).status_code == 410, "the reminder's link has taken its place"
    address = link_in(reminder)
    page = plain(phone.get(address).text)
    assert "Où vous rembourser 179,64 €" in page and "IBAN du compte à créditer" in page
    give(phone, address)
    page = plain(phone.get(address).text)
    assert "Votre compte est noté : FR14 •••• •••• 2606" in page and "facturation@example.org" in page
    row = one(RefundAccount)
    assert (row.iban, row.way, row.address) == (OTHER_IBAN, "link", "127.0.0.1")
    assert OTHER_IBAN not in row.iban_sealed
    assert {each.recipient for each in mails("account")} == {"signe@client.example"}
    shown = browser(house.finance).get(f"/refunds/{refund.uid}").text
    assert "signe@client.example" in shown and "par le lien reçu par e-mail" in shown and "127.0.0.1" in shown
    assert "ne porte pas le nom du client" not in shown
    at(datetime(2026, 12, 9, 9, tzinfo=UTC))
    a_file(house)
    assert stored(refund).state == RefundState.IN_FILE
    late = phone.get(address)
    assert "déjà dans le fichier RMB-" in late.text
    refused = phone.post(address, data=TYPED)
    assert refused.status_code == 409 and "déjà dans le fichier" in refused.text
    assert stored(one(RefundAccount)).iban == OTHER_IBAN
    typed = browser(house.finance).post(f"/refunds/{refund.uid}/account", data={"iban": IBAN, "holder": "X"})
    assert typed.status_code == 422 and "déjà dans le fichier" in typed.text


def test_a_business_is_asked_at_the_address_of_its_invoices_in_its_language(
    house: House, browser: Browser, at: At
) -> None:
    by_wire(house, 17_976, language="en")
    customer = one(Customer)
    customer.contact(ContactRole.BILLING).email = "bills@client.example"
    night()
    (mail,) = mails("ask")
    assert (mail.recipient, mail.language) == ("bills@client.example", "en")
    assert "Where to pay you back €0.12" in mail.subject


def test_who_is_debited_is_not_asked(house: House, browser: Browser) -> None:
    """Her account is known by her mandate."""
    subscription = by_debit(house)
    _owe(subscription.customer)
    db.session.commit()
    night()
    assert mails("ask") == [] and db.session.scalars(db.select(AccountAsk)).all() == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "L'IBAN est vide."),
        ("FR14 2004 1010 0505 0001 3M02 607", "La clé de l'IBAN est fausse"),
        ("FR14 2004", "compte 27 caractères"),
        ("US64 1234 5678", "n'est pas dans l'espace SEPA"),
    ],
)
def test_a_wrong_iban_is_said_beside_its_field_and_no_code_leaves(
    house: House, browser: Browser, at: At, typed: str, said: str
) -> None:
    _refund, address = asked(house, browser, at)
    phone = browser()
    phone.get(address)
    page = said_after(phone, phone.post(address, data=TYPED | {"iban": typed}))
    assert said in page.replace("&#39;", "'") and 'id="iban-error-1"' in page
    assert mails("code") == [] and db.session.scalars(db.select(RefundAccount)).all() == []


def test_a_wrong_code_writes_nothing_and_a_later_account_needs_a_new_one(
    house: House, browser: Browser, at: At
) -> None:
    _refund, address = asked(house, browser, at)
    phone = browser()
    assert phone.get(f"{address}x").status_code == 404
    assert phone.post(f"{address}/code", data={"code": "123456"}).status_code == 303, "nothing was typed"
    phone.post(address, data=TYPED)
    assert "FR14 •••• •••• 2606" in plain(phone.get(f"{address}/code").text)
    wrong = f"{(int(code()) + 1) % 10**6:06d}"
    assert "pas le bon" in said_after(phone, phone.post(f"{address}/code", data={"code": wrong}))
    assert db.session.scalars(db.select(RefundAccount)).all() == []
    former = code()
    phone.post(f"{address}/code", data={"code": former})
    assert len(db.session.scalars(db.select(RefundAccount)).all()) == 1
    assert phone.post(f"{address}/code", data={"code": former}).status_code == 303, "nothing waits for a code"
    phone.post(address, data=TYPED | {"iban": IBAN})
    phone.post(f"{address}/code", data={"code": former})
    assert len(db.session.scalars(db.select(RefundAccount)).all()) == 1, "a code serves once"
    phone.post(f"{address}/code", data={"code": code()})
    assert account_of(one(Customer)).iban == IBAN


def test_two_people_with_one_link_write_only_what_the_last_code_was_sent_for(
    house: House, browser: Browser, at: At
) -> None:
    _refund, address = asked(house, browser, at)
    one_phone, other_phone = browser(), browser()
    one_phone.post(address, data=TYPED)
    first = code()
    other_phone.post(address, data=TYPED | {"iban": IBAN})
    assert "FR76 •••• •••• 0189" in plain(mails("code")[-1].body)
    one_phone.post(f"{address}/code", data={"code": first})
    assert db.session.scalars(db.select(RefundAccount)).all() == []
    other_phone.post(f"{address}/code", data={"code": code()})
    assert one(RefundAccount).iban == IBAN
    assert "FR76 •••• •••• 0189" in plain(one_phone.get(address).text)


def test_a_refund_that_was_set_off_meanwhile_asks_for_nothing(house: House, browser: Browser, at: At) -> None:
    refund, address = asked(house, browser, at)
    phone = browser()
    phone.post(address, data=TYPED)
    customer = stored(refund).customer
    line = {"label": "Restauration", "quantity": 1, "unit_cents": 20_000, "includes_vat": True}
    add_charge(customer, origin="x", method=Method.WIRE, **line)
    bill_customers([customer], the_entity(), clock.today())
    db.session.commit()
    invoice = db.session.scalars(db.select(Invoice).where(Invoice.state == InvoiceState.ISSUED)).one()
    set_off(stored(refund), invoice, "oui", by=SYSTEM)
    db.session.commit()
    page = phone.get(address).text
    assert "plus de compte à donner" in page and "compensé" in page
    assert phone.post(f"{address}/code", data={"code": code()}).status_code == 409
    assert db.session.scalars(db.select(RefundAccount)).all() == []
    at(datetime(2026, 12, 4, 9, tzinfo=UTC))
    night()
    assert stored(one(AccountAsk)).state == AskState.OVER and mails("remind") == []


def test_what_a_merged_customer_answers_counts_for_the_one_who_stays(
    house: House, browser: Browser, at: At
) -> None:
    refund, address = asked(house, browser, at)
    kept = a_customer(house.reseller, name="Boulangerie Martin & fils", siren=None)
    merge(kept, refund.customer, by=SYSTEM)
    db.session.commit()
    give(browser(), address)
    set_scope(EVERYTHING)
    assert account_of(stored(kept)).iban == OTHER_IBAN
    night()
    assert len(mails("ask")) == 1


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SIGNATORY, Role.BILLING])
def test_000_37_in_her_space_it_is_a_line_to_do_and_the_page_of_the_contract_says_how_far_it_is(
    house: House, browser: Browser, at: At, role: Role
) -> None:
    """Before anybody has written to her."""
    refund = owed(house, browser, at)
    client = browser(hers(refund.customer, role))
    home = plain(client.get("/").text)
    assert "Dites-nous où vous rembourser 179,64 €" in home and "/my-refunds" in home
    contract = f"/subscriptions/{one(Subscription).uid}"
    page = plain(client.get(contract).text)
    assert "179,64 € à vous rembourser au plus tard le 9 décembre 2026" in page
    assert "compte attendu" in page and "C. conso L221-24" in page
    assert "Dire où me rembourser" in client.get(f"/billing/invoices/{refund.invoice.uid}").text
    wrong = client.post("/my-refunds/account", data=TYPED | {"iban": "FR76 1"})
    assert wrong.status_code == 422 and "compte 27 caractères" in plain(wrong.text)
    assert client.post("/my-refunds/account", data=TYPED).status_code == 303
    assert "Votre compte est noté : FR14" in plain(client.get("/my-refunds").text)
    row = one(RefundAccount)
    assert (row.way, row.entered_by) == ("space", hers_label(row))
    assert "Dites-nous" not in client.get("/").text
    assert "prêt" in client.get(contract).text
    night()
    assert mails("ask") == []
    at(datetime(2026, 12, 9, 9, tzinfo=UTC))
    file = a_file(house)
    browser(house.finance).post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-09"})
    client = browser(db.session.scalars(db.select(User).where(User.role == role)).one())
    assert "179,64 €, envoyés le 9 décembre 2026" in plain(client.get(contract).text)
    late = client.post("/my-refunds/account", data=TYPED)
    assert late.status_code == 422 and "déjà parti" in late.text


def hers_label(row: RefundAccount) -> str:
    entry = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "refund_account")).one()
    assert entry.details["account"] == "FR14 •••• •••• 2606"
    return entry.by_label


def test_nobody_else_says_where_her_money_goes(house: House, browser: Browser, at: At) -> None:
    refund = owed(house, browser, at)
    technician = browser(hers(refund.customer, Role.TECHNICAL))
    assert technician.get("/my-refunds").status_code == 403
    assert technician.post("/my-refunds/account", data=TYPED).status_code == 403
    neighbour = a_customer(house.other, name="Voisine")
    other = browser(hers(neighbour))
    assert other.post("/my-refunds/account", data=TYPED).status_code == 422
    assert db.session.scalars(db.select(RefundAccount)).all() == []
    for colleague, status in ((house.sales, 403), (house.owner, 404)):
        answer = browser(colleague).post(f"/refunds/{refund.uid}/account/asking")
        assert answer.status_code == status, "the provider's issuer pays it"


def test_finance_sends_another_link_and_is_warned_of_another_holder(
    house: House, browser: Browser, at: At
) -> None:
    refund, address = asked(house, browser, at)
    finance = browser(house.finance)
    assert finance.post(f"/refunds/{refund.uid}/account/asking").status_code == 303
    phone = browser()
    assert phone.get(address).status_code == 410
    give(phone, link_in(mails("ask")[-1]), holder="Dominique Durand")
    page = finance.get(f"/refunds/{refund.uid}").text
    assert "le titulaire ne porte pas le nom du client" in page
    typed = finance.post(
        f"/refunds/{refund.uid}/account", data={"iban": IBAN, "holder": "Boulangerie Martin"}
    )
    assert typed.status_code == 303
    page = finance.get(f"/refunds/{refund.uid}").text
    assert "saisi ici" in page and "ne porte pas le nom" not in page


def test_000_38_a_return_that_finance_notes_asks_her_anew_in_the_banks_words(
    house: House, browser: Browser, at: At
) -> None:
    refund = owed(house, browser, at)
    enter_account(refund.customer, IBAN, "Boulangerie Martin", by=SYSTEM)
    db.session.commit()
    at(datetime(2026, 12, 7, 9, tzinfo=UTC))
    file = a_file(house)
    finance = browser(house.finance)
    finance.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"})
    note = {"note": "compte clos depuis mai", "is_account": "y"}
    assert finance.post(f"/refunds/{refund.uid}/return", data={"note": " "}).status_code == 422
    assert finance.post(f"/refunds/{refund.uid}/return", data=note).status_code == 303
    (mail,) = mails("ask")
    assert "compte clos depuis mai" in mail.body
    address = link_in(mail)
    phone = browser()
    assert "compte clos depuis mai" in phone.get(address).text
    assert "Prêts à partir" not in finance.get("/refunds").text
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    give(phone, address)
    assert "Votre compte est noté" in phone.get(address).text


def test_000_38_what_the_bank_rejects_is_asked_anew_the_next_night_in_its_words(
    house: House, browser: Browser, at: At
) -> None:
    """AC04 in her language; the account that was refused is not written down again as hers."""
    refund, address = asked(house, browser, at)
    phone = browser()
    give(phone, address)
    at(datetime(2026, 12, 7, 9, tzinfo=UTC))
    file = a_file(house)
    finance = browser(house.finance)
    finance.post(f"/refunds/files/{file.uid}/sending", data={"on": "2026-12-07"})
    (end,) = transfers_in(file)
    upload(finance, pain(file.msg_id, "PART", judged(end, "RJCT", "AC04"), lot=f"{file.msg_id}-1"))
    assert "Votre compte est noté" not in phone.get(address).text
    at(datetime(2026, 12, 8, 9, tzinfo=UTC))
    night()
    mail = mails("ask")[-1]
    assert len(mails("ask")) == 2 and "le compte est clos" in mail.body
    again = link_in(mail)
    assert "le compte est clos" in phone.get(again).text
    give(phone, again, iban=IBAN)
    assert "Votre compte est noté : FR76" in plain(phone.get(again).text)
    assert stored(refund).state == RefundState.OWED


def test_who_was_erased_is_asked_at_the_address_that_took_her_place(
    house: House, browser: Browser, at: At
) -> None:
    """Her link goes with the row of her customer; the reminder goes to who is named now."""
    refund, _address = asked(house, browser, at)
    for contact in refund.customer.contacts:
        contact.name, contact.email = "Dominique Durand", "suite@client.example"
    db.session.commit()
    at(datetime(2026, 12, 3, 9, tzinfo=UTC))
    night()
    (mail,) = mails("remind")
    assert mail.recipient == "suite@client.example" and "Dominique Durand" in mail.body


@pytest.mark.slow
def test_a_killed_worker_asks_every_customer_once(an_installation: Installs, tmp_path: Path) -> None:
    chance = random.Random(5)
    with an_installation(tmp_path) as place:
        with place.context():
            reseller = a_house().reseller
            for number in range(CUSTOMERS):
                _owe(a_customer(reseller, name=f"Client {number}", siren=None))
            db.session.commit()
            look_at_accounts()
            db.session.commit()
        for number in range(2):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _asked_in(place) > before)
                time.sleep(chance.uniform(0, 0.1))
            finally:
                kill(crew)
        crew = a_crew(place.app)
        try:
            wait_for(lambda: _asked_in(place) == CUSTOMERS)
        finally:
            kill(crew)
        with place.context():
            sent = list(
                db.session.scalars(db.select(Mail.subject_uid).where(Mail.kind == "refunds/mail_ask"))
            )
            assert len(sent) == len(set(sent)) == CUSTOMERS


def _owe(customer: Customer) -> None:
    db.session.add(
        Refund(
            organisation=customer.organisation,
            legal_entity_id=the_entity().id,
            customer_id=customer.id,
            cents=100,
            state=RefundState.OWED,
            due_by=clock.today(),
            version=1,
        )
    )


def _asked_in(place: Installation) -> int:
    with place.context():
        return len(db.session.scalars(db.select(AccountAsk.id)).all())
