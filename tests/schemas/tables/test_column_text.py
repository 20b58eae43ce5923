"""The page of columns says what the models say."""

from schemas.config.base import PROJECT_ROOT
from schemas.tables.column_text import tables_markdown


def test_the_documented_columns_are_those_of_the_models():
    text = (PROJECT_ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert text.partition("<!-- generated -->\n")[2].partition("<!-- end -->")[0].strip() == tables_markdown().strip()
