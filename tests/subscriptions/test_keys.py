"""A whole key is read by who repairs, once asked who she is, and each time noted."""

from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient

from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM, JournalEntry
from portal.licensing.models import ActivationKey
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import PASSWORD, House, a_customer, an_outsider
from tests.subscriptions.builders import a_product

Browser = Callable[..., FlaskClient]


def test_who_repairs_reads_a_whole_key_and_the_journal_says_so(house: House, browser: Browser) -> None:
    order = place_order(a_customer(house.reseller), a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    db.session.commit()
    key = db.session.scalars(db.select(ActivationKey)).one()
    code, path = key.code, f"/keys/{key.uid}/reading"
    client = browser(house.support, confirmed=False)
    page = client.get(f"/orders/{order.uid}").text
    assert key.masked in page and code not in page and f'action="{path}"' in page
    asked = client.post(path)
    assert code not in asked.text and "mot de passe" in asked.text.lower()
    assert client.post("/password", data={"password": PASSWORD, "next": "/keys"}).status_code in {200, 303}
    read = client.post(path)
    assert read.status_code == 200 and code in read.text
    assert "no-store" in read.headers["Cache-Control"]
    noted = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "reveal")).all()
    assert [(each.subject_uid, each.by_label) for each in noted] == [(key.uid, house.support.label)]
    assert browser(house.sales).post(path).status_code == 403
    assert browser(an_outsider(house)).post(path).status_code == 404
