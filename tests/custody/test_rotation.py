"""Somebody has left: the guide's own commands change the passphrase, the register and the proof follow."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

from portal import clock
from portal.custody.register import notes_of
from portal.engine.models import OpeningPurpose, OpeningState, openings_of
from tests.builders import stored, work
from tests.vaulting import SECRET, last_mail, link_in, unlock

NEW = "canari-1830-Hernani"


def restic(place: Path, *words: str, phrase: str, new: Path | None = None) -> str:
    """As the customer types it on her machine; the phrases come from files."""
    env = {**os.environ, "RESTIC_PASSWORD": phrase}
    more = ["--new-password-file", str(new)] if new else []
    done = subprocess.run(
        ["restic", "-r", str(place), *words, *more], env=env, text=True, capture_output=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_passphrase_is_changed_after_somebody_left_noted_and_proved_again(
    browser, house, own_vault, agent, at, tmp_path
):
    place = Path(str(own_vault.location))
    person = house.support
    new = tmp_path / "new"
    new.write_text(NEW)
    restic(place, "key", "add", phrase=SECRET, new=new)
    listed = restic(place, "key", "list", phrase=SECRET).splitlines()
    former = next(line.split()[0].lstrip("*") for line in listed if line.startswith("*"))
    restic(place, "key", "remove", former, phrase=NEW)
    at(clock.now() + timedelta(days=2))
    data = {"custody": "customer", "holder": "La remplaçante", "since_on": clock.today().isoformat()}
    assert browser(person).post(f"/vaults/{own_vault.uid}/custody", data=data).status_code == 303
    assert notes_of(stored(own_vault))[0].holder == "La remplaçante"
    assert proof(browser, person, own_vault, SECRET) == OpeningState.ASKED, "the former one opens nothing"
    assert proof(browser, person, own_vault, NEW) == OpeningState.CLOSED
    assert stored(own_vault).proved_at == clock.now()


def proof(browser, person, vault, phrase):
    browser(person).post(f"/vaults/{vault.uid}/proof")
    opening = next(one for one in openings_of(vault) if one.purpose == OpeningPurpose.PROOF)
    unlock(browser(), link_in(last_mail(vault.uid)), phrase)
    work()
    return stored(opening).state
