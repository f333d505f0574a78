"""The months before today of the demonstration: lived by the product's functions, and nothing is left broken."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from portal import clock
from portal.accounts.models import User, open_sign_in
from portal.billing.models import Invoice, InvoiceState
from portal.books.checking import check_books
from portal.books.fec import write_fec
from portal.crypto.secrets import create_key_file
from portal.db import EVERYTHING, db, scope
from portal.demo.load import load
from portal.demo.past.days import begins_on, months_before
from portal.jobs.duties import Duty
from portal.journal import SYSTEM
from portal.jobs import Task, TaskState
from portal.resellers.models import LegalEntity
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.sepa.models import Batch, BatchState, Collection, CollectionState
from tests import installation
from tour.pages import one_of_each

pytestmark = [pytest.mark.slow, pytest.mark.words]
NOON = datetime(2026, 11, 25, 11, tzinfo=UTC)
MONTHS = 6
FOR_NOBODY = {"client@ouest.example", "client@nord.example", "client@sud.example"}  # they came today


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A portal of its own, on SQLite, with half a year lived."""
    folder = tmp_path_factory.mktemp("past")
    create_key_file(folder, *installation.seal())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_DIR", str(folder))
        patch.setattr(clock, "now", lambda: NOON)
        application = create_app(
            TESTING=True,
            DEMO=True,
            WTF_CSRF_ENABLED=False,
            DATA_DIR=folder,
            SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'portal.db'}",
            BLOB_URL=str(folder / "blobs"),
            KEY_AGENT_SOCKET=str(folder / "agent.sock"),
        )
        with application.app_context():
            installation.migrate()
            load(MONTHS)
        yield application
        with application.app_context():
            db.engine.dispose()
