"""An adapter answers the questions of a working file: `python -m pipeline.handover.predict JOB.json`.

Prompts, batches and scores are evaluation's own: the same questions in the same order get the same scores to the last digit, and what an
evaluation below this data root has scored is taken from its cache, which is only read.
"""

import logging
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.common.letters import LETTERS
from pipeline.common.model.job import Progress, log, run_child
from pipeline.handover.job import PredictJob, open_adapter, tell, telling
from pipeline.handover.working import Asked, Working
from schemas.errors import TrainingError

if TYPE_CHECKING:
    from pipeline.common.model.scoring import EncodedQuestion

TOO_LONG, NOTHING_LEFT = "too_long", "answer_altered"


def predict(job: PredictJob) -> None:
    """Answers what is asked in `job.questions` and has no answer yet. Raises TrainingError, DataError."""
    from pipeline.common.model import base_model
    from pipeline.common.model.chat import ChatFormat
    from pipeline.common.model.environment import device_name, package_versions
    from pipeline.evaluation.run import answering

    log.setLevel(logging.WARNING)
    tell(phase="loading model")
    chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
    manifest = open_adapter(job.adapter).manifest
    device = base_model.device_of(job.train)
    with Working(job.questions) as working:
        working.keep(ran_on={"device": device_name(device), "packages": package_versions()})
        for name, model, kind in answering(job, device, manifest):
            if name == "adapter":
                _answer(job, working, chat, model, kind)


def _answer(job: PredictJob, working: Working, chat: Any, model: Any, kind: str) -> None:
    from pipeline.common.model.scoring import batches

    for section in working.sections():
        _measure(job, working, chat, kind, section)
    left, began, scored = working.tokens_left(), time.monotonic(), 0
    total, done = working.count("asked"), working.count("answer is not null")
    tell(done=done, total=total)
    for section in working.sections():
        measured = working.measured(section)
        # All are batched, the answered ones of an earlier run too: which questions share a batch changes last digits.
        for batch in batches(cast("Sequence[EncodedQuestion]", [range(one.tokens) for one in measured]), job.evaluate.batch_tokens):
            waiting = [measured[index] for index in batch]
            if not all(one.is_answered for one in waiting):
                _answer_batch(job, working, chat, model, kind, waiting)
                done += sum(not one.is_answered for one in waiting)
                scored += sum(one.tokens for one in waiting)
                eta = (left - scored) * (time.monotonic() - began) / scored
                tell(done=done, total=total, eta_s=round(eta, 1))


def _measure(job: PredictJob, working: Working, chat: Any, kind: str, section: range) -> None:
    """Notes how long each question of a section is; answers at once what is known, and says of what can't be asked why."""
    from pipeline.common.model.asked import encode_question, fits
    from pipeline.common.model.score_cache import ScoreCache

    cache = job.models / "cache" / "scores.sqlite"
    known = ScoreCache(cache, kind) if cache.is_file() else None
    for chunk in working.unmeasured(section):
        tokens, answers = [], []
        for place, row in chunk:
            item = encode_question(row, chat, job.render, job.mode)
            encoded, prompt, texts = item
            if not fits(encoded, job.render):
                length = len(encoded.prompt_ids) + max(map(len, encoded.option_ids))
                why = f"{length:,} tokens with its longest option; the adapter takes {job.render.max_seq_tokens:,} (render.max_seq_tokens)"
                answers.append((place, _refused(TOO_LONG, why)))
            elif nothing := [letter for letter, ids in zip(LETTERS, encoded.option_ids, strict=False) if not ids]:
                answers.append((place, _refused(NOTHING_LEFT, f"the tokenizer leaves nothing of option {', '.join(nothing)}")))
            elif known and (sums := known.get(known.key(prompt, texts))):
                answers.append((place, _answered(job, item, sums, row)))
            else:
                tokens.append((place, len(encoded)))
        working.note(tokens, answers)


def _answer_batch(job: PredictJob, working: Working, chat: Any, model: Any, kind: str, waiting: Sequence[Asked]) -> None:
    from pipeline.common.model.asked import encode_question
    from pipeline.common.model.score_cache import ScoreCache
    from pipeline.common.model.scoring import score_all

    rows = working.rows([one.place for one in waiting])
    items = [encode_question(row, chat, job.render, job.mode) for row in rows]
    # A memory of its own: what evaluation remembers are scores in its own batches.
    forgotten, untold = ScoreCache(Path(":memory:"), kind), Progress(Path(os.devnull))
    scores = score_all(model, rows, items, forgotten, untold, f"adapter, {job.mode}", job.evaluate.batch_tokens)
    answers = [_answered(job, item, sums, row) for item, sums, row in zip(items, scores, rows, strict=True)]
    working.note(answers=zip([one.place for one in waiting], answers, strict=True))


def _answered(job: PredictJob, item: Any, sums: Sequence[float], row: dict[str, Any]) -> dict[str, Any]:
    """What evaluation makes of the same scores; the probabilities are the model's own, see `option_probabilities`."""
    from pipeline.common.model.asked import answer_of, lengths
    from pipeline.common.model.likelihood import option_probabilities

    if not all(map(math.isfinite, sums)):
        raise TrainingError(
            f"the scores of {row['locator']} are {list(sums)}: the model's numbers overflow; use a GPU that computes in bf16, or "
            "`--device cpu`"
        )
    said = answer_of(sums, lengths(item, job.evaluate.cloze_normalisation, job.mode), 0)
    return {"chosen": said.best, "scores": said.scores, "log_likelihoods": list(sums), "probabilities": option_probabilities(sums)}


def _refused(reason: str, why: str) -> dict[str, Any]:
    return {"reason_codes": [reason], "detail": why}


if __name__ == "__main__":
    sys.exit(run_child(telling(predict), PredictJob))
