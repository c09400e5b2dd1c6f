"""Workstations and their reader agents."""

import sqlalchemy as sa
from alembic import op

from citizencard.cards.columns import HexBytes
from citizencard.db import UtcDateTime

revision = "0015_workstations"
down_revision = "0014_residents"
branch_labels = None
depends_on = None

CONFIRMED = (
    "state <> 'confirmed' OR (confirmed_by IS NOT NULL AND confirmed_person_id IS NOT NULL"
    " AND confirmed_at IS NOT NULL)"
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reader_agent",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("public_key", HexBytes(32), nullable=False, unique=True),
        sa.Column("origin", sa.String(300), nullable=False),
        sa.Column("realm", sa.String(16), nullable=False),
        sa.Column("outlet_id", sa.String(32), sa.ForeignKey("outlet.id")),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("paired_by", sa.String(64), nullable=False),
        sa.Column("paired_person_id", sa.String(64), nullable=False),
        sa.Column("paired_at", UtcDateTime, nullable=False),
        sa.Column("confirmed_by", sa.String(64)),
        sa.Column("confirmed_person_id", sa.String(64)),
        sa.Column("confirmed_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.CheckConstraint("state IN ('paired', 'confirmed', 'ended')", name="state"),
        sa.CheckConstraint("realm IN ('test', 'unproven')", name="realm"),
        sa.CheckConstraint("confirmed_person_id IS NULL OR confirmed_person_id <> paired_person_id", name="four_eyes"),
        sa.CheckConstraint(CONFIRMED, name="confirmed_by_somebody"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
    )
    op.create_index("ix_reader_agent_outlet_id", "reader_agent", ["outlet_id"])
    op.create_table(
        "agent_session",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(36), sa.ForeignKey("reader_agent.id"), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("job_kind", sa.String(32)),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(32), sa.ForeignKey("reader_job.id")),
        sa.Column("actor_id", sa.String(64), nullable=False),
        sa.Column("begun_at", UtcDateTime, nullable=False),
        sa.CheckConstraint("purpose IN ('job', 'proof')", name="purpose"),
        sa.CheckConstraint("(purpose = 'job') = (job_kind IS NOT NULL)", name="job_kind"),
        sa.CheckConstraint("job_id IS NULL OR purpose = 'job'", name="job"),
    )
    op.create_index("ix_agent_session_agent_id", "agent_session", ["agent_id"])
    op.create_table(
        "agent_step",
        sa.Column("session_id", sa.String(64), sa.ForeignKey("agent_session.id"), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("digest", HexBytes(32), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("answer_digest", HexBytes(32)),
        sa.CheckConstraint("step > 0", name="step"),
        sa.CheckConstraint("(answered_at IS NULL) = (answer_digest IS NULL)", name="answered"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("agent_step")
    op.drop_table("agent_session")
    op.drop_table("reader_agent")
