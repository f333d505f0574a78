"""A real crew with jobs of its own: ``-m tests.crew_worker``, with the settings in the environment.

« test.silent » does nothing for four seconds, as a child process that says nothing; « test.steps » commits
a hundred small steps; « test.quick » is what a person waits for; « test.dies » kills its own process once;
« test.busy » finds something busy until a file is there.
"""

import os
import signal
import time
from pathlib import Path

from app import create_app
from portal import jobs
from portal.cli import crew_of_this_application
from portal.config import data_dir
from portal.jobs import Lane


@jobs.job("test.silent", Lane.EXPORTS)
def silent(_claim: jobs.Claim) -> None:
    with (data_dir() / "silent.log").open("a") as log:
        log.write(f"{os.getpid()}\n")
    time.sleep(4)


@jobs.job("test.steps", Lane.RUNS)
def steps(claim: jobs.Claim) -> None:
    for number in range(int(claim.cursor or 0), 100):
        time.sleep(0.1)
        claim.step(cursor=str(number + 1), done=number + 1, total=100)


@jobs.job("test.quick", Lane.PROMPT)
def quick(_claim: jobs.Claim) -> None:
    pass


@jobs.job("test.dies", Lane.RUNS)
def dies(_claim: jobs.Claim) -> None:
    mark: Path = data_dir() / "died"
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


@jobs.job("test.busy", Lane.RUNS)
def busy(_claim: jobs.Claim) -> None:
    if not (data_dir() / "free").exists():
        raise jobs.Later("busy")


if __name__ == "__main__":
    crew_of_this_application(create_app())
