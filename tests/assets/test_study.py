"""A study as people start it, with the real child process on a tiny random model."""

import json
import os
import subprocess
import sys

import pytest

from schemas.config.base import PROJECT_ROOT


@pytest.fixture
def mcq_study(questions, tiny_model, tmp_path, make_dagster_home):
    (tmp_path / "school.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions), encoding="utf-8")
    config = {"dataset": "tiny", "root": str(tmp_path), "sources": [{"name": "school", "path": "*.jsonl"}]}
    config |= {"split": {"method": "quota", "train": 0.5, "validation": 0.25, "test": 0.25}, "render": {"max_seq_tokens": 128}}
    config |= {"train": {"base_model": str(tiny_model), "device": "cpu", "epochs": 1, "batch_size": 4}, "evaluate": {"modes": ["letter"]}}
    settings = {
        "policies": [{"name": "twice_rank"}, {"name": "fixed", "alpha": 4}],
        "ranks": [2],
        "learning_rates": [1e-3],
        "seeds": [1, 2, 3],
    }
    config["study"] = {**settings, "layers": {}, "reference": {"policy": "twice_rank", "rank": 2, "learning_rate": 1e-3}}
    (tmp_path / "tiny.yaml").write_text(json.dumps(config), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT), "DAGSTER_HOME": str(make_dagster_home())}

    def run(*arguments, answer=None):
        command = [sys.executable, "-m", "cli.main", "study", *arguments, "--config", "tiny.yaml", "--data-root", str(tmp_path / "data")]
        return subprocess.run(command, cwd=tmp_path, env=environment, input=answer, capture_output=True, encoding="utf-8")

    return run


def test_a_study_says_what_it_will_take_asks_first_and_says_what_each_claim_is_worth(mcq_study, tmp_path):
    refused = mcq_study(answer="n\n")
    assert refused.returncode == 1
    assert "6 settings with seeds: 2 arms (2 policies, ranks 2, other layers); 3 of them are another's arithmetic, so 3 trainings" in (
        " ".join(refused.stderr.split())
    )
    assert "0 minutes on this machine" in refused.stderr
    cells = list((tmp_path / "data").glob("models/tiny/studies/*/cells/*.json"))
    assert len(cells) == 1, "one was measured"
    done = mcq_study("--yes")
    assert done.returncode == 0, done.stderr
    assert "alpha = 2r" in done.stdout
    assert "3 of 3 trainings are done" in done.stdout
    page = next((tmp_path / "data").glob("models/tiny/studies/*/study.md")).read_text(encoding="utf-8")
    assert page.split("\n## ")[0].split("\n", 2)[2].strip() in done.stdout
    assert cells[0].stat().st_mtime_ns == next((tmp_path / "data").glob(f"models/tiny/studies/*/cells/{cells[0].name}")).stat().st_mtime_ns
