"""kill -9 while the orders of an accepted quote are placed: all of them in the end, each once."""

import random
import time
from datetime import timedelta
from pathlib import Path

import pytest

from portal import clock
from portal.billing.models import Proforma
from portal.catalogue.models import Method
from portal.db import db
from portal.jobs import Task, TaskState
from portal.journal import SYSTEM
from portal.links import Purpose, make_link
from portal.quotes.models import Quote, QuoteState
from portal.quotes.sending import accept, agree, send, shown_of
from portal.quotes.writing import Head, add_line, draft_quote
from portal.subscriptions.models import Order
from tests.builders import a_customer, a_house
from tests.forked import a_crew
from tests.installation import Installation, Installs, kill
from tests.sepa.people import VISITOR
from tests.subscriptions.builders import a_product
from tests.vaulting import wait_for

LINES, KILLS = 30, 3


@pytest.mark.slow
def test_a_killed_worker_never_doubles_the_orders_of_a_quote(
    an_installation: Installs, tmp_path: Path
) -> None:
    chance = random.Random(7)
    with an_installation(tmp_path) as place:
        with place.context():
            _accepted_quote()
        for number in range(KILLS):
            crew = a_crew(place.app)
            try:
                wait_for(lambda before=number: _has_begun(place, before))
                time.sleep(chance.uniform(0, 0.2))
            finally:
                kill(crew)
        worker = a_crew(place.app)
        try:
            wait_for(lambda: _is_ordered(place))
        finally:
            kill(worker)
        with place.context():
            quote = db.session.scalars(db.select(Quote)).one()
            wanted = sorted(line.order_uid for line in quote.lines)
            assert sorted(db.session.scalars(db.select(Order.uid))) == wanted
            assert sorted(db.session.scalars(db.select(Proforma.order_uid))) == wanted


def _accepted_quote() -> None:
    house = a_house()
    customer, product = a_customer(house.reseller), a_product(house)
    quote = draft_quote(customer, Head(clock.today() + timedelta(9)), by=SYSTEM)
    for number in range(1, LINES + 1):
        add_line(quote, product, number, Method.WIRE, by=SYSTEM)
    send(quote, by=SYSTEM)
    owner, recipient = customer.organisation, "contact@client.example"
    link, _token = make_link(Purpose.ACCEPT_QUOTE, quote, owner=owner, recipient=recipient, days=9)
    agree(quote, "Camille Martin", "gérante", shown_of(quote), VISITOR)
    accept(quote, link, VISITOR)
    db.session.commit()


def _has_begun(place: Installation, before: int) -> bool:
    """Somebody has taken the task once more than ``before`` times, or it is over already."""
    with place.context():
        task = db.session.scalars(db.select(Task).where(Task.kind == "quotes.order")).one()
        return task.claims > before or task.state == TaskState.DONE


def _is_ordered(place: Installation) -> bool:
    with place.context():
        return db.session.scalars(db.select(Quote.state)).one() == QuoteState.ORDERED
