"""What the tests of vaults, restores and reversibility share: a real repository and a real key agent."""

import base64
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, text

from portal.access import Role
from portal.catalogue.models import Method, Plan, Product
from portal.customers.models import Customer
from portal.db import db
from portal.engine.browser_seal import seal
from portal.engine.customer_side import backup, init_repository
from portal.engine.key_agent import KeyAgent
from portal.engine.models import Vault, register_vault
from portal.engine.passphrase import Passphrase
from portal.engine.port import RepoRef
from portal.engine.restic import Restic
from portal.mail import Mail
from portal.resellers.models import LegalEntity
from portal.subscriptions.models import Subscription, SubscriptionState
from portal.terms.shipped import find_stack
from tests import builders
from tests.engine.cheap_key import new_repository

SECRET = "canari-1812-Élan"  # no test puts it where a test may look for it: environments, arguments
PRODUCT: dict[str, Any] = dict(
    code="coffre",
    name="Coffre 500 Go",
    terms_stack="dropcloud",
    plan=Plan.ANNUAL,
    key_product=0,
    billing_months=1,
    unit_name="coffre",
    unit_cents=30_000,
    price_includes_vat=False,
    vat_basis_points=2000,
    has_keys=False,
    is_on_sale=True,
)


def a_subscription(
    customer: Customer, *, terms: str = "dropcloud", ends_on: date | None = None, **values: Any
) -> Subscription:
    stack = find_stack(terms)
    entity = db.session.scalars(select(LegalEntity)).first()
    product = db.session.scalars(select(Product)).first() or _a_product(entity)
    defaults: dict[str, Any] = dict(
        product_name="Coffre 500 Go",
        plan=Plan.ANNUAL,
        terms_stack=terms,
        terms_versions=stack.versions,
        billing_months=1,
        quantity=1,
        unit_cents=30_000,
        includes_vat=False,
        vat_basis_points=2000,
        method=Method.WIRE,
        started_on=date(2025, 11, 20),
        billed_before=date(2026, 12, 20),
        state=SubscriptionState.NOTICE_GIVEN if ends_on else SubscriptionState.ACTIVE,
        ends_on=ends_on,
    )
    row = Subscription(
        organisation=customer.organisation,
        customer_id=customer.id,
        product_id=product.id,
        legal_entity_id=entity.id,
        order_uid="order",
        **{**defaults, **values},
    )
    db.session.add(row)
    db.session.commit()
    return row


def _a_product(entity: LegalEntity) -> Product:
    product = Product(organisation=_Owner(entity), **PRODUCT)
    db.session.add(product)
    db.session.flush()
    return product


class _Owner:
    def __init__(self, entity: LegalEntity) -> None:
        self.id, self.org_path = entity.organisation_id, entity.org_path


def make_repository(place: Path) -> Path:
    """Two machines, a few files each; the passphrase is SECRET."""
    repo, key, engine = RepoRef(str(place / "repo")), Passphrase(SECRET), Restic()
    new_repository(place / "repo", SECRET)
    compta = place / "compta"
    (compta / "factures").mkdir(parents=True)
    for index in range(60):
        (compta / "factures" / f"facture-{index:02}.txt").write_text(f"facture {index}\n" * 50)
    (compta / "Été à Lyon.txt").write_text("souvenirs")
    accueil = place / "accueil"
    accueil.mkdir()
    (accueil / "notes.txt").write_text("notes de l'accueil")
    backup(engine, repo, key, [compta], "compta")
    backup(engine, repo, key, [accueil], "accueil")
    return Path(repo.location)


def a_vault(customer: Customer, location: Path, subscription: Subscription | None = None) -> Vault:
    vault = register_vault(
        customer,
        name="Serveur de fichiers",
        location=str(location),
        subscription_uid=subscription.uid if subscription else "",
    )
    if Restic().exists(vault.repo):
        vault.measured(Restic().usage(vault.repo))
    db.session.commit()
    return vault


def a_customer_user(customer: Customer) -> Any:
    user = builders.a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return user


def last_mail(subject_uid: str) -> Mail:
    query = select(Mail).where(Mail.subject_uid == subject_uid).order_by(Mail.id.desc()).limit(1)
    return db.session.scalars(query).one()


def link_in(mail: Mail) -> str:
    """The path of the one link that the mail carries."""
    return re.search(r"https?://[^/]+(/(?:unlock|fetch|handover-choice)/\S+)", mail.body)[1]  # type: ignore[index]


def code_in(mail: Mail) -> str:
    """The code that stands out in a mail."""
    return re.search(r"^    (\d{6})$", mail.body, re.M)[1]  # type: ignore[index]


def sealed_for(page: str, secret: str) -> str:
    """What the script of the page makes of a passphrase."""
    found = re.search(r'data-seal-for="([^"]*)"\s+data-name="(\w+)"', page)
    if found is None or not found[1]:  # no form, or no agent: the browser can send nothing that counts
        return base64.urlsafe_b64encode(b"?").decode()
    point = base64.urlsafe_b64decode(found[1])
    return base64.urlsafe_b64encode(seal(point, found[2], secret.encode())).decode()


def unlock(client: Any, path: str, secret: str = SECRET) -> Any:
    page = client.get(path).get_data(as_text=True)
    return client.post(path, data={"sealed": sealed_for(page, secret), "consent": "y"})


def fetch(client: Any, path: str, **headers: str) -> Any:
    """A download, read to its end so that no file stays open."""
    return client.get(path, headers=headers, buffered=True)


@contextmanager
def running_agent(socket_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.engine.key_agent", "--socket", str(socket_path)],
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: KeyAgent(socket_path).alive())
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def text_of_every_column() -> str:
    """Everything that the database holds, as one text."""
    found = []
    for name in inspect(db.session.connection()).get_table_names():
        for row in db.session.execute(text(f'SELECT * FROM "{name}"')):
            found.append(repr(tuple(row)))
    return "\n".join(found)


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def fingerprint(repo: RepoRef) -> str:
    return Restic().fingerprint(repo)


def repository_id(place: Path) -> str:
    return Restic().open_check(RepoRef(str(place)), Passphrase(SECRET))


def make_large_repository(place: Path, *, megabytes: int, chance: random.Random) -> None:
    """One of its own, not a copy of the others, with so much in it that does not compress."""
    init_repository(Restic(), RepoRef(str(place)), Passphrase(SECRET))
    source = place.with_name(f"{place.name}.source")
    source.mkdir()
    for index in range(megabytes):
        (source / f"{index:03}.bin").write_bytes(chance.randbytes(1 << 20))
    backup(Restic(), RepoRef(str(place)), Passphrase(SECRET), [source], "serveur")
    shutil.rmtree(source)
