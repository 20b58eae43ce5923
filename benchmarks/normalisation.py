"""What cloze answers are worth by what their log-likelihoods are divided by: `python -m benchmarks.normalisation`, one Markdown table.

1. `--questions N` of each real source beside the project, answered by the demo model without training, on one thread.
2. `--evaluation DIR`: both models of a finished evaluation, by language. DIR holds predictions.parquet, `--asked` is the
   questions.parquet that was evaluated.

NLL: of the right option under a softmax over what stands in the column, nats. Under `none` it is the model's own probability.
"""

import argparse
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pyarrow.parquet as pq

from benchmarks.real_data import CONFIGS, real_config
from pipeline.common.model.likelihood import Normalisation, gold_nll, normalise, option_lengths
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.config.render import RenderConfig
from schemas.config.train import TrainConfig
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question

UNITS: tuple[Normalisation, ...] = get_args(Normalisation)


class Answer(NamedTuple):
    """One question as a model answered it: options as they were asked, their tokens, and their summed log-likelihoods (nats)."""

    options: list[str]
    token_counts: list[int]
    log_likelihoods: list[float]
    answer_index: int


def real_answers(sources: Sequence[str], count: int, longest: int, models: Path) -> Iterator[tuple[str, list[Answer]]]:
    """Answers of the demo model to `count` questions of each of these sources that are no longer than `longest` tokens."""
    import torch

    from pipeline.common.model import base_model
    from pipeline.common.model.chat import ChatFormat
    from pipeline.common.model.scoring import EncodedQuestion, batches, option_scores

    torch.set_num_threads(1)
    settings = TrainConfig(base_model=base_model.DEMO_MODEL, device="cpu", method="lora")
    chat = ChatFormat(base_model.load_tokenizer(settings, models))
    model = base_model.load_model(settings, models, torch.device("cpu"), quantised=False).eval()
    config = real_config()
    config = config.model_copy(update={"sources": [source for source in config.sources if source.name in sources]})
    by_source: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in to_rows(normalize(ingest(config), config.sources).questions, Question):
        by_source[row["source"]].append(row)
    for source, rows in sorted(by_source.items()):
        asked: list[tuple[EncodedQuestion, list[str], int]] = []
        for row in sorted(rows, key=lambda row: hashlib.sha256(row["record_id"].encode()).digest()):
            if len(asked) == count:
                break
            safe, prompt, _ = chat.ask(row, "cloze", RenderConfig().system_prompt)
            options = [option.strip() for option in safe["options"]]
            item = EncodedQuestion(chat.encode(prompt), [chat.encode(option) for option in options])
            if len(item) <= longest:
                asked.append((item, options, row["answer_index"]))
        found = []
        for batch in batches([item for item, _, _ in asked], 1024):
            sums = option_scores(model, [asked[index][0] for index in batch])
            for index, values in zip(batch, sums, strict=True):
                item, options, answer_index = asked[index]
                found.append(Answer(options, [len(ids) for ids in item.option_ids], values, answer_index))
        yield f"{source}, untrained", found


def evaluated_answers(evaluation: Path, asked: Path, models: Path) -> Iterator[tuple[str, list[Answer]]]:
    """Cloze answers of a finished evaluation, by language and model. Where it holds no sums, its scores are per byte."""
    from pipeline.common.model import base_model
    from pipeline.common.model.chat import ChatFormat

    chat = ChatFormat(base_model.load_tokenizer(TrainConfig(base_model=base_model.DEMO_MODEL), models))
    texts = {row["record_id"]: [option.strip() for option in row["options"]] for row in pq.read_table(asked).to_pylist()}
    found: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
    for row in pq.read_table(evaluation / "predictions.parquet").to_pylist():
        if row["mode"] == "cloze" and row["split"] != "benchmark":
            options = texts[row["record_id"]]
            sums = row.get("option_log_likelihoods") or [
                score * length for score, length in zip(row["option_scores"], option_lengths(options, [], "byte"), strict=True)
            ]
            answer = Answer(options, [len(chat.encode(option)) for option in options], sums, row["answer_index"])
            found[row["language"], row["model"]].append(answer)
    for (language, model), answers in sorted(found.items(), reverse=True):
        yield f"demo, {language}, {model}", answers


def line(name: str, answers: Sequence[Answer]) -> list[str]:
    """One row of the table: questions right and NLL by unit, and how many choices another unit than the byte changes."""
    chosen: dict[str, list[int]] = {}
    cells = []
    for unit in UNITS:
        scores = [normalise(one.log_likelihoods, option_lengths(one.options, one.token_counts, unit)) for one in answers]
        chosen[unit] = [int(np.argmax(values)) for values in scores]
        right = sum(choice == one.answer_index for choice, one in zip(chosen[unit], answers, strict=True))
        nll = np.mean([gold_nll(values, one.answer_index) for values, one in zip(scores, answers, strict=True)])
        cells.append(f"{right} ({nll:.2f})")
    changed = [sum(a != b for a, b in zip(chosen[unit], chosen["byte"], strict=True)) for unit in ("none", "token", "character")]
    return [name, str(len(answers)), *cells, " / ".join(map(str, changed))]


def main() -> None:
    """Parses the command line and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", nargs="+", default=CONFIGS, choices=CONFIGS)
    parser.add_argument("--questions", type=int, default=300, help="of each real source")
    parser.add_argument("--longest", type=int, default=300, help="tokens of a question with all its options")
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="where the demo model lies")
    parser.add_argument("--evaluation", type=Path, help="folder of a finished evaluation")
    parser.add_argument("--asked", type=Path, help="its questions.parquet")
    asked = parser.parse_args()
    print(
        f"| answers | questions | {' | '.join(f'{unit}: right (NLL)' for unit in UNITS)} | choices that none / token / character change |"
    )
    print("|---|---|---|---|---|---|---|")
    groups = (
        evaluated_answers(asked.evaluation, asked.asked, asked.models)
        if asked.evaluation
        else real_answers(asked.sources, asked.questions, asked.longest, asked.models)
    )
    for name, answers in groups:
        print(f"| {' | '.join(line(name, answers))} |", flush=True)


if __name__ == "__main__":
    main()
