"""What goes wrong: each does its harm, lasts a moment of the seed's choice, and is mended."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from faults.clocks import wrong_by
from faults.place import Place

MAILERS = 4  # processes that may hold a mail which the relay has taken and nobody has noted
Fault = Callable[[Place, random.Random], None]
FAULTS: dict[str, Fault] = {}
LONGEST = 3.0  # seconds: longer than a lease, shorter than anybody's patience


def fault(function: Fault) -> Fault:
    FAULTS[function.__name__.replace("_", " ")] = function
    return function


def _last(chance: random.Random, most: float = LONGEST) -> None:
    time.sleep(chance.uniform(0.3, most))


def behind_a_gate(name: str, mode: str, excuses: int = 0) -> Fault:
    """For a moment the way to a neighbour is shut, slow or answers errors."""

    def act(place: Place, chance: random.Random) -> None:
        place.excuses += excuses
        place.gates[name].set(mode)
        _last(chance)
        place.gates[name].set("open")

    return act


@fault
def workers_killed(place: Place, chance: random.Random) -> None:
    place.excuses += MAILERS
    place.kill("worker")


@fault
def workers_told_to_stop(place: Place, chance: random.Random) -> None:
    place.excuses += MAILERS
    place.kill("worker", signal.SIGTERM)


@fault
def one_process_killed(place: Place, chance: random.Random) -> None:
    place.excuses += MAILERS
    if pid := place.one_at_work(chance):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@fault
def one_process_frozen_beyond_its_lease(place: Place, chance: random.Random) -> None:
    """It wakes up and believes that it still holds its task."""
    place.excuses += 1
    if pid := place.one_at_work(chance):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(3)
            os.kill(pid, signal.SIGCONT)


@fault
def web_killed(place: Place, chance: random.Random) -> None:
    place.kill("web")


@fault
def database_crashed(place: Place, chance: random.Random) -> None:
    place.excuses += MAILERS
    place.database.crash()
    _last(chance)
    place.database.start()


@fault
def database_cut(place: Place, chance: random.Random) -> None:
    place.excuses += MAILERS
    place.gates["database"].cut()


FAULTS["database shut"] = behind_a_gate("database", "shut", MAILERS)
FAULTS["database slow"] = behind_a_gate("database", "slow")
FAULTS["store answers 500"] = behind_a_gate("store", "error")
FAULTS["store shut"] = behind_a_gate("store", "shut")


@fault
def store_cut(place: Place, chance: random.Random) -> None:
    place.gates["store"].cut()


@fault
def store_halted(place: Place, chance: random.Random) -> None:
    place.store.halt()
    _last(chance)
    place.store.go_on()


FAULTS["relay shut"] = behind_a_gate("relay", "shut", MAILERS)


@fault
def relay_wants_time(place: Place, chance: random.Random) -> None:
    before, place.relay.answer = place.relay.answer, "451 4.3.0 Try again later"
    _last(chance)
    place.relay.answer = before


@fault
def relay_slow(place: Place, chance: random.Random) -> None:
    place.relay.sleeps = 1.0
    _last(chance)
    place.relay.sleeps = 0.0


@fault
def clock_set_back(place: Place, chance: random.Random) -> None:
    """Workers and web believe that it is earlier, some minutes or some days; the database does not."""
    wrong_by(place.clock, -chance.choice((300.0, 3_600.0, 2 * 86_400.0)))
    _last(chance)
    wrong_by(place.clock, 0)


@fault
def clock_ahead(place: Place, chance: random.Random) -> None:
    """Ten minutes, while the store is away: leases and pauses of that time lie in the future afterwards."""
    wrong_by(place.clock, 600.0)
    behind_a_gate("store", "error")(place, chance)
    wrong_by(place.clock, 0)


@fault
def disk_full(place: Place, chance: random.Random) -> None:
    """Only where the folder of the data is a disk of its own."""
    if not place.has_disk:
        return
    ballast = place.data / "ballast"
    with suppress(OSError), ballast.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, shutil.disk_usage(place.data).free)
    with suppress(OSError), ballast.open("ab") as out:
        while True:
            out.write(bytes(1 << 12))
    _last(chance)
    ballast.unlink()
