"""On PostgreSQL: the worker that Procrastinate wakes, and the tickets that were lost.

A ticket is lost when its holder is killed, when the database is restored from a backup, or when the release
before puts a task there; every few seconds one of the workers makes up for it.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status
from sqlalchemy import Engine, select

from portal.clock import machine_ms
from portal.db import EVERYTHING, commits, db, set_scope
from portal.jobs import tickets
from portal.jobs.models import Lane, Task, is_free
from portal.paging import COUNTED, count_of

log = structlog.get_logger()

_DUTIES, _LOOK = "duties", "look"  # queues beside those of the lanes
_EVERY = "* * * * * */5"  # seconds at the end: when the duties, and missing tickets, are looked for
_PAUSE = 2.0  # seconds before a worker that lost its database tries again


@dataclass(frozen=True, slots=True)
class Hands:
    """What a worker does when it is woken: one thing at a time, in one thread."""

    take: Callable[[], object]  # one task
    look: Callable[[], None]  # for tasks that nobody would be woken for
    duties: Callable[[], None] | None  # what is due by the clock, if this worker is for that


@commits
def make_up() -> None:
    """Put the tickets that are missing: in each lane as many as there are free tasks, the first thousand."""
    set_scope(EVERYTHING)
    for lane in Lane if tickets.are_used() else ():
        wanted = count_of(select(Task.id).where(is_free(machine_ms()), Task.lane == lane))
        if wanted and (missing := wanted - tickets.waiting(lane, COUNTED)) > 0:
            tickets.put(lane, many=missing)
    db.session.commit()


def serve(engine: Engine, stop: Callable[[], bool], lanes: Collection[Lane], hands: Hands) -> None:
    """Wait for the tickets of these lanes until ``stop()``; a database that is away ends nothing."""
    while not stop():
        try:
            asyncio.run(_serve(engine, stop, lanes, hands))
        except Exception as error:
            log.warning("worker goes on", reason=type(error).__name__)
            time.sleep(0 if stop() else _PAUSE)


async def _serve(engine: Engine, stop: Callable[[], bool], lanes: Collection[Lane], hands: Hands) -> None:
    with ThreadPoolExecutor(1, "hands") as thread:
        app, queues = _procrastinate(engine, lanes, hands, thread)
        async with app.open_async():
            await _in(thread, hands.look)
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=queues,
                    concurrency=1,
                    delete_jobs="always",  # the row of the task tells its story
                    install_signal_handlers=False,
                )
            )
            while not stop() and not working.done():
                await asyncio.sleep(0.1)
            working.cancel()  # it ends behind the task that it does, and that is asked between two steps
            ended = await asyncio.gather(working, return_exceptions=True)
    if isinstance(ended[0], Exception):
        raise ended[0]


def _procrastinate(
    engine: Engine, lanes: Collection[Lane], hands: Hands, thread: ThreadPoolExecutor
) -> tuple[App, list[str]]:
    """The library's application with our three kinds of job, and the queues that this worker serves."""
    _nothing, how = engine.dialect.create_connect_args(engine.url)
    app = App(connector=PsycopgConnector(kwargs=how, min_size=1, max_size=2))

    @app.task(name=tickets.NAME)
    async def ticket() -> None:
        await _in(thread, hands.take)

    @app.periodic(cron=_EVERY)
    @app.task(name=_LOOK, queue=_LOOK, queueing_lock=_LOOK)
    async def look(timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs():  # who held them was killed
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        await _in(thread, hands.look)

    @app.periodic(cron=_EVERY)
    @app.task(name=_DUTIES, queue=_DUTIES, queueing_lock=_DUTIES)
    async def duties(timestamp: int) -> None:
        if hands.duties is not None:
            await _in(thread, hands.duties)

    own = [_DUTIES] if hands.duties is not None else []
    return app, [lane.value for lane in lanes] + own + [_LOOK]


async def _in(thread: ThreadPoolExecutor, function: Callable[[], object]) -> None:
    await asyncio.get_running_loop().run_in_executor(thread, function)
