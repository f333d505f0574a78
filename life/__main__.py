"""``python -m life --seed 7 --months 30 --customers 40 --json``: live, judge, say each breach."""

import argparse
import json
import sys
import time
from contextlib import ExitStack

from faults.neighbours import PostgreSQL
from life.cast import the_drawn, the_fixed
from life.evidence import Evidence
from life.faults import faults_of
from life.judge import judge
from life.place import Place
from life.world import BEGINS, World, days_of, instant


def main() -> int:
    parser = argparse.ArgumentParser(prog="life")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--months", type=int, default=30)
    parser.add_argument("--customers", type=int, default=40, help="the hand-worked ones among them")
    parser.add_argument("--faults", type=int, default=0, help="on how many mornings something breaks")
    parser.add_argument("--postgresql", action="store_true", help="on a server of its own")
    parser.add_argument("--json", action="store_true", help="one object as the last line")
    wanted = parser.parse_args()
    started = time.monotonic()
    with ExitStack() as over:
        database = PostgreSQL() if wanted.postgresql else None
        if database is not None:
            over.callback(database.end)
        place = over.enter_context(Place(instant(BEGINS), database=database))
        world = World(
            place, wanted.seed, faults_of(wanted.seed, wanted.faults, BEGINS, days_of(wanted.months))
        )
        people = the_fixed(world, wanted.customers)
        the_drawn(world, max(0, wanted.customers - len(world.clients)), wanted.months)
        world.live(wanted.months)
        found = judge(Evidence(world), people)
    for breach in found:
        print(breach.line(), flush=True)
    seconds = round(time.monotonic() - started, 1)
    if wanted.json:
        told = {"breaches": [each.as_dict() for each in found], "seconds": seconds}
        print(json.dumps({**told, "days": world.days, "acts": world.acts}, ensure_ascii=False))
    else:
        print(f"{len(found)} breaches; {world.days} days, {world.acts} acts, {seconds} s")
    return 1 if found else 0


sys.exit(main())
