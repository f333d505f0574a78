"""What machines ask: is this process alive, may it be given work, and how the work stands, in figures."""

import hmac
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.access import public
from portal.db import EVERYTHING, db, reading, scope
from portal.operations.state import Work, minutes_since, work_state
from portal.safekeeping.state import seconds_since

bp = Blueprint("probes", __name__)

_PROBES = {"/healthz", "/readyz", "/metrics"}
MAX_SKEW_SECONDS = 5.0  # a host whose clock is further off would take other hosts' leases


@bp.record_once
def take_any_host(state: object) -> None:
    """A load balancer names a host by its address; no answer of a probe carries what it said."""
    app = state.app  # type: ignore[attr-defined]
    inner, own = app.wsgi_app, app.config["TRUSTED_HOSTS"][0]

    def open_to_probes(environ: dict[str, object], start_response: object) -> object:
        if environ.get("PATH_INFO") in _PROBES:
            environ = {**environ, "HTTP_HOST": own}
        return inner(environ, start_response)

    app.wsgi_app = open_to_probes


@bp.get("/healthz")
@public("load balancers ask without an account")
def health() -> Response:
    """This process answers; it says nothing of the database, whose absence no restart would cure."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@public("load balancers ask without an account")
def ready() -> Response:
    """Whether this process can do its work now: database, its schema, and clocks that agree; 503 if not."""
    problem = _problem()
    return Response(f"{problem or 'ok'}\n", 503 if problem else 200, mimetype="text/plain")


def _problem() -> str:
    try:
        with reading():
            db.session.execute(text("select version_num from alembic_version"))
            skew = clock_skew()
    except SQLAlchemyError as error:
        return f"database: {type(error).__name__}"
    return f"clock: {skew:.0f} s off the database's" if abs(skew) > MAX_SKEW_SECONDS else ""


def clock_skew() -> float:
    """Seconds that this machine is ahead of the database's; 0.0 where they share a machine (SQLite)."""
    if db.session.connection().dialect.name != "postgresql":
        return 0.0
    theirs = db.session.scalar(text("select extract(epoch from clock_timestamp())"))
    return clock.machine_ms() / 1000 - float(theirs)


@bp.get("/metrics")
@public("whoever reads the figures shows the token of the settings")
def metrics() -> Response:
    """The page of work for Prometheus, behind ``METRICS_TOKEN`` as a bearer token; 404 without one."""
    token = current_app.config["METRICS_TOKEN"]
    if not token:
        abort(404)
    if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures())
    return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")


class _Figures:
    """The state of the work as metrics."""

    def collect(self) -> Iterator[Metric]:
        with scope(EVERYTHING), reading():
            work, skew = work_state(), clock_skew()
        yield from _by_lane(work)
        yield from _by_duty(work)
        yield from _of_safety(work)
        single = {
            "portal_well": ("1 when nothing on the page of work is red", float(work.is_well)),
            "portal_tasks_failed": ("tasks that a person has to look at", work.failed),
            "portal_tasks_waiting": ("tasks that wait for somebody", work.waiting),
            "portal_mails_waiting": ("mails to send", work.mails),
            "portal_mail_oldest_minutes": ("age of the oldest of them", minutes_since(work.oldest_mail)),
            "portal_disk_free_bytes": ("of the data folder", work.disk.free),
            "portal_disk_promised_bytes": ("to exports that are being written", work.disk.promised),
            "portal_clock_skew_seconds": ("this machine ahead of the database", skew),
        }
        for name, (meaning, value) in single.items():
            yield GaugeMetricFamily(name, meaning, value)


def _by_lane(work: Work) -> Iterator[Metric]:
    figures = {
        "portal_lane_workers": ("processes that live", lambda lane: lane.workers),
        "portal_lane_queued": ("tasks to do", lambda lane: lane.queued),
        "portal_lane_running": ("tasks being done", lambda lane: lane.running),
        "portal_lane_oldest_minutes": ("longest wait", lambda lane: minutes_since(lane.oldest)),
    }
    for name, (meaning, value) in figures.items():
        family = GaugeMetricFamily(name, meaning, labels=["lane"])
        for lane in work.lanes:
            family.add_metric([lane.name], value(lane))
        yield family


def _of_safety(work: Work) -> Iterator[Metric]:
    """Ages that are not there were never reached: an alert asks for their absence too."""
    meanings = {"backup": "age of the last good backup", "drill": "age of the last good drill"}
    for kind, meaning in meanings.items():
        if (run := work.safety.good[kind]) is not None:
            yield GaugeMetricFamily(f"portal_{kind}_age_seconds", meaning, float(seconds_since(run)))
    yield GaugeMetricFamily("portal_safety_well", "0: backups want somebody", float(work.safety.is_well))


def _by_duty(work: Work) -> Iterator[Metric]:
    late = GaugeMetricFamily("portal_duty_missed", "1 when it missed its slot", labels=["duty"])
    for duty in work.duties:
        late.add_metric([duty.name], float(not duty.is_well))
    yield late
