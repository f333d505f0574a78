"""Transfers that nobody has finished in time come to an end by themselves."""

from portal import jobs
from portal.db import db
from portal.transfers.models import lapsed_transfers


@jobs.periodic("transfers.lapse", jobs.hourly)
def lapse_transfers() -> None:
    for transfer in lapsed_transfers():
        transfer.lapse()
    db.session.commit()
