"""Keys, database and, when asked, the demonstration: what must exist before the portal starts."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from flask_migrate import upgrade  # noqa: E402

from portal import clock  # noqa: E402
from portal.config import data_dir  # noqa: E402
from portal.seals import make_seal_certificate  # noqa: E402
from portal.secrets import create_key_file  # noqa: E402


def main(*, demo: bool) -> None:
    folder = data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if not (folder / "keys.json").exists():
        key, certificate = make_seal_certificate("Portail", clock.today())
        create_key_file(folder, key, certificate)
    from app import create_app  # the application needs its keys

    app = create_app()
    with app.app_context():
        upgrade()
        if demo:
            from portal.demo.load import load

            load()


main(demo="--demo" in sys.argv)
