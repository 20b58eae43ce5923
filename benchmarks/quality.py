"""What the quality signals are worth, on the real data beside the project: `python -m benchmarks.quality [--seed N]`, three Markdown tables.

1. Against people: MMLU-Redux's labels, "has an error", on subjects that the signals were written with and on those that nobody looked at.
2. Against planted flaws: a flaw put into questions of each source, recall and false alarms of the signals meant for it.
3. Questions that the default threshold removes.

Without that data nothing is measured: a line on stderr names the folder, and the exit code is 0, so that `make bench` goes on.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from benchmarks.real_data import real_config
from pipeline.assess import assess, measure
from pipeline.assess.signals import SIGNALS
from pipeline.common.letters import LETTERS
from pipeline.common.text import strip_marks
from pipeline.ingest import ingest
from pipeline.normalize import normalize
from schemas.tables.arrow import to_rows
from schemas.tables.curation import Question, RawRecord

RowDict = dict[str, Any]
TOP_FRACTION = 0.05
FINE = ("ok", "expert")
"""Normalised labels that name no error; `expert` is a source that slipped into the label's column, with no error said."""


def measure_all(seed: int, resamples: int, caught: int) -> None:
    """Prints the tables; with `caught`, where questions stand that each flag caught, and nothing else."""
    config = real_config()
    raw = ingest(config)
    questions = normalize(raw, config.sources).questions
    started = time.perf_counter()
    quality = assess(questions)
    seconds = time.perf_counter() - started
    rows = to_rows(questions, Question)
    if caught:
        return print_caught(rows, caught)
    print(f"{len(rows):,} questions, {len(SIGNALS)} signals: {len(rows) / seconds:,.0f} records/s\n")
    scores = dict(zip(quality["record_id"], quality["quality_score"].astype(float), strict=True))
    labels = {row["record_id"]: label(json.loads(row["payload"])) for row in to_rows(raw, RawRecord) if row["source"] == "mmlu_redux"}
    redux = [row for row in rows if row["source"] == "mmlu_redux"]
    subjects = sorted({row["subject"] for row in redux})
    for name, chosen in (("first half", subjects[::2]), ("second half", subjects[1::2])):
        against_people([row for row in redux if row["subject"] in chosen], labels, scores, name, np.random.default_rng(seed), resamples)
    planted(rows, random.Random(seed))
    removed(rows, scores, config.quality.min_score)


def label(payload: RowDict) -> bool:
    """Whether people marked an error; `error_type` is spelled in many ways."""
    return str(payload.get("error_type") or "ok").strip().lower() not in FINE


# --- against people


def auroc(values: np.ndarray, errors: np.ndarray) -> float:
    """Chance that a question with an error ranks above one without, 0-1, ties half; NaN where one of both is missing."""
    count = int(errors.sum())
    if count in (0, len(errors)):
        return float("nan")
    return float((rankdata(values)[errors].sum() - count * (count + 1) / 2) / count / (len(errors) - count))


def top_precision(values: np.ndarray, errors: np.ndarray, fraction: float = TOP_FRACTION) -> float:
    """Share of errors among the highest `fraction`; of tied values at its end, the expected share."""
    size = max(round(fraction * len(values)), 1)
    cut = np.sort(values)[-size]
    above, tied = values > cut, values == cut
    return float((errors[above].sum() + errors[tied].mean() * (size - above.sum())) / size)


def interval(
    statistic: Callable[[np.ndarray, np.ndarray], float],
    values: np.ndarray,
    errors: np.ndarray,
    groups: np.ndarray,
    draws: Sequence[np.ndarray],
) -> str:
    """The statistic with its 95% interval over resampled subjects."""
    found = np.array([statistic(values[draw], errors[draw]) for draw in draws])
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return f"{statistic(values, errors):.3f} ({low:.2f}-{high:.2f})"


def against_people(
    rows: list[RowDict], labels: dict[str, bool], scores: dict[str, float], name: str, rng: np.random.Generator, resamples: int
) -> None:
    """Prints one table: score, stem length, every signal."""
    errors = np.array([labels[row["record_id"]] for row in rows])
    groups = np.array([row["subject"] for row in rows])
    places = {subject: np.flatnonzero(groups == subject) for subject in np.unique(groups)}
    draws = [np.concatenate([places[s] for s in rng.choice(list(places), len(places))]) for _ in range(resamples)]
    measured = [measure(row) for row in rows]
    columns: dict[str, np.ndarray] = {
        "**score** (1 - score)": np.array([1 - scores[row["record_id"]] for row in rows]),
        "stem length, characters": np.array([float(len(row["stem"])) for row in rows]),
        "chance": np.zeros(len(rows)),
    }
    columns |= {s.name: np.array([value or 0.0 for value in (found[s.name] for found in measured)]) for s in SIGNALS}
    thresholds = {s.name: s.threshold for s in SIGNALS}
    base = errors.mean()
    print(
        f"MMLU-Redux, {name}: {len(places)} subjects, {len(rows):,} questions, {errors.sum()} with an error ({base:.1%}). Intervals: {resamples} resamples of subjects.\n"
    )
    print(
        "| ranking by | AUROC | precision in the top 5% | times the base rate | fires on | of them with an error |\n|---|---|---|---|---|---|"
    )
    for column, values in columns.items():
        fired = values >= thresholds.get(column, np.inf)
        if column in thresholds and not fired.any() and len(set(values)) == 1:
            continue
        top = top_precision(values, errors)
        print(
            f"| {column} | {interval(auroc, values, errors, groups, draws)} | {interval(top_precision, values, errors, groups, draws)} | {top / base:.1f} "
            f"| {fired.sum() if column in thresholds else ''} | {f'{errors[fired].mean():.0%}' if fired.any() else ''} |"
        )
    within = [
        (auroc(columns["**score** (1 - score)"][p], errors[p]), errors[p].sum()) for p in places.values() if 0 < errors[p].sum() < len(p)
    ]
    worst = max(places, key=lambda subject: int(errors[places[subject]].sum()))
    rest = groups != worst
    shown = [
        f"{column} {auroc(columns[column][rest], errors[rest]):.3f}, top {top_precision(columns[column][rest], errors[rest]) / errors[rest].mean():.1f}"
        for column in list(columns)[:2]
    ]
    print(
        f"\nWithout {worst}, which has the most errors ({errors[places[worst]].sum()} of {errors.sum()}): {'; '.join(shown)} times the base rate."
    )
    print(f"\nInside subjects (mean weighted by errors): AUROC {np.average([a for a, _ in within], weights=[n for _, n in within]):.3f}\n")


# --- planted flaws


def _cut(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    size = len(row["stem"])
    return {**row, "stem": row["stem"][: rng.randint(size * 2 // 5, size * 4 // 5)].strip()} if size > 40 else None


# A whole formula, as an extraction loses it: between dollars, or words with mathematics in them and what their operators join.
_FORMULA = re.compile(r"\$[^$]+\$|\\\(.+?\\\)|(?<!\S)[^\s$]*[\\^=][^\s$]*(?:\s[-+=*/]\s\S+)*(?<![,.;?])")


def _lose_formula(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    found = list(_FORMULA.finditer(row["stem"]))
    if not found:
        return None
    lost = rng.choice(found)
    return {**row, "stem": re.sub(r" {2,}", " ", row["stem"][: lost.start()] + " " + row["stem"][lost.end() :]).strip()}


def _swap_options(row: RowDict, _: random.Random, other: RowDict) -> RowDict:
    return {**row, "options": other["options"], "answer_index": other["answer_index"]}


def _same_meaning(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    right = row["options"][row["answer_index"]]
    ways = [
        right.upper(),
        right.swapcase(),
        right + " ;",
        right.replace(" ", "-"),
        strip_marks(right).replace("_", " "),
        f" {right[:1].lower()}{right[1:]}.",
    ]
    ways = [way for way in ways if way.rstrip(" .;,") != right.rstrip(" .;,")]
    if sum(map(str.isalpha, right)) < 4 or "\\" in right or "$" in right or not ways:
        return None
    return _with_option(row, (row["answer_index"] + 1) % len(row["options"]), rng.choice(ways))


def _with_option(row: RowDict, place: int, text: str) -> RowDict:
    return {**row, "options": [text if i == place else option for i, option in enumerate(row["options"])]}


def _glue_to_stem(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    return {**row, "stem": row["stem"] + rng.choice([" A. ", " (A) ", " ", "\nA) "]) + row["options"][0]}


def _mix(row: RowDict, _: random.Random, other: RowDict) -> RowDict:
    return {**row, "options": other["options"], "answer_index": other["answer_index"]}


def _lengthen(row: RowDict, _: random.Random, other: RowDict) -> RowDict:
    right, wrong = row["options"][row["answer_index"]], [o for i, o in enumerate(row["options"]) if i != row["answer_index"]]
    longer = f"{right.rstrip('.')}, {other['stem'].rstrip('?.').lower()}"
    wanted = max(25, int(2.4 * sum(map(len, wrong)) / len(wrong)) + 1)
    while len(longer) < wanted:
        longer += f", {other['stem'].rstrip('?.').lower()}"
    return _with_option(row, row["answer_index"], longer[: max(wanted, len(right) + 3)])


def _picture(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    told = {
        "en": ["In the diagram below, ", "As shown in the figure, ", "From the graph above: ", "Look at the picture on the right. "],
        "vi": ["Dựa vào hình vẽ bên, ", "Cho đồ thị như hình dưới. ", "Trong hình trên, ", "Quan sát sơ đồ sau đây. "],
    }
    return {**row, "stem": rng.choice(told[row["language"]]) + row["stem"]}


def _passage(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    told = {
        "en": [
            "According to the passage, ",
            "Based on the text above, ",
            "In the case described above, ",
            "Using the same data as in question 12, ",
        ],
        "vi": ["Theo đoạn trích, ", "Theo đoạn văn trên, ", "Từ bảng số liệu trên, ", "Dựa vào thông tin trên, "],
    }
    return {**row, "stem": rng.choice(told[row["language"]]) + row["stem"]}


def _mojibake(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    text = row["stem"] if not row["stem"].isascii() else row["stem"].replace("'", "’").replace("s ", "’s ", 1)
    try:
        broken = text.encode("utf-8").decode(rng.choice(["latin-1", "cp1252"]))
    except UnicodeDecodeError:
        broken = text.encode("utf-8").decode("latin-1")
    return {**row, "stem": broken} if broken != row["stem"] and not text.isascii() else None


def _unbalance(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    stem = row["stem"]
    if "\\" not in stem and "^" not in stem:
        return None
    places = [m.start() for m in re.finditer(r"[{}$]", stem)]
    if not places:
        return None
    at = rng.choice(places)
    return {**row, "stem": stem[:at] + stem[at + 1 :]}


def _chat(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    return {
        **row,
        "stem": row["stem"] + " " + rng.choice(["<|im_end|>", "</s>", "[/INST]", "<|endoftext|>", "<start_of_turn>", "<|eot_id|>"]),
    }


def _contradict(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    wrong = LETTERS[(row["answer_index"] + 1) % len(row["options"])]
    says = (
        ["Chọn đáp án {}", "Đáp án đúng là {}.", "Vậy đáp án cần chọn là: {}"]
        if row["language"] == "vi"
        else ["The answer is {}.", "Correct answer: {}"]
    )
    return {**row, "explanation": rng.choice(says).format(wrong), "repairs": []}


def _glue_options(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    options = row["options"]
    if len(options) < 3:
        return None
    at = rng.randrange(len(options) - 1)
    glued = [*options[:at], f"{options[at]} {LETTERS[at + 1]}. {options[at + 1]}", *options[at + 2 :]]
    return {**row, "options": glued, "answer_index": min(row["answer_index"], len(glued) - 1)}


def _leak_mark(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    right = row["options"][row["answer_index"]]
    return _with_option(
        row, row["answer_index"], rng.choice(["{} (correct)", "{} (Chọn)", "{} ✓", "*{}", "{} (đúng)", "{} [x]"]).format(right)
    )


def _leak_letter(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    letter = LETTERS[row["answer_index"]]
    return {**row, "stem": row["stem"] + rng.choice([" Đáp án: {}", " Answer: {}", " (Ans. {})", " Key: {}"]).format(letter)}


def _cut_option(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    place = max(range(len(row["options"])), key=lambda i: len(row["options"][i]))
    words = row["options"][place].split()
    return _with_option(row, place, " ".join(words[: rng.randint(2, len(words) - 2)])) if len(words) > 4 else None


def _repeat_stem(row: RowDict, rng: random.Random, _: RowDict) -> RowDict | None:
    place = rng.randrange(len(row["options"]))
    return _with_option(row, place, f"{row['stem']} {row['options'][place]}") if len(row["stem"]) >= 20 else None


def _letters_only(row: RowDict, _: random.Random, __: RowDict) -> RowDict:
    return {**row, "options": list(LETTERS[: len(row["options"])])}


_FOREIGN = (
    "Quelle est la capitale de la région où se trouve cette rivière et combien d'habitants compte-t-elle ?",
    "Welche der folgenden Aussagen über die Entwicklung der Städte im Mittelalter ist nicht richtig?",
    "¿Cuál de los siguientes países tiene frontera con dos océanos y una gran cordillera?",
    "Какая из перечисленных рек впадает в Чёрное море и протекает через столицу?",
    "次のうち、日本で一番長い川はどれですか。正しいものを一つ選びなさい。",
)


def _translate(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    return {**row, "stem": rng.choice(_FOREIGN)}


def _personal(row: RowDict, rng: random.Random, _: RowDict) -> RowDict:
    return {
        **row,
        "stem": row["stem"]
        + rng.choice([" (lan.nguyen@school.edu.vn)", " Call 555-867-5309.", " SĐT: 0912 345 678", " CCCD 001203004567"]),
    }


Plant = Callable[[RowDict, random.Random, RowDict], RowDict | None]
FLAWS: dict[str, tuple[Plant, tuple[str, ...]]] = {
    "stem cut off": (_cut, ("unfinished_stem", "cut_word", "loose_end")),
    "formula lost": (_lose_formula, ("lost_formula", "unbalanced_latex", "unfinished_stem")),
    "options of another question": (_swap_options, ("answer_type", "mixed_language")),
    "two options equal in meaning by spelling": (_same_meaning, ("near_equal_options",)),
    "an option glued to the stem": (_glue_to_stem, ("glued_stem", "answer_in_stem")),
    "options in the other language": (_mix, ("mixed_language",)),
    "key made the longest": (_lengthen, ("longest_option_cue",)),
    "picture referred to": (_picture, ("missing_picture",)),
    "passage referred to": (_passage, ("missing_reference",)),
    "mojibake": (_mojibake, ("mojibake", "noise")),
    "LaTeX unbalanced": (_unbalance, ("unbalanced_latex",)),
    "chat token": (_chat, ("chat_tokens",)),
    "explanation contradicting the key": (_contradict, ("contradicted_key",)),
    "two options glued": (_glue_options, ("glued_options",)),
    "key marked in its option": (_leak_mark, ("leaked_key",)),
    "key's letter in the stem": (_leak_letter, ("leaked_letter",)),
    "option cut off": (_cut_option, ("unfinished_option",)),
    "stem repeated in an option": (_repeat_stem, ("stem_in_option",)),
    "options are bare letters": (_letters_only, ("single_letter_options",)),
    "stem in a third language": (_translate, ("third_language", "mixed_language")),
    "personal data": (_personal, ("personal_data",)),
}
PLANTED = 400


def planted(rows: list[RowDict], rng: random.Random) -> None:
    """Prints recall of each planted flaw by source, and the false alarms of the same signals on the questions as they were."""
    sources = {source: [row for row in rows if row["source"] == source] for source in sorted({row["source"] for row in rows})}
    clean = {source: [flags(row) for row in rng.sample(mine, min(5 * PLANTED, len(mine)))] for source, mine in sources.items()}
    print(
        f"Planted flaws, in up to {PLANTED} questions of each source that can have them; recall (false alarms of the same signals, questions as they were).\n"
    )
    print(f"| flaw | signals | {' | '.join(sources)} |\n|---|---|{'---|' * len(sources)}")
    for name, (plant, signals) in FLAWS.items():
        cells = []
        for source, mine in sources.items():
            others = mine
            if plant is _mix:
                others = [row for row in rows if row["language"] != mine[0]["language"]]
            broken: list[RowDict] = []
            for row in rng.sample(mine, len(mine)):
                if len(broken) < PLANTED and (found := plant(row, rng, rng.choice(others))) is not None:
                    broken.append(found)
            if len(broken) < 20:
                cells.append(f"only {len(broken)} fit")
                continue
            recall = sum(not flags(row).isdisjoint(signals) for row in broken) / len(broken)
            alarms = sum(not found.isdisjoint(signals) for found in clean[source]) / len(clean[source])
            cells.append(f"{recall:.0%} of {len(broken)} ({alarms:.1%})")
        print(f"| {name} | {', '.join(signals)} | {' | '.join(cells)} |")
    print()


def flags(row: RowDict) -> set[str]:
    """Names of the signals that fire on one question."""
    found = measure(row)
    return {s.name for s in SIGNALS if (value := found[s.name]) is not None and value >= s.threshold}


def print_caught(rows: list[RowDict], count: int) -> None:
    """Prints for each flag the locators of up to `count` questions, a third of each source at first."""
    found: dict[str, list[RowDict]] = {signal.name: [] for signal in SIGNALS if signal.penalty}
    for row in rows:
        for name in flags(row) & found.keys():
            found[name].append(row)
    for name, mine in found.items():
        rng = random.Random(name)
        chosen: list[RowDict] = []
        for source in ("mmlu_redux", "vnhsge", "opentriviaqa"):
            of_source = [row for row in mine if row["source"] == source]
            chosen += rng.sample(of_source, min(7, len(of_source)))
        rest = [row for row in mine if row not in chosen]
        if len(chosen) < count:
            chosen += rng.sample(rest, min(count - len(chosen), len(rest)))
        print(f"- `{name}`, {len(mine)}: {', '.join(row['locator'] for row in chosen[:count])}")


def removed(rows: list[RowDict], scores: dict[str, float], threshold: float) -> None:
    """Prints how many questions of each source lie under the default threshold."""
    print(f"| source | questions | score under {threshold:g} | score 1 - 0.02 and more |\n|---|---|---|---|")
    for source in sorted({row["source"] for row in rows}):
        mine = [scores[row["record_id"]] for row in rows if row["source"] == source]
        low = sum(score < threshold for score in mine)
        print(f"| {source} | {len(mine):,} | {low} ({low / len(mine):.2%}) | {sum(score >= 0.98 for score in mine) / len(mine):.0%} |")


def main() -> None:
    """Parses the command line and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--resamples", type=int, default=300)
    parser.add_argument("--caught", type=int, default=0, metavar="N", help="print the places of N questions that each flag caught")
    measure_all(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
