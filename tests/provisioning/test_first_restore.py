"""From a host of buckets where nothing is to the first folder that comes back: screens, worker, restic."""

import io
import re
import zipfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal import jobs
from portal.access import Role
from portal.blobs import Document
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from tests import vaulting
from tests.builders import House, a_user, stored, work
from tests.guarded_bucket import Guarded
from tests.provisioning.places import block, deliver, home_of, in_buckets
from tests.provisioning.test_birth import Customer, with_env

pytestmark = pytest.mark.slow
Browser = Callable[..., FlaskClient]
PHRASE = vaulting.SECRET


def path_in(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def the_form(page: str) -> dict[str, str]:
    """What a person ticks who wants the one folder that is found."""
    (listing,) = set(re.findall(r'name="listing" value="([^"]+)"', page))
    picks = set(re.findall(r'name="pick" value="(e\d+)"', page))
    assert len(picks) == 1, picks
    return {"listing": unescape(listing), "pick": picks.pop()}


def test_from_an_empty_host_of_buckets_to_the_first_restored_folder(
    house: House, browser: Browser, host: Guarded, agent: None, tmp_path: Path
) -> None:
    in_buckets(browser(house.operator), host, immutable_days="30")
    home = home_of(deliver(house, terms_stack="dropcloud"))
    work()
    vault, poste = stored(home).vault, Customer(tmp_path / "poste")
    (tmp_path / "poste/home/photos").mkdir()
    for number in range(3):
        (tmp_path / f"poste/home/photos/mer-{number}.txt").write_text(f"vague {number}")
    set_scope(EVERYTHING)
    person = a_user(home.customer.organisation, Role.TECHNICAL)
    db.session.commit()
    hers = browser(person)
    page = hers.get(f"/vaults/{vault.uid}/set-up").text
    shown = hers.post(f"/vaults/{vault.uid}/set-up/credentials").text
    poste.write("env", block(shown, "environment"))
    done = poste.run(block(page, "init"), f"{PHRASE}\n")
    assert done.returncode == 0, done.stderr
    done = poste.run(with_env("env", f"restic backup -q {tmp_path}/poste/home"))
    assert done.returncode == 0, done.stderr
    set_scope(EVERYTHING)
    jobs.enqueue("vault.measure", f"{vault.uid}:now", home.customer.organisation)
    work()
    assert (stored(vault).snapshots, vault.measure_fault) == (1, None)
    gets_the_folder_back(browser(house.support), browser(), vault.uid)


def gets_the_folder_back(technician: FlaskClient, client: FlaskClient, vault_uid: str) -> None:
    told = {"what": "les photos", "cause": "lost_by_user", "kind": "complex"}
    request = path_in(technician.post(f"/restore-requests/new/{vault_uid}", data=told))
    uid = request.partition("?")[0].rsplit("/", 1)[1]
    work()
    unlocking = vaulting.link_in(vaulting.last_mail(uid))
    assert vaulting.unlock(client, unlocking).status_code in (200, 303)
    work()
    found = technician.get(f"/restore-requests/{uid}/files?q=photos").text
    path_in(technician.post(f"/restore-requests/{uid}/file", data=the_form(found)))
    work()
    fetching = vaulting.link_in(vaulting.last_mail(uid))
    client.post(f"{fetching}/code")
    code = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
    client.post(f"{fetching}/check", data={"code": vaulting.code_in(code)})
    document = db.session.scalars(db.select(Document).where(Document.kind == "restore")).one()
    archive = zipfile.ZipFile(io.BytesIO(vaulting.fetch(client, f"{fetching}/{document.uid}").data))
    came = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if "mer-" in name}
    assert came == {f"mer-{number}.txt": f"vague {number}" for number in range(3)}
