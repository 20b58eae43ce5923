"""`quality:` the score that a question needs, and the model that may be asked."""

from pydantic import Field

from schemas.config.base import Strict


class QualityConfig(Strict):
    """Score = 1 minus the summed penalties of the signals that fire (pipeline/assess/signals, docs/quality.md), 0-1, high = good."""

    min_score: float = Field(
        0.5,
        ge=0,
        le=1,
        description="questions under it are filtered; how many that takes: docs/quality.md",
    )
    model: str | None = Field(
        None,
        description="causal language model for two more signals, named as train.base_model is; null: none. "
        "A 135M model can't see wrong keys (AUROC 0.49 on MMLU-Redux), so it is off",
    )
    revision: str = Field("main", description="of the model, on a hub")
    quantised: bool = Field(False, description="NF4: a 7B then fits a T4")
    batch_tokens: int = Field(2048, ge=64, description="tokens a forward pass, padding included")
