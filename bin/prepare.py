"""Keys, database and, when asked, the demonstration: what must exist before the portal starts."""

import hashlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal import clock  # noqa: E402
from portal.config import DEMO_SINCE, data_dir  # noqa: E402


def past_months() -> int:
    """Months before today that the demonstration has lived; ``DEMO_PAST=0`` loads it without a past."""
    return int(os.environ.get("DEMO_PAST", "18"))


def stamp(folder: Path, *, demo: bool) -> Path:
    """Left in the data folder when everything is done for these migrations."""
    sources = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    return folder / f".prepared-{digest.hexdigest()[:16]}{'-demo' if demo else ''}"


def make_keys(folder: Path) -> None:
    from portal.crypto.seals import make_seal_certificate
    from portal.crypto.secrets import create_key_file

    if not (folder / "keys.json").exists():
        key, certificate = make_seal_certificate("Portail", clock.today())
        create_key_file(folder, key, certificate)


def main(*, demo: bool) -> None:
    folder = data_dir()
    done = stamp(folder, demo=demo)
    if not os.environ.get("DATABASE_URL") and done.exists() and (folder / "portal.db").exists():
        return  # a second start need not load the application to find that nothing is to do
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    make_keys(folder)

    from flask_migrate import upgrade

    from app import create_app  # the application needs its keys

    os.environ.setdefault("LOG_LEVEL", "WARNING")  # a past is thousands of tasks
    app = create_app()
    with app.app_context():
        upgrade()
        from portal.db import EVERYTHING, scope
        from portal.safekeeping.known_keys import remember_keys

        with scope(EVERYTHING):
            if not remember_keys():
                sys.exit(f"{folder}/keys.json n'est pas celui de cette base : rien n'y serait lisible.")
        if demo:
            from portal.demo.load import load

            print("  La démonstration se charge et vit son passé : une minute environ.", flush=True)
            if (since := load(past_months())) is not None:
                (folder / DEMO_SINCE).write_text(since.isoformat())
    done.touch()


main(demo="--demo" in sys.argv)
