"""The blueprint that mandates, collections, batches and creditors share: all live under /sepa."""

from flask import Blueprint

bp = Blueprint("sepa", __name__, url_prefix="/sepa")
