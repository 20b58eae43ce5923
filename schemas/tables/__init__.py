"""One pydantic model a table: its fields are the columns, their types the Arrow types, their bounds and descriptions the docs.

`curation`, `training`, `evaluation` and `evidence` hold the tables that each part writes; `arrow` takes rows to Arrow-backed pandas frames,
which travel between the stages, and back; `bounds` tests whole tables. A stage imports the module of its own tables, so that it
hangs on no other.
"""
