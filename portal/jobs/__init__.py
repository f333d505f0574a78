"""Long work: one ``task`` row per job in the same database as the business rows.

A task is inserted in the transaction that needs it. A worker claims it with a lease and a token made for
that claim; each step is one transaction that also renews the lease *under that token*, so a worker that
lost its lease (killed, frozen) can never write again. Whatever nobody holds is picked up by anybody.
Jobs are functions registered by kind; they load a row, call its model, and may be run again at any line.
"""

from portal.jobs.claims import Claim, Later, LostLease, Wait, claim, drain, release_dead_owners, run_one
from portal.jobs.duties import Duty, daily, done_on, first_time, hourly, periodic, run_periodic
from portal.jobs.models import (
    Lane,
    Task,
    TaskState,
    WorkerRow,
    do_again,
    enqueue,
    enqueue_first,
    find_task,
    insert_all_once,
    insert_new,
    insert_once,
    job,
    resume,
)
from portal.jobs.worker import DUTIES, crew, work

__all__ = [
    "DUTIES",
    "Claim",
    "Duty",
    "Lane",
    "Later",
    "LostLease",
    "Task",
    "TaskState",
    "Wait",
    "WorkerRow",
    "claim",
    "crew",
    "daily",
    "do_again",
    "done_on",
    "drain",
    "enqueue",
    "enqueue_first",
    "find_task",
    "first_time",
    "hourly",
    "insert_all_once",
    "insert_new",
    "insert_once",
    "job",
    "periodic",
    "release_dead_owners",
    "resume",
    "run_one",
    "run_periodic",
    "work",
]
