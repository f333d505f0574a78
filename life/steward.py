"""The worker of a life: does all that is due at the present instant whenever it is told to, and says so.

It reads a line and answers ``done N``: how many tasks it did. Duties first, then tasks until none is free.
"""

import sys

from app import create_app
from portal import jobs


def main() -> None:
    app = create_app()
    with app.app_context():
        jobs.release_dead_owners()  # one that was killed
    print("ready", flush=True)
    for _line in sys.stdin:
        with app.app_context():
            jobs.run_periodic()
        with app.app_context():
            count = jobs.drain(100_000)
        print(f"done {count}", flush=True)


if __name__ == "__main__":
    main()
