"""Shared fixtures: a handful of raw questions, a configuration over them, models, and a project that tests may run."""

import json
import os
import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import HealthCheck, settings

from assets.resources.foundry import Foundry
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.train import TrainConfig

os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Runs that are compared to the last digit must add up alike, however busy the machine is.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Machines are shared: no test fails for being slow.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("calm")

SHARED = PROJECT_ROOT.parent / "shared"
USERS = (PROJECT_ROOT / ".dagster", PROJECT_ROOT / "data")
CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Peru": "Lima",
    "Kenya": "Nairobi",
    "Norway": "Oslo",
    "Cuba": "Havana",
    "Egypt": "Cairo",
    "Chad": "N'Djamena",
}


def raw_question(country, **more):
    options = sorted({CAPITALS[country], "Quito", "Berne", "Dakar"})
    return {
        "question": f"Which city is the capital of {country}, as printed in the atlas?",
        "options": options,
        "answer": CAPITALS[country],
        **more,
    }


@pytest.fixture(scope="session")
def questions():
    """Eight clean questions."""
    return [raw_question(country) for country in CAPITALS]


@pytest.fixture
def make_foundry(tmp_path):
    """Writes raw rows and a config, and gives the Foundry over them; call again with other rows for a refresh."""

    def make(rows, **blocks):
        raw = tmp_path / "raw"
        raw.mkdir(exist_ok=True)
        (raw / "school.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        config = {"dataset": "tiny", "root": str(raw), "sources": [{"name": "school", "path": "*.jsonl"}], **blocks}
        file = tmp_path / "tiny.yaml"
        file.write_text(json.dumps(config), encoding="utf-8")
        return Foundry(file, load_config(file), tmp_path / "data")

    return make


@pytest.fixture(scope="session")
def make_dagster_home(tmp_path_factory):
    """Makes a folder for DAGSTER_HOME: the project's settings with a run history of its own."""

    def make():
        home = tmp_path_factory.mktemp("home")
        text = (PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8")
        (home / "dagster.yaml").write_text(text.replace(".dagster", str(home / "history")), encoding="utf-8")
        return home

    return make


def known_runs(history):
    """Ids of the runs that a history holds."""
    databases = sorted(history.rglob("runs.db")) if history.is_dir() else []
    found = set()
    for path in databases:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database, suppress(sqlite3.Error):
            found |= {run for (run,) in database.execute("select run_id from runs")}
    return found


@pytest.fixture(scope="session", autouse=True)
def _leave_the_users_runs_alone(make_dagster_home):
    """Every test, and every command that it calls, has a run history of this session; nothing appears in the project, and no run in a
    history that is there."""
    missing = [folder for folder in USERS if not folder.exists()]
    before = known_runs(USERS[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(make_dagster_home()))
        yield
    assert not any(folder.exists() for folder in missing), (
        f"a test made one of {[*map(str, missing)]}: give it a data root and DAGSTER_HOME"
    )
    new = known_runs(USERS[0]) - before
    assert not new, f"runs {sorted(new)} stand in {USERS[0]}: a test wrote them there, or someone ran `mcq` or the UI meanwhile"


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A models folder with the converted demo model; that of the demo when it has run, else one of this session."""
    from pipeline.common.model.base_model import locate

    ours = PROJECT_ROOT / "data" / "models"
    folder = ours if (ours / "base" / "smollm2-135m").is_dir() else tmp_path_factory.mktemp("models")
    locate(TrainConfig(), folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(models, tmp_path_factory):
    """Folder of a random two-layer Llama with the demo model's real tokenizer: for what needs no knowledge."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from pipeline.common.model.base_model import load_tokenizer

    torch.manual_seed(0)
    tokenizer = load_tokenizer(TrainConfig(), models)
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "intermediate_size": 128, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **shape))
    folder = tmp_path_factory.mktemp("tiny")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def shared():
    """The folder of real data beside the project; the test is skipped, saying so, where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared with the real data is not here")
    return SHARED
