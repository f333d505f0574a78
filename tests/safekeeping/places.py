"""An installation with some life in it, a repository for its backups, and an empty place for a restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask

from portal.blobs import Document, keep
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import register_vault
from portal.licensing.models import issue_key
from portal.licensing.seating import take_seat
from tests import installation
from tests.builders import a_customer, a_house
from tests.engine.cheap_key import new_repository
from tests.forked import Forked, forked
from tests.installation import Installation

SECRET = "canari-de-la-sauvegarde"


def live_a_little(place: Installation) -> dict[str, str]:
    """People, a customer, documents, a licence and a vault; gives the uids that tests ask for."""
    with place.context():
        house = a_house()
        customer = a_customer(house.reseller)
        paper = a_document(customer, "invoice", b"facture")
        export = a_document(customer, "export", b"restitution")
        key = a_key(customer)
        activation, _is_new = take_seat(key, "f" * 64, "poste")
        vault = register_vault(customer, name="Coffre", location="/tmp/none/vault")
        vault.identify("a" * 64)
        db.session.commit()
        return {
            "paper": paper.uid,
            "export": export.uid,
            "key": key.uid,
            "activation": activation.uid,
            "vault": vault.uid,
        }


def a_key(customer: Any) -> Any:
    from datetime import date

    from portal.journal import SYSTEM

    return issue_key(
        customer,
        source_uid="order",
        product="Poste",
        product_code=0,
        seats=3,
        valid_through=date(2027, 11, 1),
        by=SYSTEM,
    )


def a_document(customer: Any, kind: str, content: bytes) -> Document:
    row = keep(
        content,
        owner=customer.organisation,
        subject=customer,
        kind=kind,
        filename=f"{kind}.pdf",
        media_type="application/pdf",
    )
    db.session.commit()
    return row


def a_repository(folder: Path) -> Path:
    place = folder / "repository"
    new_repository(place, SECRET)
    return place


def run(app: Flask, *words: str) -> Result:
    with app.app_context():
        result = app.test_cli_runner().invoke(args=list(words))
        db.session.remove()
    return result


@contextmanager
def an_empty_place(folder: Path, keys: Path) -> Iterator[Flask]:
    """The settings of another machine: the same keys, nothing else."""
    folder.mkdir()
    (folder / "keys.json").write_bytes(keys.read_bytes())
    (folder / "keys.json").chmod(0o600)
    with installation.an_application(folder, installation.empty_database(folder)) as application:
        yield application


@contextmanager
def looking_into(app: Flask) -> Iterator[None]:
    with app.app_context():
        set_scope(EVERYTHING)
        yield
        db.session.rollback()


def command(app: Flask, *words: str) -> Forked:
    """``flask WORDS`` in a process of its own, that starts at once; to be killed from outside."""

    def act() -> None:
        if run(app, *words).exit_code:
            raise SystemExit(1)

    return forked(app, act)
