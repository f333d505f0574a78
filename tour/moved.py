"""Tell a copied data folder where its repositories lie now: ``python -m tour.moved BEFORE``."""

import sys

from sqlalchemy import select

from app import create_app
from portal.config import data_dir
from portal.db import EVERYTHING, db, set_scope
from portal.engine.models import Vault


def main(before: str) -> None:
    with create_app().app_context():
        set_scope(EVERYTHING)
        for vault in db.session.scalars(select(Vault)):
            vault.location = str(vault.location).replace(before, str(data_dir()))
        db.session.commit()


if __name__ == "__main__":
    main(sys.argv[1])
