"""Run with ``python -m faults``; see the package."""

import argparse
import json
import random
import sys
import time

from faults.injections import FAULTS
from faults.judge import faults_found
from faults.month import Month
from faults.place import Place

LANES = "prompt=2 mail=2 papers=2 runs=2 restores=1 exports=2 upkeep=1"


def live(
    *,
    seed: int,
    faults: int,
    customers: int,
    exports: int,
    lanes: str = LANES,
    settle: float = 240,
    say: bool = True,
) -> list[str]:
    """What was found wrong after so many faults at moments that ``seed`` decides."""
    chance = random.Random(seed)
    with Place(lanes) as place:
        month = Month(place, customers, exports, chance)
        month.begin()
        began = time.monotonic()
        names = list(FAULTS)
        chance.shuffle(names)
        for number in range(faults):
            time.sleep(chance.uniform(0.2, 1.5))
            name = names[number % len(names)]  # each kind comes, then again
            if say:
                print(f"{time.monotonic() - began:7.1f} s  {number + 1:3}  {name}", flush=True)
            FAULTS[name](place, chance)
            month.go_on(last=number > faults * 0.7)
        settled = place.wait_until(month.goes_to_its_end, settle)
        if say:
            print(f"{time.monotonic() - began:7.1f} s  {'settled' if settled else 'NOT settled'}", flush=True)
        found = faults_found(place, month.runs, customers)
        return found if settled else ["it did not come to rest", *found]


def main() -> int:
    parser = argparse.ArgumentParser(prog="faults")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--customers", type=int, default=60)
    parser.add_argument("--exports", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = live(
        seed=asked.seed,
        faults=asked.faults,
        customers=asked.customers,
        exports=asked.exports,
        say=not asked.json,
    )
    if asked.json:
        print(json.dumps({"seed": asked.seed, "faults": asked.faults, "found": found}))
    for each in found if not asked.json else []:
        print(f"FOUND  {each}")
    if not found and not asked.json:
        print(f"{asked.faults} faults, seed {asked.seed}: no gap, no double, no orphan, nothing stuck")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
