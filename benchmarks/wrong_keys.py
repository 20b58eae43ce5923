"""Planted wrong keys, and which of them the evidence finds: `python -m benchmarks.wrong_keys`.

Of each source a share of the keys (seeded) is moved to another option after curation, so that no rule about texts or duplicates can see
it; then `mcq evidence`'s own code trains, asks and ranks. Printed for each voice and for both together: AUROC of the flipped against the
others, precision and recall in the top 5% and 10%, beside chance; and how many wrong keys the evidence said there are. Means over
seeds, the range behind them. What is done is kept in `--folder`: an interrupted benchmark goes on.

    python -m benchmarks.wrong_keys                                    the sample's handbook, 10% flipped, one seed
    python -m benchmarks.wrong_keys --source vnhsge opentriviaqa --questions 400 --flip 0.05 0.1 --seeds 1 2 3
    python -m benchmarks.wrong_keys --source vnhsge --config configs/t4-qwen2.5-7b.yaml     a larger model, on a GPU
"""

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.stats import rankdata

from benchmarks.real_data import not_measured
from pipeline.assess import assess
from pipeline.common.text import canonical_json, short_hash
from pipeline.deduplicate import deduplicate
from pipeline.evidence.table import sentence, weigh
from pipeline.ingest import ingest
from pipeline.ledger import build_ledger, model_questions
from pipeline.normalize import normalize
from pipeline.select import select
from pipeline.split import split
from schemas.config import Config, load_config
from schemas.config.base import PROJECT_ROOT
from schemas.config.evidence import EvidenceConfig
from schemas.errors import ConfigError

CONFIGS = PROJECT_ROOT / "configs"
TOP = (0.05, 0.1)
Row = dict[str, Any]


def main() -> None:
    """Plants, gathers and prints a table a source and share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", nargs="*", default=["handbook"], help="of the sample, or a configuration in configs/")
    parser.add_argument("--flip", nargs="*", type=float, default=[0.1], help="shares of the keys that are moved to another option")
    parser.add_argument("--seeds", nargs="*", type=int, default=[1])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=1, help="repeats of all folds, averaged")
    parser.add_argument("--questions", type=int, help="at most so many of a source, whole split groups that hashes decide; default all")
    parser.add_argument("--config", type=Path, default=CONFIGS / "sample.yaml", help="whose render, train and evaluate blocks are taken")
    parser.add_argument("--models", type=Path, default=PROJECT_ROOT / "data" / "models")
    parser.add_argument("--folder", type=Path, default=PROJECT_ROOT / "data" / "benchmarks" / "wrong_keys")
    options = parser.parse_args()
    engine = load_config(options.config)
    for source in options.source:
        try:
            rows = questions(source, options.questions)
        except ConfigError as error:
            not_measured(f"source {source}: {error}")
            continue
        for share in options.flip:
            print(f"\n## {source}, {len(rows)} questions, {share:.0%} of the keys flipped, {len(options.seeds)} seeds\n", flush=True)
            print(table([measure(rows, share, seed, engine, options) for seed in options.seeds]), flush=True)


def questions(source: str, limit: int | None) -> list[Row]:
    """The curated questions of one source, as the child processes read them. Raises ConfigError where its files are absent."""
    file = CONFIGS / f"{source}.yaml"
    config = load_config(file if file.is_file() and source != "sample" else CONFIGS / "sample.yaml")
    if not file.is_file():
        config = config.model_copy(update={"sources": [one for one in config.sources if one.name == source]})
        if not config.sources:
            raise ConfigError(f"{source!r} is neither a source of the sample nor a configuration in configs/")
    rows = [row for row in curate(config) if row["split"] != "benchmark"]
    if limit is None or len(rows) <= limit:
        return rows
    chosen: list[Row] = []
    for group in sorted({row["split_group"] for row in rows}, key=lambda name: hashlib.sha256(name.encode()).digest()):
        chosen += [row for row in rows if row["split_group"] == group]
        if len(chosen) >= limit:
            break
    return chosen


def curate(config: Config) -> list[Row]:
    """Stages 1 to 7, without a lake."""
    raw = ingest(config)
    normal = normalize(raw, config.sources)
    found = deduplicate(normal.questions, config.dedup)
    quality = assess(normal.questions)
    chosen = select(normal.questions, found.members, found.pairs, quality, config.dedup.drop_variants, config.quality.min_score)
    splits = split(chosen, config.split)
    ledger = build_ledger(raw, normal.questions, normal.rejected, quality, chosen, splits, config.curation(), {})
    rows: list[Row] = pa.Table.from_pandas(model_questions(ledger), preserve_index=False).to_pylist()
    return rows


def plant(rows: Sequence[Row], share: float, seed: int) -> tuple[list[Row], set[str]]:
    """The rows with so large a share of the keys moved to another option, at least one, and the records that were changed.

    >>> rows = [{"record_id": str(place), "options": ["a", "b", "c"], "answer_index": 1} for place in range(20)]
    >>> changed, flipped = plant(rows, 0.1, 1)
    >>> len(flipped), all((row["answer_index"] == 1) != (row["record_id"] in flipped) for row in changed)
    (2, True)
    """
    chance = random.Random(seed)
    flipped = set(chance.sample(sorted(row["record_id"] for row in rows), max(1, round(share * len(rows)))))
    changed = []
    for row in sorted(rows, key=lambda row: str(row["record_id"])):
        others = [place for place in range(len(row["options"])) if place != row["answer_index"]]
        changed.append({**row, "answer_index": chance.choice(others)} if row["record_id"] in flipped else row)
    return changed, flipped


def measure(rows: Sequence[Row], share: float, seed: int, engine: Config, options: argparse.Namespace) -> Row:
    """What the evidence finds of one planting."""
    changed, flipped = plant(rows, share, seed)
    evidence = EvidenceConfig(folds=options.folds, repeats=options.runs)
    train = engine.train.model_copy(update={"seed": seed})
    config = engine.model_copy(update={"evidence": evidence, "train": train}).model_dump(mode="json")
    blocks = {name: config[name] for name in ("render", "train", "evaluate", "evidence")}
    asked = [[row["record_id"], row["answer_index"]] for row in changed]
    folder = options.folder / short_hash(canonical_json([asked, {**blocks, "evidence": options.folds}]))
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(changed), folder / "questions.parquet")
    places = {"questions": str(folder / "questions.parquet"), "examples": str(folder / "examples.parquet"), "models": str(options.models)}
    facts = {"config": config, "dataset_version": "planted", "run_id": "benchmark", **places}
    for module, output in (("pipeline.render", folder / "examples.parquet"), ("pipeline.evidence", folder / "evidence")):
        file = folder / f"{module}.json"
        file.write_text(json.dumps({**facts, "output": str(output)}), encoding="utf-8")
        if subprocess.run([sys.executable, "-m", module, str(file)], cwd=PROJECT_ROOT, check=False).returncode:
            sys.exit(f"{module} failed; what it did stays in {folder}, and the same command goes on")
    found, summary = weigh(folder / "evidence", evidence)
    print(f"seed {seed}: {sentence(summary)} {summary['seconds'] / 60:.1f} minutes", file=sys.stderr, flush=True)
    scored = [row for row in found if row["status"] == "scored"]
    wrong = np.array([row["record_id"] in flipped for row in scored])
    voices = {
        "adapters that never saw it": np.array([1 - row["adapter_gold_probability"] for row in scored]),
        "base model": np.array([1 - row["base_gold_probability"] for row in scored]),
        "adapters and base agree": np.array([float(row["agree_against_key"]) for row in scored]),
        "both together (`suspected_wrong_key`)": np.array([-float(row["suspected_wrong_key"]) for row in scored]),
    }
    said = summary["wrong_fraction"]
    return {
        "scored": len(scored),
        "flipped": int(wrong.sum()),
        "said": None if said is None else said * len(scored),
        "voices": {name: figures(values, wrong) for name, values in voices.items()},
    }


def figures(suspicion: NDArray[np.float64], wrong: NDArray[np.bool_]) -> dict[str, float | None]:
    """AUROC, and precision and recall in the most suspected; equal suspicion counts as any order of it would on average.

    >>> figures(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, False, False]))["auroc"]
    1.0
    >>> figures(np.zeros(20), np.array([True] + [False] * 19))["precision at 10%"]
    0.05
    """
    count, right = int(wrong.sum()), int((~wrong).sum())
    found: dict[str, float | None] = {"auroc": None}
    if count and right:
        found["auroc"] = float((rankdata(suspicion)[wrong].sum() - count * (count + 1) / 2) / (count * right))
    for top in TOP:
        many = max(1, round(top * len(wrong)))
        edge = np.sort(suspicion)[::-1][many - 1]
        above, at = suspicion > edge, suspicion == edge
        hits = float(wrong[above].sum() + (many - above.sum()) * wrong[at].mean())
        found |= {f"precision at {top:.0%}": hits / many, f"recall at {top:.0%}": hits / count if count else None}
    return found


def table(seeds: Sequence[Row]) -> str:
    """Markdown, a row a voice, chance last: means over seeds, and the range where there are several."""
    columns = ["auroc", *(f"{what} at {top:.0%}" for top in TOP for what in ("precision", "recall"))]

    def cell(name: str, column: str) -> str:
        values = [seed["voices"][name][column] for seed in seeds if seed["voices"][name][column] is not None]
        if not values:
            return "undefined"
        shown = f"{statistics.mean(values):.2f}"
        return shown if len(values) == 1 else f"{shown} ({min(values):.2f}-{max(values):.2f})"

    lines = [f"| {' | '.join(['voice', *columns])} |", f"|{'---|' * (len(columns) + 1)}"]
    lines += [f"| {' | '.join([name, *(cell(name, column) for column in columns)])} |" for name in seeds[0]["voices"]]
    base = statistics.mean(seed["flipped"] / seed["scored"] for seed in seeds)
    chance = ["0.50", *(value for top in TOP for value in (f"{base:.2f}", f"{top:.2f}"))]
    said = ", ".join("none" if seed["said"] is None else f"{seed['said']:.0f}" for seed in seeds)
    flipped = ", ".join(str(seed["flipped"]) for seed in seeds)
    return "\n".join(
        [*lines, f"| {' | '.join(['chance', *chance])} |", "", f"Wrong keys that the evidence says there are: {said}; flipped: {flipped}."]
    )


if __name__ == "__main__":
    main()
