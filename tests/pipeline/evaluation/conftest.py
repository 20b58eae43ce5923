"""Answers of a model."""

import pytest


@pytest.fixture
def answers():
    """Prediction rows of one model in one mode, from what it got right."""

    def make(correct, groups=None, options=4, source="s"):
        return [
            {
                "record_id": str(i),
                "split_group": str(i) if groups is None else groups[i],
                "source": source,
                "subject": None if i % 2 else "maths",
                "language": "en",
                "answer_index": 0,
                "predicted_index": 0 if right else 1,
                "correct": right,
                "option_scores": [0.0] * options,
                "option_log_likelihoods": [0.0] * options,
                "gold_nll": 1.0,
            }
            for i, right in enumerate(correct)
        ]

    return make
