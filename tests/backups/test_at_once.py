"""The same report, sent by eight connections at once, is one row and one mail."""

import threading
from pathlib import Path

from portal.backups.models import BackupRun
from portal.db import db
from portal.mail import Mail
from tests.backups.reporting import a_body, a_watched_machine, post
from tests.builders import a_house
from tests.installation import Installs

SENDERS = 8


def test_a_report_that_comes_eight_times_at_once_is_kept_once(
    an_installation: Installs, tmp_path: Path
) -> None:
    with an_installation(tmp_path) as place:
        with place.context():
            machine, token = a_watched_machine(a_house())
            uid = machine.uid
        barrier, answers = threading.Barrier(SENDERS), []
        body = a_body(outcome="partial", incident_texts=["Accès refusé"])

        def send() -> None:
            barrier.wait()
            answer = post(place.app.test_client(), token, body)
            answers.append((answer.status_code, answer.json, "Idempotent-Replay" in answer.headers))

        threads = [threading.Thread(target=send) for _number in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with place.context():
            run = db.session.scalars(db.select(BackupRun)).one()
            assert len(run.incident_rows) == 1
            mails = db.session.scalars(db.select(Mail).where(Mail.subject_uid == uid)).all()
            assert len(mails) == 1
            assert [status for status, _json, _replay in answers] == [201] * SENDERS
            assert {json["report"] for _status, json, _replay in answers} == {run.uid}
            assert [replay for _status, _json, replay in answers].count(False) == 1
