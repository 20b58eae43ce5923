"""What is read from whole files that people have: `python -m benchmarks.files FOLDER [--show 50] [--seed 1]`.

A line a file below FOLDER (reader, records, questions, refused with the most frequent reasons, share of its text in no record), and the sums
of each folder right below FOLDER. `--show` prints questions drawn by chance, to be read by eye. docs/data-notes.md has the counts of public
files.
"""

import argparse
import glob
import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from pipeline.common.letters import LETTERS
from pipeline.ingest import records_of
from pipeline.normalize import normalize
from schemas.config.sources import SourceConfig
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question, SourceFile


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N questions of each folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quiet", action="store_true", help="only the sums")
    args = parser.parse_args()
    root = args.folder.resolve()
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    questions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    print("| file | reader | records | questions | refused | in no record | reasons |\n|---|---|---|---|---|---|---|")
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root)
        source = SourceConfig(name="file", path=glob.escape(name.as_posix()))
        result = normalize(records_of(root, [(source, [path])]), [source])
        files = to_rows(result.files, SourceFile)
        group = name.parts[0]
        questions[group] += to_rows(result.questions, Question)
        counts: Counter[str] = Counter({"files": 1})
        reasons: Counter[str] = Counter()
        for file in files:
            counts.update({key: file[key] for key in ("records", "questions", "rejected")})
            reasons.update({reason: int(count) for reason, count in (said.split() for said in file["reasons"])})
        sums[group] += counts
        sums[group].update({f"! {reason}": count for reason, count in reasons.items()})
        unread = files[0]["unread_fraction"] if files else None
        if not args.quiet:
            _row(name.as_posix(), files[0]["reader"] if files else "none", counts, "" if unread is None else f"{unread:.0%}", reasons)
    for group, counts in sums.items():
        reasons = Counter({key[2:]: count for key, count in counts.items() if key.startswith("! ")})
        _row(f"**{group}**, {counts['files']} files", "", counts, "", reasons)
    for group, found in questions.items():
        for row in random.Random(args.seed).sample(found, min(args.show, len(found))):
            _show(group, row)


def _row(name: str, reader: str, counts: Counter[str], unread: str, reasons: Counter[str]) -> None:
    said = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(4))
    print(f"| {name} | {reader} | {counts['records']} | {counts['questions']} | {counts['rejected']} | {unread} | {said} |", flush=True)


def _show(group: str, row: dict[str, Any]) -> None:
    print(f"\n== {group} {row['locator']}  {', '.join(row['repairs'])}")
    if row["context"]:
        print(f"[context] {row['context'][:400]}")
    print(row["stem"])
    for place, (letter, option) in enumerate(zip(LETTERS, row["options"], strict=False)):
        print(f"{'*' if place == row['answer_index'] else ' '}{letter}. {option}")
    if row["explanation"]:
        print(f"[explanation] {row['explanation'][:200]}")


if __name__ == "__main__":
    main()
