"""A machine that activated, and what it reports."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.backups.health import Outcome, Trouble
from portal.backups.models import Machine
from portal.backups.receive import Report
from portal.catalogue.models import Method
from portal.customers.models import Customer
from portal.db import db
from portal.engine.port import Usage
from portal.journal import SYSTEM
from portal.licensing.models import ActivationKey, issue_key
from portal.licensing.seating import take_seat
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import place_order, record_wire
from tests.builders import House, a_customer, a_user
from tests.subscriptions.builders import a_flat_product, a_product

NIGHT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # of the Monday on which the clock of the tests stands


def a_key(customer: Customer, *, source_uid: str = "order", seats: int = 5) -> ActivationKey:
    key = issue_key(
        customer,
        product="NATSO BACKUP+",
        product_code=3,
        seats=seats,
        valid_through=date(2027, 11, 22),
        source_uid=source_uid,
        by=SYSTEM,
    )
    db.session.flush()
    return key


def a_machine(key: ActivationKey, name: str = "poste-1") -> Machine:
    activation, _is_new = take_seat(key, f"print-{name}", name)
    machine = db.session.scalars(db.select(Machine).where(Machine.activation_id == activation.id)).one()
    db.session.commit()
    return machine


def a_watched_machine(house: House, name: str = "poste-1") -> tuple[Machine, str]:
    """A machine of a new customer of the house's reseller, and its token."""
    machine = a_machine(a_key(a_customer(house.reseller)), name)
    return machine, a_token(machine)


def a_person(organisation: Organisation, role: Role = Role.CUSTOMER) -> User:
    """Somebody with an account, who can sign in at once."""
    user = a_user(organisation, role)
    db.session.commit()
    return user


def a_token(machine: Machine) -> str:
    token = machine.new_token()
    db.session.commit()
    return token


def of_natso(house: House) -> tuple[Machine, Subscription]:
    """A machine whose subscription pins the documents of NATSO, paid by wire."""
    order = place_order(a_customer(house.reseller), a_product(house), 5, Method.WIRE, by=SYSTEM)
    record_wire(order, received_on=date(2026, 11, 20), amount_cents=29940, reference="VIR", by=SYSTEM)
    key = db.session.scalars(db.select(ActivationKey)).one()
    return a_machine(key), subscription_of(order)


def of_dobaas(house: House) -> tuple[Machine, Subscription]:
    """A machine whose subscription pins the documents of Do'BaaS."""
    customer = a_customer(house.reseller, accepted="dobaas")
    order = place_order(customer, a_flat_product(house), 1, Method.DIRECT_DEBIT, by=SYSTEM)
    order.deliver(by=SYSTEM)
    db.session.flush()
    return a_machine(a_key(customer, source_uid=order.uid)), subscription_of(order)


def subscription_of(order: Order) -> Subscription:
    return db.session.scalars(db.select(Subscription).where(Subscription.order_uid == order.uid)).one()


def a_report(run_id: str = "run-1", ended_at: datetime = NIGHT, **values: Any) -> Report:
    """What a body becomes once it is read."""
    defaults: dict[str, Any] = dict(
        run_id=run_id,
        started_at=ended_at - timedelta(minutes=20),
        ended_at=ended_at,
        outcome=Outcome.OK,
        trouble=Trouble.NONE,
        source_bytes=10**9,
        added_bytes=10**6,
        files_new=3,
        files_changed=7,
        files_total=1000,
        incidents=0,
        texts=(),
        snapshot_id="",
        client_version="agent 3.2",
    )
    return Report(**{**defaults, **values})


def a_usage(stored: int) -> Usage:
    """What the engine measures of a vault."""
    return Usage(bytes_stored=stored, objects=1, snapshots=3, newest_snapshot_at=NIGHT, keys=1, locks=0)


def a_body(run_id: str = "run-1", ended_at: datetime = NIGHT, **values: Any) -> dict[str, Any]:
    body = dict(
        run_id=run_id,
        started_at=told(ended_at - timedelta(minutes=20)),
        ended_at=told(ended_at),
        outcome="ok",
        source_bytes=10**9,
        added_bytes=10**6,
        files_new=3,
        files_changed=7,
        files_total=1000,
        client_version="agent 3.2",
    )
    return body | values


def told(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def post(client: FlaskClient, token: str, body: object) -> Any:
    return client.post("/api/v1/backup-reports", json=body, headers={"Authorization": f"Bearer {token}"})


def ago(**values: int) -> datetime:
    return clock.now() - timedelta(**values)
