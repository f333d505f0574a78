"""What breaks on some mornings of a life: workers, web server, mail and database. Nothing of it may show."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta

from life.place import Place

Fault = Callable[[Place, random.Random], None]


def worker_dies(place: Place, chance: random.Random) -> None:
    """kill -9 in the middle of what it does; another one goes on."""
    timer = threading.Timer(chance.uniform(0.02, 0.4), lambda: place.kill_if_alive("worker"))
    timer.start()
    place.work()
    timer.join()


def web_dies(place: Place, _chance: random.Random) -> None:
    """kill -9 of the web server, which is started again."""
    place.kill("web")
    place.start_web()


def mail_is_down(place: Place, _chance: random.Random) -> None:
    """Nobody takes a mail for some hours of the morning."""
    place.stop_mail()
    place.work()
    place.start_mail()


def mail_is_slow(place: Place, _chance: random.Random) -> None:
    """Each conversation takes its time."""
    place.letters.pause = 0.2
    place.work()
    place.letters.pause = 0.0


def database_is_held(place: Place, chance: random.Random) -> None:
    """Somebody holds the whole file for writing while the day begins; of PostgreSQL, the server restarts."""
    if place.database is not None:
        place.database.restart()
        return
    seconds = chance.uniform(0.3, 1.5)

    def hold() -> None:
        connection = sqlite3.connect(place.data / "portal.db", timeout=10)
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.rollback()
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    place.work()
    holder.join()


KINDS: tuple[Fault, ...] = (worker_dies, worker_dies, web_dies, mail_is_down, mail_is_slow, database_is_held)


def faults_of(seed: int, count: int, begins: date, days: int) -> dict[date, Fault]:
    """So many mornings and what breaks on each; the same for the same seed."""
    chance = random.Random(seed)
    mornings = chance.sample(range(2, days), min(count, days - 2))
    return {begins + timedelta(days=number): chance.choice(KINDS) for number in sorted(mornings)}
