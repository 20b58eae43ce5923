"""Where tables, versions, adapters and evaluations lie, and how they are written."""
