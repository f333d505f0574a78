"""${message}"""

% if "sa." in f"{upgrades}{downgrades}":
import sqlalchemy as sa
% endif
% if "op." in f"{upgrades}{downgrades}":
from alembic import op
% endif

revision = "${up_revision}"
down_revision = ${f'"{down_revision}"' if down_revision else None}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
