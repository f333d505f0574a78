"""Ask every main page so many times in one process; print the milliseconds of each as JSON."""

import gc
import json
import sys
import time

from app import create_app

_UID = "c000000000000100"
PAGES = (
    ("operator", "/"),
    ("owner", "/"),
    ("operator", "/customers"),
    ("owner", "/customers"),
    ("operator", "/customers?q=atelier"),
    ("operator", "/customers?q=port"),
    ("operator", "/customers?q=000000500"),
    ("operator", f"/customers/{_UID}"),
    ("operator", "/orders"),
    ("finance", "/orders?state=awaiting_payment"),
    ("operator", "/subscriptions"),
    ("operator", "/subscriptions?order=due"),
    ("finance", "/billing/invoices"),
    ("owner", "/billing/invoices"),
    ("finance", "/billing/runs"),
    ("operator", "/sepa/mandates"),
    ("operator", "/sepa/mandates/lapsing"),
    ("finance", "/sepa/collections"),
    ("finance", "/sepa/batches"),
    ("finance", "/sepa/creditors"),
    ("finance", "/sepa/returns"),
    ("operator", "/backups"),
    ("owner", "/backups"),
    ("operator", "/backups?q=poste-5"),
    ("operator", "/backups?state=failed"),
    ("operator", "/vaults"),
    ("operator", "/reversibility"),
    ("operator", "/restore-requests"),
    ("finance", "/usage-gaps"),
    ("operator", "/terms"),
    ("operator", "/prices"),
    ("operator", "/work"),
)


def main(cookies: dict[str, str], tries: int) -> dict[str, list[float]]:
    application = create_app()
    name = application.config["SIGN_IN_COOKIE"]
    found: dict[str, list[float]] = {}
    for role, path in PAGES:
        client = application.test_client()
        client.set_cookie(name, cookies[role])
        times = []
        for attempt in range(tries + 2):
            gc.collect()
            started = time.perf_counter()
            answer = client.get(path)
            answer.get_data()
            if answer.status_code != 200:
                raise RuntimeError(f"{role} {path}: {answer.status_code}")
            if attempt > 1:  # templates and statements are compiled
                times.append(round((time.perf_counter() - started) * 1000, 2))
        found[f"{role} {path.replace(_UID, '<uid>')}"] = times
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]), int(sys.argv[2]))))
