"""``flask reversibility …``: an export written to a folder of this machine, such as a disk to be shipped."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import click

from portal.db import EVERYTHING, db, scope
from portal.engine.installed import lent_passphrase, restic
from portal.engine.port import ExportLimits, Progress, VolumeKind
from portal.errors import PortalError
from portal.i18n import said
from portal.reversibility.models import ReversibilityCase, find_case
from portal.reversibility.points import Plan, chosen_points
from portal.reversibility.states import HandoverForm, volume_kind

FORMS = [form.value for form in HandoverForm]


@click.group()
def reversibility() -> None:
    """Handovers: export."""


@reversibility.command()
@click.argument("case_uid", metavar="CASE")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="a new folder")
@click.option("--form", type=click.Choice(FORMS), help="otherwise what the case asks for")
@click.option("--accept-losses", is_flag=True, help="a damaged vault: export what can be read, list the rest")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def export(case_uid: str, out: Path, form: str | None, accept_losses: bool, as_json: bool) -> None:
    """Export the vault of CASE into a folder, which appears whole or not at all; run again, it goes on.

    A readable export needs the passphrase that the customer has lent by the link: it is asked of the key
    agent and cannot be typed here. The case itself does not move.
    """
    with scope(EVERYTHING):
        try:
            case = _find(case_uid)
            done = _export(case, HandoverForm(form or case.form), out, accept_losses)
        except PortalError as error:
            raise click.ClickException(said(error)) from None
        finally:
            db.session.rollback()
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False))
    else:
        for name, value in done.items():
            click.echo(f"{name:12}{value}")


def _find(uid: str) -> ReversibilityCase:
    case = find_case(uid)
    if case is None:
        raise click.ClickException(f"no case {uid}")
    return case


def _export(case: ReversibilityCase, form: HandoverForm, out: Path, accept_losses: bool) -> dict[str, Any]:
    if form == HandoverForm.SEALED:
        return _sealed(case, out)
    return {"form": form.value, **_readable(case, volume_kind(form), out, accept_losses)}


def _sealed(case: ReversibilityCase, out: Path) -> dict[str, Any]:
    done = restic().export_sealed(case.vault.repo, out.resolve(), _show)
    sums = hashlib.sha256((done.directory / "SHA256SUMS").read_bytes()).hexdigest()
    return {
        "form": "sealed",
        "objects": done.objects,
        "bytes": done.bytes,
        "damaged": len(done.damaged),
        "volumes": len(done.volumes),
        "sums_sha256": sums,
        "out": str(done.directory),
    }


def _readable(case: ReversibilityCase, kind: VolumeKind, out: Path, accept_losses: bool) -> dict[str, Any]:
    engine, repo, choice = restic(), case.vault.repo, case.choice
    limits = ExportLimits(volume_kind=kind, decisions=choice.rows if choice else ())
    plan = Plan(ids=choice.ids if choice else None)
    with lent_passphrase(case.opening_uid) as key:
        chosen = chosen_points(engine, repo, key, engine.snapshots(repo, key), plan, lambda: None)
        done = engine.export_readable(
            repo, key, chosen, out.resolve(), _show, limits, accept_losses=accept_losses
        )
    return {
        "files": done.files,
        "bytes": done.bytes,
        "lost": done.lost,
        "volumes": len(done.volumes),
        "sums_sha256": done.manifest_sha256,
        "out": str(done.directory),
    }


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{progress.phase} {progress.fraction:6.1%}", nl=False, err=True)
