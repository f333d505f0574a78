"""The account that a transfer came from is proposed for its refund, and never taken by itself."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient

from portal.access import Role
from portal.billing.credit_models import Refund
from portal.billing.models import Invoice
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.refunds.accounts import RefundAccount, account_of
from portal.refunds.asking import look_at_accounts
from tests.builders import House, a_customer, a_user, work
from tests.wires.builders import PAYER_IBAN, an_invoice, upload, wire
from tests.wires.test_wires import DAYS

Browser = Callable[..., FlaskClient]


def paid_too_much(house: House, client: FlaskClient, payer: str = "SARL BOULANGERIE MARTIN") -> Refund:
    """An invoice of 120.00 of which 125.00 came in by one transfer; then it is taken back whole."""
    invoice = an_invoice(a_customer(house.reseller), **DAYS)
    upload(client, wire(12_000, invoice.number, payer=payer, on="2026-11-23"))
    form = {"how_much": "all", "reason": "error", "note": "Erreur.", "once": "abcdefghij234567"}
    assert client.post(f"/billing/invoices/{invoice.uid}/credit", data=form).status_code == 303
    return db.session.scalars(db.select(Refund)).one()


def test_finance_pays_back_to_the_account_that_paid_and_says_so_for_another_holder(
    house: House, browser: Browser
) -> None:
    client = browser(house.finance)
    refund = paid_too_much(house, client, payer="DOMINIQUE DURAND")
    customer = db.session.get_one(Customer, refund.customer_id)
    assert account_of(customer) is None, "nothing is taken silently"
    page = client.get(f"/refunds/{refund.uid}").text
    assert "Rembourser sur le compte qui a payé" in page and "DOMINIQUE DURAND" in page
    address = f"/refunds/{refund.uid}/account/payer"
    refused = client.post(address)
    assert refused.status_code == 422 and "confirmez que ce compte est le bon" in refused.text
    assert client.post(address, data={"agreed": "y"}).status_code == 303
    row = db.session.scalars(db.select(RefundAccount)).one()
    assert (row.iban, row.holder, row.way) == (PAYER_IBAN, "DOMINIQUE DURAND", "payer")
    page = client.get(f"/refunds/{refund.uid}").text
    assert "repris du virement reçu" in page and "ne porte pas le nom du client" in page
    assert "Rembourser sur le compte qui a payé" not in page


def test_her_own_account_is_one_button_and_an_empty_field_of_hers(house: House, browser: Browser) -> None:
    """On the page of her link and in her space: what she leaves empty is the account that she paid from."""
    client = browser(house.finance)
    refund = paid_too_much(house, client)
    set_scope(EVERYTHING)
    look_at_accounts()
    work()
    set_scope(EVERYTHING)
    mail = db.session.scalars(db.select(Mail).where(Mail.kind == "refunds/mail_ask")).one()
    found = re.search(r"/refund-account/\S+", mail.body)
    assert found
    phone = browser()
    assert "Vous avez payé depuis FR14" in phone.get(found[0]).text.replace("\u00a0", " ")
    assert phone.post(found[0], data={"iban": "", "holder": "Boulangerie Martin"}).location.endswith("/code")
    set_scope(EVERYTHING)
    invoice = db.session.scalars(db.select(Invoice)).one()
    person = a_user(invoice.customer.organisation, Role.BILLING)
    db.session.commit()
    hers = browser(person)
    assert "Vous avez payé depuis FR14" in hers.get("/my-refunds").text.replace("\u00a0", " ")
    typed = {"iban": " ", "holder": "Boulangerie Martin"}
    assert hers.post("/my-refunds/account", data=typed).status_code == 303
    assert db.session.scalars(db.select(RefundAccount)).one().iban == PAYER_IBAN
    assert client.post(f"/refunds/{refund.uid}/account/payer").status_code == 303, "her own name: no question"
