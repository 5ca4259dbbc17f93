"""Audits."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "c3d4", "b2c3"


def upgrade() -> None:
    op.create_table("audits", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))


def downgrade() -> None:
    op.drop_table("audits")
