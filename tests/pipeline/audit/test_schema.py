"""What Datasette is told of the tables, and that the statements are SQL."""

import sqlite3

from pipeline.audit.schema import TABLES, VIEWS, create_statements, describe


def test_every_table_has_a_key_a_title_and_a_text_for_each_column():
    connection = sqlite3.connect(":memory:")
    for statement in create_statements():
        connection.execute(statement)
    for table in TABLES.values():
        for statement in table.index_ddl():
            connection.execute(statement)
        columns = connection.execute(f"pragma table_info({table.name})").fetchall()
        assert [column[1] for column in columns] == table.names
        assert {column[1] for column in columns if column[5]} == set(table.key)
    for name, told in describe().items():
        assert told["title"], name
        assert told["description"], name
        missing = [column for column in TABLES[name].names if not told["columns"].get(column)] if name in TABLES else []
        assert not missing, name
    assert describe().keys() == TABLES.keys() | VIEWS.keys()


def test_links_lead_to_columns_that_are_keys():
    for table in TABLES.values():
        for column in table.columns:
            if column.references:
                target, _, key = column.references.rstrip(")").partition("(")
                assert TABLES[target].key == (key,)
