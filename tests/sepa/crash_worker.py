"""A real worker process for the kill test; with a place named, it kills itself there (SIGKILL).

« sixty » is a parent that starts sixty workers one after the other and kills each at a random moment.

Usage: crash_worker.py PLACE, with the settings in the environment.
"""

import os
import signal
import sys
import time
from random import Random

from flask import Flask

from app import create_app
from portal import jobs
from portal.sepa.batches import export as sepa_jobs
from portal.sepa.formats import pain008


def die(*_args: object, **_kwargs: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(function, times: int = 1):
    calls = []

    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        calls.append(1)
        if len(calls) >= times:
            die()
        return result

    return wrapped


def slow(function, seconds: float):
    def wrapped(*args, **kwargs):
        result = function(*args, **kwargs)
        time.sleep(seconds)
        return result

    return wrapped


def sixty(app: Flask) -> None:
    """The pauses add up to 0.25 s before the commit and each worker lives less: none comes to the end."""
    sepa_jobs.CollectionLine = slow(sepa_jobs.CollectionLine, 0.0005)  # 300 rows
    pain008.validate = slow(pain008.validate, 0.05)
    sepa_jobs.keep_file = slow(sepa_jobs.keep_file, 0.05)
    chance = Random(60)
    for _kill in range(60):
        victim = os.fork()
        if not victim:
            work(app)
            os._exit(1)
        time.sleep(chance.uniform(0, 0.24))
        os.kill(victim, signal.SIGKILL)
        _pid, status = os.waitpid(victim, 0)
        assert os.WIFSIGNALED(status), "it came to the end"


def work(app: Flask) -> None:
    with app.app_context():
        jobs.release_dead_owners()
        jobs.drain()


def main(place: str) -> None:
    sepa_jobs._CHUNK = 100
    if place == "rows":  # in the middle of the file
        real = sepa_jobs.CollectionLine
        sepa_jobs.CollectionLine = dying_after(real, 150)
    elif place == "written":
        pain008.validate = dying_after(pain008.validate)
    elif place == "kept":  # the file is in the store, no row says so
        sepa_jobs.keep_file = dying_after(sepa_jobs.keep_file)
    elif place == "moved":  # everything is written, nothing committed
        jobs.Claim.step = die
    elif place == "committed":  # the batch is done, the task does not know
        jobs.Claim.step = dying_after(jobs.Claim.step)
    app = create_app()
    if place == "sixty":
        sixty(app)
    else:
        work(app)


if __name__ == "__main__":
    main(sys.argv[1])
