"""kill -9 of the web process that confirms a sign-up, and of its worker: everything once, or not yet."""

import os
import re
import signal
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import clock, jobs
from portal.customers.models import Acceptance, Customer
from portal.db import db
from portal.jobs import Task, TaskState
from portal.licensing.models import ActivationKey
from portal.mail import Mail
from portal.signups import confirming, trials
from portal.signups import jobs as sign_up_jobs
from portal.signups.models import SignUp, SignUpState, Trial, TrialState
from portal.subscriptions.models import Order
from tests.builders import a_house
from tests.conftest import MONDAY
from tests.forked import a_crew, forked
from tests.installation import Installation, Installs, kill
from tests.signups.builders import HER, SIGNER, ask, last_mail_to, open_page, token_to
from tests.vaulting import wait_for


def dying(act: Callable[..., Any], *, before: bool = False) -> Callable[..., Any]:
    """The same, and the process is killed behind it, or before it."""

    def dies(*values: Any, **named: Any) -> Any:
        found = None if before else act(*values, **named)
        db.session.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        return found

    return dies


def count(kind: type, *where: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(kind).where(*where)) or 0


def asked(place: Installation, **typed: str) -> tuple[str, str]:
    """Somebody has signed up and holds the code; token and code."""
    with place.context():
        product = open_page(a_house())
        phone = place.app.test_client()
        assert ask(phone, product, **typed).status_code == 303
        token = token_to()
        page = phone.get(f"/sign-up/{token}").text
        shown = re.search(r'name="shown"[^>]*value="([^"]*)"', page)
        assert shown is not None
        phone.post(f"/sign-up/{token}", data={**SIGNER, "shown": shown.group(1)})
        code = re.search(r"(\d{3}) (\d{3})", last_mail_to(HER, "code").body)
        assert code is not None
        return token, "".join(code.groups())


def confirms(place: Installation, token: str, code: str) -> Any:
    """While the code is valid."""
    clock.now = lambda: MONDAY
    with place.app.app_context():
        return place.app.test_client().post(f"/sign-up/{token}/code", data={"code": code})


DEATHS = {
    "before the customer": (confirming, "onboard", True),
    "behind the customer": (confirming, "give_account", False),
    "behind the key": (trials, "issue_key", False),
    "behind the mail": (trials, "queue_mail", False),
}


@pytest.mark.slow
def test_a_confirming_request_that_is_killed_is_sent_again_and_begins_one_trial(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_installation(tmp_path) as place:
        token, code = asked(place)
        for name, (module, act, before) in DEATHS.items():
            with monkeypatch.context() as patched:
                patched.setattr(module, act, dying(getattr(module, act), before=before))
                process = forked(place.app, lambda: confirms(place, token, code))
                assert process.wait() == -signal.SIGKILL, name
            with place.context():
                assert db.session.scalars(select(SignUp.state)).one() == SignUpState.PENDING, name
                found = [count(kind) for kind in (Customer, Acceptance, Trial, ActivationKey)]
                assert found == [0, 0, 0, 0], name
        with monkeypatch.context() as patched:  # and once the transaction has ended, before she is answered
            patched.setattr(db.session, "commit", dying(db.session.commit))
            assert forked(place.app, lambda: confirms(place, token, code)).wait() == -signal.SIGKILL
        assert confirms(place, token, code).status_code == 409
        with place.context():
            assert db.session.scalars(select(SignUp.state)).one() == SignUpState.DONE
            found = [count(kind) for kind in (Customer, Acceptance, Trial, ActivationKey)]
            assert found == [1, 1, 1, 1]
            assert count(Mail, Mail.kind == "signups/mail_trial") == 1


@pytest.mark.slow
def test_an_order_on_the_web_that_is_killed_is_placed_once(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_installation(tmp_path) as place:
        token, code = asked(place, wish="web", method="cheque")
        with monkeypatch.context() as patched:
            patched.setattr(confirming, "place_order", dying(confirming.place_order))
            assert forked(place.app, lambda: confirms(place, token, code)).wait() == -signal.SIGKILL
        with place.context():
            assert (count(Order), count(Customer)) == (0, 0)
        assert confirms(place, token, code).status_code == 303
        with place.context():
            assert (count(Order), count(Customer)) == (1, 1)
            assert count(Mail, Mail.kind == "subscriptions/mail_proforma") == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_warns_of_a_trial_once_and_ends_it_once(
    an_installation: Installs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_installation(tmp_path) as place:
        token, code = asked(place)
        assert confirms(place, token, code).status_code == 303
        machines_day = datetime.now(clock.PARIS).date()
        for ends_on, mail in (
            (machines_day + timedelta(1), "signups/mail_trial_ends"),
            (machines_day - timedelta(1), "signups/mail_trial_ended"),
        ):
            step_due(place, ends_on)
            with monkeypatch.context() as patched:
                patched.setattr(sign_up_jobs, "look_at", dying(sign_up_jobs.look_at))
                assert forked(place.app, lambda: works(place)).wait() == -signal.SIGKILL
            with place.context():
                assert count(Mail, Mail.kind == mail) == 0
            for pause in (0.02, 0.1):
                crew = a_crew(place.app)
                time.sleep(pause)
                kill(crew)
            worker = a_crew(place.app)
            try:
                wait_for(lambda: is_done(place))
            finally:
                kill(worker)
            with place.context():
                assert count(Mail, Mail.kind == mail) == 1
        with place.context():
            assert db.session.scalars(select(Trial.state)).one() == TrialState.ENDED


def step_due(place: Installation, ends_on: date) -> None:
    with place.context():
        trial = db.session.scalars(select(Trial)).one()
        trial.ends_on = ends_on
        jobs.enqueue("trials.step", f"{trial.uid}:{ends_on:%y%m%d}", trial.customer.organisation)
        db.session.commit()


def works(place: Installation) -> None:
    with place.app.app_context():
        jobs.drain()


def is_done(place: Installation) -> bool:
    with place.context():
        return count(Task, Task.kind == "trials.step", Task.state != TaskState.DONE) == 0
