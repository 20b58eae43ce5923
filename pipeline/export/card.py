"""The card of a dataset for the hub."""

from collections import Counter
from collections.abc import Sequence

import yaml

from pipeline.common.escapes import markdown
from pipeline.export.rows import Export
from schemas.reasons import SPLITS, Disposition


def card(given: Export) -> str:
    """The dataset card: YAML head for the hub's tools, then funnel, licences and known limits."""
    rows, version = given.rows, given.version
    licences = {source.name: source.licence for source in given.config.sources}
    used = {licences.get(row["source"], "") for row in rows}
    size = next(name for limit, name in SIZES if len(rows) < limit)
    head = {
        "pretty_name": version.dataset,
        "language": sorted({row["language"] for row in rows}),
        "license": next(iter(used)).lower() if len(used) == 1 and used != {""} else "other",
        "task_categories": ["multiple-choice", "question-answering"],
        "size_categories": [size],
        "configs": [
            {"config_name": "default", "data_files": [{"split": name, "path": f"data/{name}.parquet"} for name in given.parts]},
        ],
        "dataset_version": version.dataset_version,
    }
    funnel = [[str(name), f"{version.counts.get(str(name), 0):,}"] for name in Disposition]
    by_source = Counter((row["source"], row["split"]) for row in rows)
    sources = [
        [name, *(f"{by_source[name, str(split)]:,}" for split in SPLITS), markdown(licence) or NO_LICENCE]
        for name, licence in licences.items()
        if any(by_source[name, str(split)] for split in SPLITS)
    ]
    fixed, explained = (sum(bool(row[key]) for row in rows) for key in ("fixed_order", "explanation"))
    return "\n\n".join(
        [
            f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n# {version.dataset}",
            f"Multiple-choice questions, dataset version `{version.dataset_version}` (`{version.name}`), published {version.published_at}. "
            "`options` stand in file order, `answer_index` counts from 0, `answer` is its letter and `answer_text` its option. Rows of one "
            "`split_group` belong together (duplicates, variants, one passage) and never stand in two splits. `record_id` leads back to "
            "the raw record: `mcq trace RECORD_ID`.",
            "## Funnel\n\n" + table(["disposition", "records"], funnel),
            "## Licences by source\n\n" + table(["source", *map(str, SPLITS), "licence"], sources),
            "## Known limits\n\n"
            "- Keys are those of the sources. Where two records contradicted each other both were held back "
            f"({version.counts.get('conflict', 0):,} records); a wrong key that nothing contradicts is still here.\n"
            f'- {fixed:,} questions have `fixed_order`: an option refers to others ("all of the above"), so don\'t shuffle their options.\n'
            f"- {explained:,} of {len(rows):,} rows have an explanation, as found in the source, unchecked.\n"
            "- Questions that need a picture were left out, so subjects that rest on pictures are thinner here than in their sources.\n"
            "- Texts are repaired (encoding, HTML, numbering, option marks) and otherwise as found, spelling included.\n",
        ]
    )


NO_LICENCE = "not stated: clear it before you pass rows on"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (float("inf"), "n>1M"))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [columns, ["---"] * len(columns), *rows])
