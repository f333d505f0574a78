"""A real worker process for the kill test; with a place named, it kills itself there (SIGKILL).

Usage: crash_worker.py PLACE, with the settings in the environment.
"""

import os
import signal
import sys

from app import create_app
from portal import jobs
from portal.sepa import jobs as sepa_jobs
from portal.sepa import pain008


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
    with app.app_context():
        jobs.release_dead_owners()
        jobs.drain()


if __name__ == "__main__":
    main(sys.argv[1])
