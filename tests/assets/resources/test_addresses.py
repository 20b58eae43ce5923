import pytest

from assets.resources.addresses import DEFAULT, audit_url
from schemas.errors import ConfigError


@pytest.mark.parametrize(
    ("said", "found"),
    [("", DEFAULT), ("http://127.0.0.1:9001/", "http://127.0.0.1:9001"), ("https://audit.school.vn", "https://audit.school.vn")],
)
def test_the_address_is_the_default_or_what_the_environment_names(monkeypatch, said, found):
    monkeypatch.setenv("MCQ_AUDIT_URL", said)
    assert audit_url() == found


@pytest.mark.parametrize("said", ["javascript:alert(1)", "127.0.0.1:8001", "http://a b", 'http://x"><script>', "http://x/y?z"])
def test_what_is_no_address_is_refused(monkeypatch, said):
    monkeypatch.setenv("MCQ_AUDIT_URL", said)
    with pytest.raises(ConfigError, match="MCQ_AUDIT_URL"):
        audit_url()
