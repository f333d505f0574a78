"""row-level security lets the planner see how many rows a scope has"""

from migrations.rls import write_policies_again

revision = "20261128_1451"
down_revision = "20261128_1450"
branch_labels = None
depends_on = None


def upgrade() -> None:
    write_policies_again()


def downgrade() -> None:
    write_policies_again(as_before=True)
