"""The SQL tables of the runtime: where runs under way have got to. What they hold is sealed; ids alone are readable."""

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

checkpoints = Table(
    "run_checkpoints",
    metadata,
    Column("tenant_id", String(80), primary_key=True),
    Column("thread_id", String(80), primary_key=True),
    Column("namespace", String(200), primary_key=True),
    Column("checkpoint_id", String(80), primary_key=True),
    Column("parent_id", String(80), comment="the checkpoint of the same thread that it followed"),
    Column("run_id", String(80), nullable=False, comment="the run that wrote it; empty where none was named"),
    Column("sealed", LargeBinary, nullable=False),
)
Index("run_checkpoints_of_run", checkpoints.c.tenant_id, checkpoints.c.run_id)

checkpoint_writes = Table(
    "run_checkpoint_writes",
    metadata,
    Column("tenant_id", String(80), primary_key=True),
    Column("thread_id", String(80), primary_key=True),
    Column("namespace", String(200), primary_key=True),
    Column("checkpoint_id", String(80), primary_key=True),
    Column("task_id", String(80), primary_key=True),
    Column(
        "place", Integer, primary_key=True, comment="among what the task wrote; below 0 for the engine's own"
    ),
    Column("task_path", String(400), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
