"""How well duplicates are found: `python -m benchmarks.dedup_quality [PAIRS | --thresholds]`, beside the tools that are installed.

Every tool gets the same pairs and the same clean text: what a stem asks (passage and rubric cut) and the options in alphabetical
order, as normalised words. A tool that gives a similarity is scored at its best threshold on these very pairs, which flatters it;
ours has none to choose. Without a file: the labelled pairs of ../shared/gold and those of tests/gold, and what LSH proposes on
../shared/data. Optional: rensa, text-dedup, semhash (with a model2vec model in MCQ_SEMHASH_MODEL). `--thresholds`: how far each threshold
of the rules can be moved before more labelled pairs are judged otherwise than labelled.

What isn't there is not measured: a line on stderr names it, and the exit code is 0, so that `make bench` goes on.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.real_data import not_measured, real_config
from pipeline.common.words import words
from pipeline.deduplicate import comparison, deduplicate, rules
from pipeline.deduplicate.candidates import fingerprints
from pipeline.deduplicate.clusters import Nodes
from pipeline.deduplicate.comparison import Threshold
from pipeline.deduplicate.minhash import lsh_pairs
from pipeline.deduplicate.question import ComparableQuestion
from pipeline.deduplicate.rules import judge_pair
from pipeline.ingest import ingest
from pipeline.judge_pairs import read_sides
from pipeline.normalize import normalize
from schemas.config.base import PROJECT_ROOT
from schemas.config.dedup import DedupConfig
from schemas.reasons import Relation
from schemas.tables.arrow import to_rows
from schemas.tables.curation import ClusterMember, Pair, Question

GOLD = PROJECT_ROOT.parent / "shared" / "gold" / "duplicate_pairs.jsonl"
OWN = PROJECT_ROOT / "tests" / "gold" / "duplicate_pairs_own.jsonl"
DUPLICATE = (Relation.EXACT, Relation.SAME, Relation.VARIANT, Relation.CONFLICT)
SHINGLE_WORDS = 3
PERMUTATIONS = 256
BOOTSTRAP = 2000
# How often a threshold is moved each way, by 0.05 for a share and by 1 for a count.
MOVES = 8
LABELS = {Relation.EXACT: "same", Relation.RELATED: "different"}

Pairs = Sequence[tuple[ComparableQuestion, ComparableQuestion]]


def clean_words(question: ComparableQuestion) -> list[str]:
    """What every tool compares."""
    return [
        *question.stem,
        *(word for option in sorted(" ".join(words(text)) for text in question.option_texts) for word in option.split()),
    ]


def shingles(question: ComparableQuestion) -> list[str]:
    """Word 3-grams, or the whole of a shorter text."""
    text = clean_words(question)
    return list({" ".join(text[at : at + SHINGLE_WORDS]) for at in range(max(1, len(text) - SHINGLE_WORDS + 1))})


def by_datasketch(pairs: Pairs) -> list[float]:
    """Jaccard of word 3-grams, estimated by datasketch's MinHash."""
    from datasketch import MinHash

    def signed(question: ComparableQuestion) -> Any:
        minhash = MinHash(num_perm=PERMUTATIONS)
        minhash.update_batch([shingle.encode() for shingle in shingles(question)])
        return minhash

    return [float(signed(a).jaccard(signed(b))) for a, b in pairs]


def by_rensa(pairs: Pairs) -> list[float]:
    """The same by rensa's R-MinHash."""
    rensa = import_module("rensa")

    def signed(question: ComparableQuestion) -> Any:
        minhash = rensa.RMinHash(num_perm=PERMUTATIONS, seed=1)
        minhash.update(shingles(question))
        return minhash

    return [float(signed(a).jaccard(signed(b))) for a, b in pairs]


def by_text_dedup(pairs: Pairs) -> list[float]:
    """text-dedup joins two texts when one band of their signatures agrees: the largest threshold whose bands do is their similarity."""
    minhash = import_module("text_dedup.minhash")
    prime, largest = np.uint64((1 << 61) - 1), np.uint64((1 << 32) - 1)
    random = np.random.RandomState(minhash.SEED)
    permutations = tuple(random.randint(low, prime, size=(1, PERMUTATIONS), dtype=np.uint64) for low in (1, 0))

    def bands(question: ComparableQuestion, threshold: float) -> list[bytes]:
        count, rows = minhash.optimal_param(threshold, PERMUTATIONS)
        found: list[bytes] = minhash.embed_func(
            " ".join(clean_words(question)),
            0,
            num_perm=PERMUTATIONS,
            ngram_size=SHINGLE_WORDS,
            min_length=0,
            hashranges=[(i * rows, (i + 1) * rows) for i in range(count)],
            permutations=permutations,
            hash_func=minhash.sha1_hash,
            dtype=np.uint64,
            max_hash=largest,
            modulo_prime=prime,
        )[minhash.SIGNATURE_COLUMN]
        return found

    similarity = [0.0] * len(pairs)
    for threshold in np.arange(0.3, 1.0, 0.05).tolist():
        for i, (a, b) in enumerate(pairs):
            if any(x == y for x, y in zip(bands(a, threshold), bands(b, threshold), strict=True)):
                similarity[i] = threshold
    return similarity


def by_semhash(pairs: Pairs) -> list[float]:
    """SemHash compares model2vec embeddings by cosine."""
    import_module("semhash")
    if not (folder := os.environ.get("MCQ_SEMHASH_MODEL")):
        raise FileNotFoundError("no model: set MCQ_SEMHASH_MODEL to a model2vec folder")
    model = import_module("model2vec").StaticModel.from_pretrained(folder)
    left, right = (model.encode([" ".join(clean_words(pair[side])) for pair in pairs]) for side in (0, 1))
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines: list[float] = ((left * right).sum(axis=1) / np.maximum(norms, 1e-12)).tolist()
    return cosines


TOOLS: dict[str, tuple[str, Callable[[Pairs], list[float]]]] = {
    "MinHash, word 3-grams": ("datasketch", by_datasketch),
    "R-MinHash, word 3-grams": ("rensa", by_rensa),
    "text-dedup minhash, word 3-grams": ("text-dedup", by_text_dedup),
    "SemHash, cosine of embeddings": ("semhash", by_semhash),
}


def scores(real: NDArray[np.bool_], claimed: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Precision, recall and F1, 0-1; nan where undefined."""
    right = int((real & claimed).sum())
    parts = (right, int(claimed.sum())), (right, int(real.sum())), (2 * right, int(real.sum() + claimed.sum()))
    precision, recall, f1 = (top / bottom if bottom else float("nan") for top, bottom in parts)
    return precision, recall, f1


def interval(real: NDArray[np.bool_], claimed: NDArray[np.bool_]) -> tuple[float, float]:
    """95% bootstrap interval of F1 over pairs, seed 0."""
    random = np.random.default_rng(0)
    drawn = (random.integers(0, len(real), len(real)) for _ in range(BOOTSTRAP))
    low, high = np.nanquantile([scores(real[i], claimed[i])[2] for i in drawn], [0.025, 0.975])
    return float(low), float(high)


def at_best_threshold(real: NDArray[np.bool_], similarity: Sequence[float]) -> tuple[float, NDArray[np.bool_]]:
    """The threshold with the highest F1 on these pairs, and what it claims."""
    values = np.array(similarity)
    best = max(sorted(set(similarity)), key=lambda threshold: scores(real, values >= threshold)[2])
    return best, values >= best


def table(labels: Sequence[str], pairs: Pairs) -> list[str]:
    """Lines of a Markdown table: ours, then every tool at its best threshold."""
    real = np.array([label != "different" for label in labels])
    verdicts = [judge_pair(a, b).relation for a, b in pairs]
    claimed = np.array([verdict in DUPLICATE for verdict in verdicts])
    conflicts = [verdict == Relation.CONFLICT for verdict in verdicts]
    known = [label == "conflict" for label in labels]
    found = sum(a and b for a, b in zip(conflicts, known, strict=True))
    lines = ["| method | version | threshold | precision | recall | F1 (95%) | conflicts found |", "|---|---|---|---|---|---|---|"]
    lines.append(_line("judge (ours)", "", "", real, claimed, f"{found}/{sum(known)}, {sum(conflicts) - found} false"))
    for name, (package, tool) in TOOLS.items():
        try:
            threshold, claimed = at_best_threshold(real, tool(pairs))
            lines.append(_line(name, f"{package} {version(package)}", f"{threshold:.2f}", real, claimed, "can't tell"))
        except (ImportError, PackageNotFoundError):
            lines.append(f"| {name} | {package} not installed | | | | | |")
        except FileNotFoundError as error:
            lines.append(f"| {name} | {package} {version(package)}; {error} | | | | | |")
    return lines


def _line(name: str, made: str, threshold: str, real: NDArray[np.bool_], claimed: NDArray[np.bool_], conflicts: str) -> str:
    precision, recall, f1 = scores(real, claimed)
    low, high = interval(real, claimed)
    return f"| {name} | {made} | {threshold} | {precision:.3f} | {recall:.3f} | {f1:.3f} ({low:.3f}-{high:.3f}) | {conflicts} |"


def read_pairs(path: Path) -> tuple[list[str], list[tuple[ComparableQuestion, ComparableQuestion]]]:
    """Labels and questions of a file of labelled raw pairs; a pair with an unusable side is left out."""
    given = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    sides = read_sides([pair[name] for pair in given for name in ("a", "b")])
    labels, pairs = [], []
    for pair, a, b in zip(given, sides[::2], sides[1::2], strict=True):
        if isinstance(a, ComparableQuestion) and isinstance(b, ComparableQuestion):
            labels.append(pair["label"])
            pairs.append((a, b))
    return labels, pairs


def own_pairs(rows: Mapping[str, Mapping[str, Any]], part: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Labels and SOURCE:LOCATOR of a part of our own pairs, as far as the data holds them."""
    given = [json.loads(line) for line in OWN.read_text(encoding="utf-8").splitlines()]
    kept = [pair for pair in given if pair["part"] == part and pair["a"] in rows and pair["b"] in rows]
    return [pair["label"] for pair in kept], [(pair["a"], pair["b"]) for pair in kept]


def real_questions() -> tuple[Any, dict[str, Mapping[str, Any]], DedupConfig]:
    """The questions of all sources as a table, and as rows by SOURCE:LOCATOR; how they are deduplicated."""
    config = real_config()
    questions = normalize(ingest(config), config.sources).questions
    return questions, {f"{row['source']}:{row['locator']}": row for row in to_rows(questions, Question)}, config.dedup


def bears(name: str, wrong: Callable[[], int]) -> str:
    """The values of a threshold, moved step by step from its own, up to which no more is `wrong`: "0.45 to 0.5", "up to 7", or nothing."""
    module = next(module for module in (comparison, rules) if name in vars(module))
    threshold: Threshold = vars(module)[name]
    share, now, ends = threshold < 1, wrong(), []
    for step in (-0.05, 0.05) if share else (-1, 1):
        end, moved = "", float(threshold)
        for _ in range(MOVES):
            last, moved = moved, round(moved + step, 2)
            if moved <= 0 or (share and moved > 1):
                break
            setattr(module, name, Threshold(moved, ""))
            if wrong() > now:
                end = f"{last:g}"
                break
        ends.append(end)
    setattr(module, name, threshold)
    low, high = ends
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""


def on_thresholds() -> None:
    """What all labelled pairs bear: how far each threshold can be moved before more of them are judged otherwise than labelled."""
    labels, pairs = read_pairs(GOLD) if GOLD.is_file() else ([], [])
    _, rows, _ = real_questions()
    for part in ("sample", "second", "third", "near"):
        known, names = own_pairs(rows, part)
        labels += known
        pairs += [(ComparableQuestion(rows[a]), ComparableQuestion(rows[b])) for a, b in names]

    def wrong() -> int:
        relations = [judge_pair(a, b).relation for a, b in pairs]
        return sum(LABELS.get(relation, str(relation)) != label for relation, label in zip(relations, labels, strict=True))

    print(f"{len(pairs)} labelled pairs, {wrong()} judged otherwise\n\n| threshold | value | bears |\n|---|---|---|")
    for name, threshold in [(name, value) for name, value in (vars(comparison) | vars(rules)).items() if isinstance(value, Threshold)]:
        print(f"| {name} | {threshold:g} | {bears(name, wrong)} |", flush=True)


def on_real_data() -> None:
    """The same table on our own pairs, and what LSH, verification and clustering make of all sources."""
    questions, rows, config = real_questions()
    true_pairs: dict[str, list[tuple[str, str]]] = {}
    for part in ("sample", "second", "third"):
        labels, names = own_pairs(rows, part)
        own = [(ComparableQuestion(rows[a]), ComparableQuestion(rows[b])) for a, b in names]
        print(f"\n{len(labels)} own pairs, part `{part}`\n\n" + "\n".join(table(labels, own)))
        true_pairs[f"own, {part}"] = [
            (rows[a]["content_id"], rows[b]["content_id"]) for label, (a, b) in zip(labels, names, strict=True) if label != "different"
        ]
    if GOLD.is_file():
        labels, pairs = read_pairs(GOLD)
        true_pairs["gold"] = [
            (a.content_id or "", b.content_id or "") for label, (a, b) in zip(labels, pairs, strict=True) if label != "different"
        ]
    _candidates(questions, true_pairs, config)
    result = deduplicate(questions, config)
    members, verified = to_rows(result.members, ClusterMember), to_rows(result.pairs, Pair)
    sizes = Counter(row["cluster_id"] for row in members if row["cluster_id"])
    relations = dict(Counter(pair["relation"] for pair in verified))
    cut = sum(row["cut_from"] is not None for row in members)
    print(f"\n{len(members):,} questions: {len(sizes)} clusters of {sizes.total()} rows, the largest of {max(sizes.values(), default=0)}")
    print(f"pairs {relations}; {cut} rows beside a cut chain")


def _candidates(questions: Any, true_pairs: Mapping[str, Sequence[tuple[str, str]]], config: DedupConfig) -> None:
    nodes = Nodes(questions)
    proposed, _ = lsh_pairs(fingerprints(nodes.table, config).bands.T)
    place = {content_id: node for node, content_id in enumerate(nodes.content_id)}
    found = set(map(tuple, proposed.tolist()))
    print(f"\nLSH proposes {len(found):,} pairs of {len(nodes):,} distinct questions\n")
    print("| true pairs | in the data, not equal | proposed |\n|---|---|---|")
    for name, pairs in true_pairs.items():
        present = {(min(place[a], place[b]), max(place[a], place[b])) for a, b in pairs if a in place and b in place and a != b}
        print(f"| {name} | {len(present)} | {len(present & found)} |")


def on_pairs(path: Path) -> None:
    """The table on a file of labelled pairs."""
    labels, pairs = read_pairs(path)
    print(f"{len(labels)} pairs of {path.name}\n\n" + "\n".join(table(labels, pairs)))


def main() -> None:
    """Parses the command line and prints the tables that it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path, nargs="?", metavar="PAIRS", help="JSON lines, each with the raw questions a and b and a label")
    parser.add_argument("--thresholds", action="store_true")
    arguments = parser.parse_args()
    if arguments.thresholds:
        on_thresholds()
    elif arguments.pairs:
        on_pairs(arguments.pairs)
    else:
        if GOLD.is_file():
            on_pairs(GOLD)
        else:
            not_measured(f"the labelled pairs of the gold set: there is no file {GOLD}")
        on_real_data()


if __name__ == "__main__":
    main()
