"""Plans."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "a1b2", None


def upgrade() -> None:
    op.create_table("plans", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))


def downgrade() -> None:
    op.drop_table("plans")
