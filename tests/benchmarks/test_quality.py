"""The measures of benchmarks.quality on numbers that can be checked by eye, and each planted flaw on one question."""

import random

import numpy as np
import pytest

from benchmarks.quality import FLAWS, auroc, flags, label, top_precision
from pipeline.assess import assess
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config import load_config
from schemas.config.base import PROJECT_ROOT

ROW = {
    **{"record_id": "r", "context": None, "stem": "Which of these rivers flows through the old town of the kings?", "language": "en"},
    **{"options": ["the river Hương", "the river Lam", "the red one and a few others", "a lake nearby"], "answer_index": 0},
    **{"explanation": None, "repairs": [], "fixed_order": False},
}
OTHER = {**ROW, "stem": "Sông nào dài nhất?", "language": "vi", "options": ["Sông Hồng của nước ta", "Sông Lam ở Nghệ An", "Sông Đuống"]}
FORMULA = {**ROW, "stem": r"What is the value of $\frac{1}{2}$ and of x?"}
# Only some of their variants can be told from a whole question.
SOMETIMES = {"stem cut off", "formula lost", "options of another question", "option cut off", "options in the other language"}


@pytest.mark.parametrize(
    ("spelled", "wrong"),
    [
        ("ok", False),
        ("OK", False),
        (" Ok ", False),
        ("expert", False),
        (None, False),
        ("wrong_groundtruth", True),
        ("Bad Question Clarity", True),
    ],
)
def test_labels_are_spelled_in_many_ways(spelled, wrong):
    assert label({"error_type": spelled}) is wrong


def test_auroc_and_top_precision_count_ties_as_chance():
    errors = np.array([True, True, False, False])
    assert auroc(np.array([4.0, 3.0, 2.0, 1.0]), errors) == 1
    assert auroc(np.array([1.0, 2.0, 3.0, 4.0]), errors) == 0
    assert auroc(np.zeros(4), errors) == 0.5
    assert np.isnan(auroc(np.zeros(2), np.array([True, True])))
    assert top_precision(np.array([4.0, 3.0, 2.0, 1.0]), errors, 0.5) == 1
    assert top_precision(np.zeros(4), errors, 0.25) == 0.5
    assert top_precision(np.array([9.0, 1.0, 1.0, 0.0]), np.array([False, True, False, False]), 0.5) == 0.25


@pytest.mark.parametrize("name", sorted(FLAWS))
def test_a_planted_flaw_changes_the_question_and_is_found(name):
    plant, signals = FLAWS[name]
    found = []
    for seed in range(20):
        row = FORMULA if "LaTeX" in name or "formula" in name else ROW
        broken = plant(row, random.Random(seed), OTHER)
        if broken is not None:
            assert broken != row
            found.append(not flags(broken).isdisjoint(signals))
    assert found
    assert all(found) or (name in SOMETIMES and (any(found) or name != "options in the other language"))
    assert flags(ROW).isdisjoint(signals)


def test_the_default_threshold_takes_hardly_any_real_question(shared, monkeypatch):
    monkeypatch.setenv("MCQ_SOURCE_ROOT", str(shared / "data"))
    config = load_config(PROJECT_ROOT / "configs" / "mmlu_redux.yaml")
    quality = assess(normalize(ingest(config), config.sources).questions)
    assert len(quality) > 2000
    assert quality["quality_score"].lt(config.quality.min_score).sum() < 0.002 * len(quality)
    # Ranks need scores that differ.
    assert quality["quality_score"].nunique() > 100
