"""Who is let in, and what is answered, request by request."""

import base64
import hashlib
import html
import json
import re
import shlex
from datetime import timedelta
from pathlib import Path

import pytest

from portal.custody.models import AccessState, VaultAccess, accesses_of, open_access
from portal.db import db
from portal.journal import SYSTEM, timeline
from portal.mail import mails_about
from tests import vaulting
from tests.backups.reporting import a_key, a_machine
from tests.builders import a_customer, stored
from tests.conftest import MONDAY
from tests.engine.servers import listener


@pytest.fixture
def access(vault) -> tuple[VaultAccess, str]:
    row = open_access(vault, hours=72, by=SYSTEM)
    secret = row.take(by=SYSTEM, address="")
    db.session.commit()
    return row, secret


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


@pytest.fixture
def ask(browser, access, vault):
    """``ask("config")`` with the right credentials, or with others."""
    client = browser()
    row, secret = access
    place = vault.uid

    def ask(
        path: str,
        method: str = "GET",
        credentials: dict[str, str] | None = None,
        vault_uid: str = "",
        **headers: str,
    ):
        own = basic(row.uid, secret) if credentials is None else credentials
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(
            f"/restic/{vault_uid or place}/{path}", method=method, headers={**own, **names}, buffered=True
        )

    return ask


def a_pack(vault) -> Path:
    return max(Path(vault.location).glob("data/*/*"), key=lambda path: path.stat().st_size)


def test_every_object_is_given_as_it_is_stored(ask, vault):
    root = Path(vault.location)
    assert ask("config").data == (root / "config").read_bytes()
    for kind in ("data", "index", "keys", "snapshots"):
        names = json.loads(ask(f"{kind}/").data)
        assert sorted(names) == sorted(path.name for path in (root / kind).rglob("*") if path.is_file())
        for name in names:
            assert hashlib.sha256(ask(f"{kind}/{name}").data).hexdigest() == name


def test_the_second_listing_has_sizes(ask, vault):
    answer = ask("data/", Accept="application/vnd.x.restic.rest.v2")
    assert answer.content_type == "application/vnd.x.restic.rest.v2"
    sizes = {row["name"]: row["size"] for row in json.loads(answer.data)}
    assert sizes == {path.name: path.stat().st_size for path in Path(vault.location).glob("data/*/*")}
    assert json.loads(ask("locks/").data) == []


def test_a_part_of_a_pack(ask, vault):
    pack = a_pack(vault)
    content = pack.read_bytes()
    answer = ask(f"data/{pack.name}", Range="bytes=10-109")
    assert (answer.status_code, answer.data) == (206, content[10:110])
    assert answer.headers["Content-Range"] == f"bytes 10-109/{len(content)}"
    assert ask(f"data/{pack.name}", Range="bytes=-7").data == content[-7:]
    beyond = ask(f"data/{pack.name}", Range=f"bytes={len(content)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert ask(f"data/{pack.name}", Range="bytes=0-1,3-4").status_code == 416


def test_head_tells_the_size_alone(ask, vault):
    pack = a_pack(vault)
    answer = ask(f"data/{pack.name}", "HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) == pack.stat().st_size
    assert ask("data/" + "0" * 64, "HEAD").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(ask, vault, method):
    pack = a_pack(vault)
    for path in ("?create=true", "config", f"data/{pack.name}", "locks/" + "0" * 64):
        answer = ask(path, method)
        assert (answer.status_code, answer.headers.get("Allow")) in {(405, "GET, HEAD"), (404, None)}, path
    assert ask(f"data/{pack.name}", method).status_code == 405
    assert pack.exists()
    assert not list(Path(vault.location, "locks").iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "data/../config",
        "data/../../config",
        "data/%2e%2e/config",
        "CONFIG",
        "tmp/",
        "data/" + "A" * 64,
        "data/" + "a" * 63,
        "data/" + "a" * 65,
        "keys",
        "data/00/",
        "data/00/" + "0" * 64,
        "",
    ],
)
def test_tricks_with_paths_find_nothing(ask, path):
    answer = ask(path)
    assert answer.status_code in {404, 308}
    assert b"root:" not in answer.data


def test_an_uppercase_or_short_name_of_a_real_object_is_not_found(ask, vault):
    name = a_pack(vault).name
    assert ask(f"data/{name}").status_code == 200
    for other in (name.upper(), name[:-1], name[:8], f"{name[:2]}/{name}", f"./{name}"):
        assert ask(f"data/{other}").status_code == 404, other


def test_wrong_credentials_are_refused_all_alike(ask, access, vault, browser):
    row, secret = access
    wrong = [
        {},
        basic(row.uid, ""),
        basic(row.uid, secret[:-1]),
        basic(row.uid, secret + "x"),
        basic("", ""),
        basic("a" * 16, secret),
        basic(vault.uid, secret),
        basic(row.uid.upper(), secret),
        basic("\0", secret),
        basic("é" * 16, secret),
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": "Basic ???"},
    ]
    for credentials in wrong:
        answer = ask("config", credentials=credentials)
        assert (answer.status_code, answer.data) == (401, b"401\n"), credentials
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert stored(row).first_used_at is None


def test_an_access_without_its_secret_taken_lets_nobody_in(ask, vault):
    row = open_access(vault, hours=24, by=SYSTEM)
    db.session.commit()
    for secret in ("", "None", "x"):
        assert ask("config", credentials=basic(row.uid, secret)).status_code == 401


def test_another_vault_is_refused(ask, house, customer, repository):
    other = vaulting.a_vault(a_customer(house.reseller, name="Voisin", siren=None), repository / "else")
    own = vaulting.a_vault(customer, repository / "own")
    for uid in (other.uid, own.uid, "a" * 16):
        assert ask("config", vault_uid=uid).status_code == 401


def test_an_expired_access_is_refused(ask, at):
    assert ask("config").status_code == 200
    at(MONDAY + timedelta(hours=71, minutes=59))
    assert ask("config").status_code == 200
    at(MONDAY + timedelta(hours=72))
    assert ask("config").status_code == 401


def test_a_revoked_access_is_refused(ask, access):
    access[0].revoke(by=SYSTEM)
    assert ask("config").status_code == 401
    assert stored(access[0]).state == AccessState.REVOKED


def test_an_erased_vault_is_missing(ask, vault):
    assert ask("config").status_code == 200
    vault.erase(by=SYSTEM)
    assert ask("config").status_code == 404


def test_a_storage_that_is_gone_is_missing(ask, vault, tmp_path):
    vault.location = str(tmp_path / "nothing")
    db.session.commit()
    assert ask("config").status_code == 404
    assert json.loads(ask("keys/").data) == []


def test_a_storage_that_cannot_be_reached_says_so(ask, vault, monkeypatch):
    from portal.custody import rest_protocol as serve_views
    from portal.engine.stores.objects import Access

    monkeypatch.setattr(serve_views, "Access", lambda env: Access(env, seconds=0.3, attempts=1))
    vault.location = "rest:http://127.0.0.1:9/"
    db.session.commit()
    assert [ask(path).status_code for path in ("config", "keys/")] == [502, 502]


def test_the_answer_is_for_a_program(ask):
    for answer in (ask("config"), ask("nothing"), ask("config", credentials={}), ask("config", "DELETE")):
        assert "text/html" not in answer.content_type
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_was_read_is_counted_and_the_first_time_is_told(ask, access, vault):
    row = access[0]
    size = len(ask("config").data)
    ask("keys/")
    ask("config", "DELETE")
    assert stored(row).requests == 3
    assert row.first_used_at == row.last_used_at == MONDAY
    assert row.bytes_sent >= size
    assert [event.what for event in timeline(vault)].count("use_access") == 1
    mail = mails_about(vault)[0]
    assert mail.recipient == "contact@client.example"
    assert "127.0.0.1" in mail.body and f"/vaults/{vault.uid}" in mail.body


def test_counts_are_kept_until_they_can_be_written():
    from portal.custody.counting import Tally

    tally, seen = Tally(), []

    def fail(_counts: object) -> None:
        raise OSError

    with pytest.raises(OSError):
        tally.add("x", 5, fail, 0)
    tally.add("x", 7, seen.append, 0)
    assert seen == [{"x": (2, 12)}]
    tally.flush(seen.append)
    assert len(seen) == 1


# The pages


def test_each_machine_of_the_vault_has_its_line_and_its_folder(browser, owner, vault, subscription):
    key = a_key(vault.customer, source_uid=subscription.order_uid)
    for name in ("poste d'Anne", "srv-a", "SRV-A"):
        a_machine(key, name)
    a_machine(a_key(vault.customer, source_uid="another"), "of-another")
    page = html.unescape(browser(owner).post(f"/vaults/{vault.uid}/accesses", data={"hours": 72}).text)
    restored = re.findall(r"^restic --no-lock restore latest ([^<\n]+)", page, re.M)
    unix, windows = restored[:3], [line for line in restored if "''" in line]
    assert [line for line in unix if "srv-a" in line.lower()] == [
        "--host SRV-A --target ./restauration-SRV-A",
        "--host srv-a --target ./restauration-srv-a_",
    ]
    anne = next(line for line in unix if "Anne" in line)
    assert shlex.split(anne) == ["--host", "poste d'Anne", "--target", "./restauration-poste-d-Anne"]
    assert "--host 'poste d''Anne' --target ./restauration-poste-d-Anne" in windows
    assert "of-another" not in page and "NOM-DE-LA-MACHINE" not in page and "une machine dans" in page


def test_the_customer_gets_the_three_lines_at_once(browser, owner, vault):
    answer = browser(owner).post(f"/vaults/{vault.uid}/accesses", data={"hours": 72})
    page = answer.text
    assert answer.status_code == 200
    row = accesses_of(vault)[0]
    secret = re.search(rf"rest:http://{row.uid}:([\w-]{{43}})@localhost:8000/restic/{vault.uid}/", page)[1]
    assert "restore latest --host NOM-DE-LA-MACHINE --target ./restauration<" in page
    assert "une fois par machine" in page
    assert row.expires_at == MONDAY + timedelta(hours=72)
    assert row.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in vaulting.text_of_every_column()
    assert secret not in browser(owner).get(f"/vaults/{vault.uid}").text
    answer = browser().get(f"/restic/{vault.uid}/config", headers=basic(row.uid, secret), buffered=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("role", ["technician", "support", "owner", "operator"])
def test_staff_send_a_link_and_never_see_the_secret(browser, house, vault, subscription, role):
    a_machine(a_key(vault.customer, source_uid=subscription.order_uid), "srv-a")
    staff = browser(getattr(house, role))
    answer = staff.post(f"/vaults/{vault.uid}/accesses", data={"hours": 24}, follow_redirects=True)
    row = accesses_of(vault)[0]
    assert "contact@client.example" in answer.text and "RESTIC_REPOSITORY" not in answer.text
    assert (row.state, row.secret_hash) == (AccessState.OFFERED, None)
    path = re.search(r"https?://[^/]+(/vault-access/\S+)", vaulting.last_mail(vault.uid).body)[1]
    assert staff.get(path).status_code == staff.post(path).status_code == 403
    assert stored(row).secret_hash is None
    customer = browser()
    assert "RESTIC_REPOSITORY" not in customer.get(path).text
    assert stored(row).secret_hash is None  # a mail scanner opens links
    page = customer.post(path).text
    assert f"rest:http://{row.uid}:" in page and "--host srv-a --target ./restauration-srv-a" in page
    assert stored(row).state == AccessState.LIVE
    assert row.expires_at == MONDAY + timedelta(hours=24)
    assert customer.post(path).status_code == 410


def test_a_link_is_good_for_a_week_only(browser, house, vault, at):
    browser(house.support).post(f"/vaults/{vault.uid}/accesses", data={"hours": 24})
    path = re.search(r"https?://[^/]+(/vault-access/\S+)", vaulting.last_mail(vault.uid).body)[1]
    at(MONDAY + timedelta(days=7))
    assert browser().post(path).status_code == 410
    assert accesses_of(vault)[0].state == AccessState.EXPIRED


@pytest.mark.parametrize("hours", ["0", "73", "337", "100000", "x"])
def test_only_the_offered_durations_are_taken(browser, owner, vault, hours):
    assert browser(owner).post(f"/vaults/{vault.uid}/accesses", data={"hours": hours}).status_code == 422
    assert accesses_of(vault) == []


def test_an_erased_vault_gets_no_access(browser, owner, vault):
    vault.erase(by=SYSTEM)
    assert browser(owner).post(f"/vaults/{vault.uid}/accesses", data={"hours": 72}).status_code == 422


@pytest.mark.parametrize("who", ["owner_of_vault", "support"])
def test_it_is_revoked_on_the_vaults_page(browser, house, owner, vault, access, ask, who):
    client = browser(owner if who == "owner_of_vault" else house.support)
    address = f"/vaults/{vault.uid}/accesses/{access[0].uid}/revocation"
    assert address in client.get(f"/vaults/{vault.uid}").text
    assert client.post(address).status_code == 303
    assert ask("config").status_code == 401
    assert client.post(address).status_code == 409
    assert "Accès en lecture révoqué" in client.get(f"/vaults/{vault.uid}").text


def test_an_access_is_revoked_through_its_own_vault_only(browser, owner, customer, repository, access):
    other = vaulting.a_vault(customer, repository / "else")
    answer = browser(owner).post(f"/vaults/{other.uid}/accesses/{access[0].uid}/revocation")
    assert answer.status_code == 404
    assert stored(access[0]).state == AccessState.LIVE


def test_who_only_reads_or_sells_opens_nothing(browser, house, vault):
    for person in (house.reader, house.sales, house.finance):
        assert browser(person).post(f"/vaults/{vault.uid}/accesses", data={"hours": 72}).status_code == 403


def test_a_server_that_the_settings_do_not_name_is_not_asked(ask, app, vault, monkeypatch):
    monkeypatch.setitem(app.config, "VAULT_HOSTS", "coffres.exemple.fr")
    with listener() as (address, was_called):
        vault.location = f"rest:http://{address}/x/"
        db.session.commit()
        assert ask("config").status_code == 502
        assert not was_called()
