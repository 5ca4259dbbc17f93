"""What each plan saves."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "b2c3", "a1b2"


def upgrade() -> None:
    op.add_column("plans", sa.Column("savings", sa.Numeric, nullable=True))


def downgrade() -> None:
    op.drop_column("plans", "savings")
