"""Two notifications and two workers at the same moment settle one payment once."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal import jobs
from portal.billing.models import Invoice, Payment
from portal.cards.models import CardPayment, CardPaymentState
from portal.catalogue.models import Method
from portal.db import db
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from portal.subscriptions.ordering import place_order
from tests.builders import a_customer, a_house
from tests.cards.paying import pay_link
from tests.fake_stripe import KEY, SECRET, a_stripe
from tests.installation import Installs
from tests.subscriptions.builders import a_product

MANY = 4


def test_notifications_and_workers_at_once_deliver_once(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARD_KEY", KEY)
    monkeypatch.setenv("CARD_WEBHOOK_SECRET", SECRET)
    with a_stripe() as stripe, an_installation(tmp_path) as place:
        place.app.config["CARD_API"] = stripe.address
        with place.context():
            house = a_house()
            place_order(a_customer(house.reseller), a_product(house), 1, Method.CARD, by=SYSTEM)
            db.session.commit()
            path = pay_link()
        barrier, answers = threading.Barrier(MANY), []

        def together(act: object) -> None:
            def one() -> None:
                barrier.wait()
                answers.append(act())  # type: ignore[operator]

            threads = [threading.Thread(target=one) for _number in range(MANY)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        together(lambda: place.app.test_client().post(path).status_code)
        assert len(stripe.pages) == 1
        body, headers = stripe.event(stripe.pay())
        hear = lambda: place.app.test_client().post("/card-events", data=body, headers=headers).status_code  # noqa: E731
        together(hear)
        assert answers == [200] * MANY + [204] * MANY

        def drain() -> int:
            with place.context():
                return jobs.drain()

        together(drain)
        with place.context():
            for model in (Invoice, Payment, ActivationKey, Subscription, CardPayment):
                assert db.session.scalar(select(func.count()).select_from(model)) == 1, model
            assert db.session.scalars(select(CardPayment)).one().state == CardPaymentState.PAID
            paid = select(func.count(Mail.id)).where(Mail.kind == "subscriptions/mail_paid")
            assert db.session.scalar(paid) == 1
