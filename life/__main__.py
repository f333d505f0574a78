"""``python -m life``: live a provider's years, each breach; ``python -m life coverage``: what was seen."""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from faults.neighbours import PostgreSQL
from life.cast import the_drawn, the_fixed
from life.cast_desk import the_desk
from life.cast_ends import the_ends
from life.cast_house import the_house
from life.cast_sales import the_sales
from life.coverage import write_table
from life.evidence import Evidence
from life.faults import faults_of
from life.judge import judge
from life.place import Place
from life.world import BEGINS, World, days_of, instant

# Who comes in larger lives, and how many they are.
_ALSO = ((10, the_house), (7, the_desk), (9, the_ends), (13, the_sales))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="life")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--customers", type=int, default=40, help="the hand-worked ones among them")
    parser.add_argument("--faults", type=int, default=0, help="on how many mornings something breaks")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    return parser.parse_args()


def live(wanted: argparse.Namespace) -> dict[str, Any]:
    """One life, judged; what is told of it."""
    started = time.monotonic()
    with ExitStack() as over:
        database = PostgreSQL() if wanted.postgresql else None
        if database is not None:
            over.callback(database.end)
        place = over.enter_context(Place(instant(BEGINS), database=database))
        faults = faults_of(wanted.seed, wanted.faults, BEGINS, days_of(wanted.months))
        world = World(place, wanted.seed, faults)
        people = the_fixed(world, wanted.customers, *_ALSO)
        the_drawn(world, max(0, wanted.customers - len(world.clients)), wanted.months)
        world.live(wanted.months)
        verdict = judge(Evidence(world), people)
    for breach in verdict.breaches:
        print(breach.line(), flush=True)
    return {
        "breaches": [each.as_dict() for each in verdict.breaches],
        "seconds": round(time.monotonic() - started, 1),
        "days": world.days,
        "acts": world.acts,
        "seed": wanted.seed,
        "seen": {clause: str(day) for clause, day in sorted(verdict.seen.items())},
    }


def main() -> int:
    if sys.argv[1:2] == ["coverage"]:
        print(write_table([Path(name) for name in sys.argv[2:]]))
        return 0
    wanted = _arguments()
    told = live(wanted)
    if wanted.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(
            f"{len(told['breaches'])} breaches; {told['days']} days, {told['acts']} acts, {told['seconds']} s"
        )
    return 1 if told["breaches"] else 0


sys.exit(main())
