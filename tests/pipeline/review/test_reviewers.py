import pytest

from pipeline.review.reviewers import checked, remember, remembered
from schemas.errors import ConfigError


def test_each_login_has_its_name(tmp_path):
    remember(tmp_path, "lan", "Trần Lan")
    remember(tmp_path, "hoa", "Hoa")
    assert (remembered(tmp_path, "lan"), remembered(tmp_path, "hoa"), remembered(tmp_path, "root")) == ("Trần Lan", "Hoa", None)


@pytest.mark.parametrize("text", ["", "[1]", '{"lan": 3}', "{", "[" * 100_000])
def test_a_damaged_file_asks_again(tmp_path, text):
    (tmp_path / "reviewers.json").write_text(text)
    assert remembered(tmp_path, "lan") is None
    remember(tmp_path, "lan", "Lan")
    assert remembered(tmp_path, "lan") == "Lan"


@pytest.mark.parametrize("name", ["", " \n", "a\x1b[2J", "x" * 201])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match="no name"):
        checked(name)
