"""Two tasks for lm-eval on the same rows."""

import re
from pathlib import Path

import yaml

from pipeline.common.letters import LETTERS
from pipeline.common.prompt import messages
from pipeline.export.rows import Export, write_jsonl


def write_lm_eval(folder: Path, given: Export) -> None:
    """Two tasks on the same rows: the options listed and a letter to say, or the question alone and the likeliest option's text.

    The question's own cells stand as they are; what a model reads is in the prompts and in `cloze_texts`.
    """
    keys = ("record_id", "context", "question", "options", "answer_index", "answer", "fixed_order", "subject", "language")
    for name, rows in given.parts.items():
        asked = [
            {
                **{key: row[key] for key in keys},
                "letters": list(LETTERS[: len(row["options"])]),
                "cloze_texts": given.said(row)["options"],
                **{f"{style}_prompt": messages(given.said(row), style, "")[-1]["content"] for style in ("letter", "cloze")},
            }
            for row in rows
        ]
        write_jsonl(folder / f"{name}.jsonl", asked)
    (folder / "rows.py").write_text(LM_EVAL_ROWS, encoding="utf-8")
    splits = {"training_split": "train", "validation_split": "validation", "test_split": "test", "fewshot_split": "train"}
    task = re.sub(r"\W", "_", f"mcq_{given.version.dataset}")
    for style, choices in (("letter", "{{letters}}"), ("cloze", "{{cloze_texts}}")):
        spec = {
            "task": f"{task}_{style}",
            "output_type": "multiple_choice",
            **{key: name for key, name in splits.items() if name in given.parts},
            "doc_to_text": f"{{{{{style}_prompt}}}}",
            "doc_to_choice": choices,
            "doc_to_target": "answer_index",
            "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in ("acc", "acc_norm")],
            "metadata": {"version": 1, "dataset_version": given.version.dataset_version},
        }
        text = f"# lm_eval --include_path THIS_FOLDER --tasks {spec['task']} ...\ncustom_dataset: !function rows.load\n"
        (folder / f"{spec['task']}.yaml").write_text(text + yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")


LM_EVAL_ROWS = '''"""The rows beside this file, wherever the folder lies: `custom_dataset` of lm-eval."""

from pathlib import Path

from datasets import load_dataset


def load(**_):
    here = Path(__file__).parent
    return load_dataset("json", data_files={path.stem: str(path) for path in sorted(here.glob("*.jsonl"))})
'''
