"""Builds the application; no logic."""

from flask import Flask
from flask_migrate import Migrate

from portal import cli, config, db, htmx, i18n, logs, secrets, web, words
from portal.accounts import sessions
from portal.accounts import views as accounts
from portal.api import backup_views as _backup_api  # noqa: F401
from portal.api import views as api
from portal.backups import gap_views as usage_gaps
from portal.backups import metering as _metering  # noqa: F401
from portal.backups import views as backups
from portal.billing import debits as _debits  # noqa: F401
from portal.billing import rate_views as rates
from portal.billing import views as billing
from portal.contracts import amendment_views as amendments
from portal.contracts import jobs as _contract_jobs  # noqa: F401
from portal.contracts import notice_views as notices
from portal.contracts import page_views as contracts
from portal.contracts import price_views as prices
from portal.contracts import volume_views as _volume_views  # noqa: F401
from portal.custody import access_views as vault_access
from portal.custody import enrolment_views as _enrolment  # noqa: F401
from portal.custody import jobs as _custody_jobs  # noqa: F401
from portal.custody import register_views as custody
from portal.custody import serve_views as restic
from portal.customers import views as customers
from portal.engine import fetch, unlock
from portal.engine import jobs as _engine_jobs  # noqa: F401
from portal.engine import views as vaults
from portal.home import views as home
from portal.restore_requests import jobs as _restore_jobs  # noqa: F401
from portal.restore_requests import views as restore_requests
from portal.reversibility import answer as reversibility_answer
from portal.reversibility import calendar_jobs as _reversibility_calendar  # noqa: F401
from portal.reversibility import jobs as _reversibility_jobs  # noqa: F401
from portal.reversibility import target_views as _reversibility_target  # noqa: F401
from portal.reversibility import views as reversibility
from portal.sepa import account_pages as account_change
from portal.sepa import batch_views as _sepa_batches  # noqa: F401
from portal.sepa import collection_views as _sepa_collections  # noqa: F401
from portal.sepa import creditor_views as _sepa_creditors  # noqa: F401
from portal.sepa import delegation, import_views, signing, verify
from portal.sepa import jobs as _sepa_jobs  # noqa: F401
from portal.sepa import mandate_jobs as _mandate_jobs  # noqa: F401
from portal.sepa import mandate_views as mandates
from portal.sepa import react as _react  # noqa: F401
from portal.sepa import return_views as returns
from portal.sepa import schedule as _sepa_schedule  # noqa: F401
from portal.sepa import views as sepa
from portal.subscriptions import mandates as _mandates  # noqa: F401
from portal.subscriptions import reminders as _reminders  # noqa: F401
from portal.subscriptions import vaults as subscription_vaults
from portal.subscriptions import views as subscriptions
from portal.subscriptions import withdrawal_views as withdrawals
from portal.terms import views as terms

BLUEPRINTS = (
    accounts.bp,
    home.bp,
    customers.bp,
    subscriptions.bp,
    subscription_vaults.bp,
    withdrawals.bp,
    billing.bp,
    usage_gaps.bp,
    rates.bp,
    sepa.bp,
    mandates.bp,
    account_change.bp,
    signing.bp,
    delegation.bp,
    verify.bp,
    import_views.bp,
    returns.bp,
    vaults.bp,
    unlock.bp,
    fetch.bp,
    vault_access.bp,
    custody.bp,
    restic.bp,
    restore_requests.bp,
    reversibility.bp,
    reversibility_answer.bp,
    backups.bp,
    terms.bp,
    contracts.bp,
    amendments.bp,
    notices.bp,
    prices.bp,
    api.bp,
)


def create_app(**overrides: object) -> Flask:
    """The application, configured from the environment; ``overrides`` replace single settings."""
    app = Flask(__name__)
    app.config.update(config.from_environment())
    app.config.update(overrides)
    logs.configure()
    secrets.init_app(app)
    db.init_app(app)
    Migrate(app, db.db, directory=str(config.ROOT / "migrations"), render_as_batch=True)
    i18n.init_app(app)
    words.init_app(app)
    sessions.init_app(app)
    web.init_app(app)
    htmx.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    cli.init_app(app)
    return app
