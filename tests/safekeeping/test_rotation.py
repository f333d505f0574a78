"""Every kind of key is replaced while the portal runs: nothing is lost, and nobody is signed out."""

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select, update

from clients.activate import License, LicenseError
from portal import clock
from portal.blobs import Document, content_of, kept_with
from portal.crypto.key_file import read_key_file
from portal.crypto.sealed_file import HEAD_BYTES, key_name_of
from portal.crypto.seals import seal_pdf
from portal.crypto.secrets import keyring
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault, register_vault
from portal.engine.sole import vaults_at
from portal.licensing.license_file import verify
from portal.licensing.models import Activation, ActivationKey, find_key
from portal.licensing.seating import take_seat
from portal.mail import Mail
from portal.safekeeping import reseal
from portal.safekeeping.known_keys import keys_fit, remember_keys
from portal.safekeeping.reindex import change_index
from portal.safekeeping.sealed_columns import sealed_columns
from portal.sepa.signing.verify_views import judge
from tests.clients.test_activate import a_key
from tests.installation import Installation, Installs
from tests.safekeeping.places import a_document, command, live_a_little, run
from tests.test_seals import PDF


@pytest.fixture
def place(tmp_path: Path, an_installation: Installs) -> Iterator[Installation]:
    (tmp_path / "portal").mkdir()
    with an_installation(tmp_path / "portal") as installed:
        with installed.context():
            remember_keys()
        yield installed


def keys(place: Installation, *words: str, code: int = 0) -> str:
    done = run(place.app, "keys", *words)
    assert done.exit_code == code, (words, done.output, done.exception)
    return str(done.output)


def sealed_with(place: Installation) -> set[str]:
    """The names of the data keys that anything is sealed with."""
    found: set[str] = set()
    with place.context():
        for column in sealed_columns():
            values = db.session.scalars(select(column.sealed).where(column.sealed.is_not(None)))
            found |= {value.partition(".")[0] for value in values}
        for document in db.session.scalars(select(Document).where(~Document.erased)):
            found.add(str(kept_with(document.storage_key)))
    return found


def test_data_keys(place: Installation) -> None:
    made = live_a_little(place)
    before = read_key_file(place.folder)["data"]["k1"]
    keys(place, "promote", "data", code=1)  # nothing waits
    assert "k2" in keys(place, "rotate", "data")
    keys(place, "rotate", "data", code=1)
    assert sealed_with(place) == {"k1"} and (place.folder / "keys.json.old").stat().st_mode & 0o777 == 0o600
    keys(place, "promote", "data")
    with place.context():  # the same process, without a restart
        late = a_document(db.session.scalars(select(Customer)).one(), "invoice", b"nouvelle")
        assert kept_with(late.storage_key) == "k2"
    assert "k1" in keys(place, "retire", "k1", code=1)  # something needs it
    assert "0 fichiers" not in keys(place, "reseal")
    assert sealed_with(place) == {"k2"}
    assert "0 valeurs et 0 fichiers" in keys(place, "reseal")
    keys(place, "retire", "k2", code=1)
    keys(place, "retire", "k1")
    assert before not in (place.folder / "keys.json").read_text()
    assert not (place.folder / "keys.json.old").exists()
    with place.context():
        assert keys_fit()
        papers = {row.uid: row for row in db.session.scalars(select(Document))}
        assert content_of(papers[made["paper"]]) == b"facture"
        assert find_key(db.session.scalars(select(ActivationKey)).one().code).uid == made["key"]


def test_a_key_file_from_before_a_rotation_is_refused(place: Installation) -> None:
    live_a_little(place)
    old = (place.folder / "keys.json").read_bytes()
    keys(place, "rotate", "data")
    keys(place, "promote", "data")
    with place.context():
        assert keys_fit()
    (place.folder / "keys.json").write_bytes(old)
    with place.context():
        assert not keys_fit()


def test_a_value_of_every_sealed_column_is_sealed_anew(place: Installation) -> None:
    """Rows that the builders do not make are given a value by hand: a new column cannot be forgotten."""
    live_a_little(place)
    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        from portal.customers.models import Draft

        draft = Draft(organisation=customer.organisation, user_id=1, form="x")
        draft.content = "brouillon"
        db.session.add(draft)
        db.session.commit()
        filled = 0
        for column in sealed_columns():
            row = db.session.execute(select(column.table.c.id, column.table.c.uid).limit(1)).first()
            if row is not None:
                filled += 1
                value = keyring().seal(f"valeur de {column.name}", column.context(row.uid))
                at = update(column.table).where(column.table.c.id == row.id)
                db.session.execute(at.values({column.sealed.name: value}))
        db.session.commit()
        assert filled >= 5
    keys(place, "rotate", "data")
    keys(place, "promote", "data")
    keys(place, "reseal")
    keys(place, "retire", "k1")
    with place.context():
        for column in sealed_columns():
            found = db.session.execute(column.newest()).first()
            if found is not None:
                assert found.sealed.startswith("k2.")
                keyring().open(found.sealed, column.context(found.uid))


def test_the_blind_index(place: Installation) -> None:
    made = live_a_little(place)
    with place.context():
        code = db.session.get(ActivationKey, 1).code  # type: ignore[union-attr]
        fingerprint = keyring().fingerprint
    keys(place, "rotate", "index")
    with place.context():
        assert find_key(code).uid == made["key"]  # two keys in the file, the old one counts
    assert "0 empreintes" not in keys(place, "promote", "index")
    keys(place, "retire", "i2", code=1)
    keys(place, "retire", "i1")
    with place.context():
        assert keys_fit() and keyring().fingerprint == fingerprint
        assert find_key(code).uid == made["key"]
        assert [one.uid for one in vaults_at("/tmp/none/../none/vault")] == [made["vault"]]
        assert [one.uid for one in vaults_at("/elsewhere", "a" * 64)] == [made["vault"]]
        customer = db.session.scalars(select(Customer)).one()
        second = register_vault(customer, name="2", location="/tmp/none/vault")
        with pytest.raises(Exception, match=r"(?i)unique"):
            db.session.flush()
        assert second.place_index
        db.session.rollback()


def test_a_digest_that_cannot_be_computed_yet_stops_the_change(place: Installation) -> None:
    live_a_little(place)
    with place.context():  # as a vault is that was measured by the release before
        db.session.execute(update(Vault.__table__).values(identity_sealed=None))
        db.session.commit()
        before = db.session.scalar(select(ActivationKey.code_index))
    keys(place, "rotate", "index")
    assert "prochaine mesure" in keys(place, "promote", "index", code=1)
    with place.context():
        assert db.session.scalar(select(ActivationKey.code_index)) == before
        db.session.execute(update(Vault.__table__).values(state="erased"))
        db.session.commit()
    keys(place, "promote", "index")
    with place.context():
        assert db.session.scalar(select(Vault.identity_index)) is None


def test_the_change_waits_for_whoever_computes_a_digest(place: Installation) -> None:
    """A digest of the old key cannot be written after the change."""
    live_a_little(place)
    keys(place, "rotate", "index")
    done: list[int] = []

    def change() -> None:
        with place.context():
            done.append(change_index("i2"))

    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        vault = register_vault(customer, name="2", location="/tmp/none/two")
        db.session.flush()
        other = threading.Thread(target=change)
        other.start()
        time.sleep(0.3)
        assert not done
        uid = vault.uid
        db.session.commit()
    other.join()
    assert done and done[0] > 0
    with place.context():
        assert [one.uid for one in vaults_at("/tmp/none/two")] == [uid]


def test_the_cookie_key_signs_nobody_out_of_a_form(place: Installation) -> None:
    place.app.config["WTF_CSRF_ENABLED"] = True
    live_a_little(place)
    client = place.app.test_client()
    form = client.get("/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token
    typed = {"csrf_token": token[1], "email": "nobody@example.org", "password": "x" * 14}
    for _each in ("rotate", "promote"):
        keys(place, _each, "cookie")
        answer = client.post("/login", data=typed)
        assert answer.status_code == 422 and "incorrect" in answer.text, answer.text[:2000]
    fresh = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', place.app.test_client().get("/login").text)
    assert fresh
    keys(place, "retire", "c1", code=1)  # forms are open
    keys(place, "retire", "c1", "--now")
    assert client.post("/login", data=typed).status_code != 422


def test_the_licence_key(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    live_a_little(place)
    with place.context():
        old = db.session.scalars(select(Activation)).one().license_file
    keys(place, "rotate", "licence")
    published = place.app.test_client().get("/api/v1/license-keys").json
    assert published is not None and len(published) == 2  # clients learn of the next one before it is used
    assert "--now" in keys(place, "promote", "licence", code=1)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    keys(place, "promote", "licence")
    first = json.loads(old)["kid"]
    keys(place, "retire", first)
    assert place.app.test_client().get("/api/v1/license-keys").json == published
    public = {kid: Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for kid, key in published.items()}
    with place.context():
        new, _is_new = take_seat(db.session.scalars(select(ActivationKey)).one(), "e" * 64, "poste 2")
        assert json.loads(new.license_file)["kid"] != first
        for file in (old, new.license_file):
            assert verify(file.encode(), public)["seats"] == 3
        db.session.rollback()
    assert "PRIVATE" not in json.dumps(read_key_file(place.folder)["license_retired"])


@pytest.mark.slow
@pytest.mark.words
def test_a_licence_key_that_was_stolen_is_withdrawn(place: Installation, tmp_path: Path) -> None:
    """A machine that checks in goes on by a file of the new key; what the thief signs counts nowhere."""
    with place.context():
        code = a_key(clock.today())
        old = keyring().license_kid
    assert "sert ou va servir" in keys(place, "withdraw", old, code=1)
    keys(place, "rotate", "licence")
    with place.web() as url:
        shipped = httpx.get(f"{url}/api/v1/license-keys").json()
        one = License(url, tmp_path / "one", shipped, "m1")
        one.activate(code)
        stolen = (tmp_path / "one" / "license.json").read_bytes()
        keys(place, "promote", "licence", "--now")
        assert one.fetch_revocations() and one.state() == "VALID"
        keys(place, "withdraw", old)
        keys(place, "withdraw", old, code=1)  # once
        keys(place, "withdraw", "k1", code=1)
        assert list(httpx.get(f"{url}/api/v1/license-keys").json()) == [kid for kid in shipped if kid != old]
        rows = {row["kid"]: row for row in httpx.get(f"{url}/api/v1/signing-keys").json()["keys"]}
        assert rows[old]["withdrawn"] and not rows[old]["in_use"]
        assert one.fetch_revocations()
        with pytest.raises(LicenseError, match="withdrawn"):
            one.state()
        assert one.heartbeat() and one.state() == "VALID"
        (tmp_path / "one" / "license.json").write_bytes(stolen)
        with pytest.raises(LicenseError, match="withdrawn"):
            one.state()


@pytest.mark.slow
def test_a_web_server_that_runs_learns_of_a_new_key(place: Installation) -> None:
    with place.web() as address:

        def published() -> list[str]:
            with urlopen(f"{address}/api/v1/license-keys") as answer:
                return list(json.load(answer))

        assert len(published()) == 1
        keys(place, "rotate", "licence")
        assert len(published()) == 2


def test_the_seal_certificate(place: Installation) -> None:
    live_a_little(place)
    sealed = []
    for step in (None, "rotate", "promote"):
        if step:
            keys(place, step, "seal")
        with place.context():
            ring, at = keyring(), datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
            certificate = ring.seal_certificate_pem
            sealed.append(seal_pdf(PDF, key_pem=ring.seal_key_pem, cert_pem=certificate, reason="x", at=at))
    keys(place, "retire", "s1")
    with place.context():
        assert certificate != keyring().seal_certificates[1]
        assert all(judge(pdf).sealed for pdf in sealed)
        assert judge(sealed[0]).sealed_by == "Essai"


@pytest.mark.slow
def test_resealing_that_is_killed_goes_on(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    live_a_little(place)
    with place.context():
        customer = db.session.scalars(select(Customer)).one()
        for number in range(30):
            a_document(customer, "invoice", os.urandom(150_000) + bytes([number]))
        for number in range(1500):
            mail = Mail(
                organisation=customer.organisation,
                recipient="a@example.org",
                subject="x",
                subject_uid=customer.uid,
                message_id=str(number),
                server_answer="",
            )
            mail.body = f"message {number}"
            db.session.add(mail)
        db.session.commit()
    keys(place, "rotate", "data")
    keys(place, "promote", "data")
    write = reseal.write_sealed

    def slowly(*given: Any) -> Any:
        time.sleep(0.02)
        return write(*given)

    with monkeypatch.context() as patch:
        patch.setattr(reseal, "write_sealed", slowly)  # who looks has to be quicker than who seals
        for enough in (lambda: resealed_mails(place) >= 1, lambda: resealed_files(place) >= 3):
            process = command(place.app, "keys", "reseal")
            while process.poll() is None and not enough():
                time.sleep(0.001)
            process.kill()
    assert 3 <= resealed_files(place) < 31  # it was killed before its end
    keys(place, "reseal")
    assert sealed_with(place) == {"k2"}
    keys(place, "retire", "k1")
    with place.context():
        for paper in db.session.scalars(select(Document).where(~Document.erased)):
            assert hashlib.sha256(content_of(paper)).hexdigest() == paper.sha256
        assert {mail.body for mail in db.session.scalars(select(Mail))} >= {
            f"message {n}" for n in range(1500)
        }


def resealed_mails(place: Installation) -> int:
    with place.context():
        done = select(func.count(Mail.id)).where(Mail.body_sealed.startswith("k2."))
        return db.session.scalar(done) or 0


def resealed_files(place: Installation) -> int:
    found = 0
    for path in (place.folder / "blobs").glob("*/*"):
        if path.suffix != ".part":
            with path.open("rb") as file:
                found += key_name_of(file.read(HEAD_BYTES)) == "k2"
    return found


@pytest.mark.slow
def test_a_change_of_the_index_that_is_killed_has_not_happened_or_has(place: Installation) -> None:
    live_a_little(place)
    with place.context():
        code = db.session.get(ActivationKey, 1).code  # type: ignore[union-attr]
    keys(place, "rotate", "index")
    for pause in (0.01, 0.03, 0.06, 0.1):
        process = command(place.app, "keys", "promote", "index")
        time.sleep(pause)
        process.kill()
        with place.context():
            assert find_key(code)
    if read_key_file(place.folder).get("index_current") != "i2":
        keys(place, "promote", "index")
    keys(place, "retire", "i1")
    with place.context():
        assert find_key(code) and keys_fit()
