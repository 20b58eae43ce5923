"""The model card: what an adapter, or a model merged from it, was made of, what it was shown to do, and what nobody knows of it."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipeline.common.escapes import markdown
from pipeline.common.files import write_atomically
from pipeline.common.store.lake import Lake, Version
from pipeline.common.store.runs import comparisons, finished_evaluations
from pipeline.export.card import NO_LICENCE, table
from pipeline.handover.job import MERGE, Adapter
from schemas.errors import DataError
from schemas.reasons import REASON_TEXT, SPLITS, Disposition, Reason
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow

CARD = "README.md"
# What the hub calls the model that the demo takes out of a package.
HUB_NAMES = {"smollm2-135m": "HuggingFaceTB/SmolLM2-135M-Instruct"}


class Data(NamedTuple):
    """The dataset version that an adapter was trained on: itself, and its ledger's rows."""

    version: Version
    rows: list[dict[str, Any]]


def write_card(adapter: Adapter, data_root: Path, merged: Path | None = None) -> Path:
    """Writes the card beside an adapter, or into the folder of a model merged from it, which holds `merge.json`; returns the file.

    Funnel and licences come from the published version below `data_root`; where it isn't there the card says so.
    """
    facts: dict[str, Any] | None = json.loads((merged / MERGE).read_text(encoding="utf-8")) if merged else None
    target = (merged or adapter.folder) / CARD
    write_atomically(target, card(adapter, _data(adapter, data_root), facts))
    return target


def _data(adapter: Adapter, data_root: Path) -> Data | None:
    try:
        lake = Lake(data_root, adapter.config["dataset"])
        version = lake.pinned(adapter.manifest["dataset_version"])
        return Data(version, to_rows(lake.read_table("sample_ledger", version.tables["sample_ledger"], LedgerRow), LedgerRow))
    except DataError:
        return None


def card(adapter: Adapter, data: Data | None, merged: Mapping[str, Any] | None = None) -> str:
    """The text of the card."""
    manifest = adapter.manifest
    name = f"{adapter.config['dataset']} {adapter.folder.name}"
    title = f"# {name}, merged into its base model" if merged else f"# {name}"
    parts = [f"---\n{yaml.safe_dump(_head(adapter, data, merged), sort_keys=False, allow_unicode=True)}---\n\n{title}", _summary(adapter)]
    parts += [f"## Merged\n\n{_merged(merged)}"] if merged else []
    parts += [f"## Use\n\n{_use(adapter, merged)}", f"## Data\n\n{_told_data(adapter, data)}"]
    parts += [
        f"## Training\n\n{_training(manifest)}",
        f"## Results\n\n{_results(adapter.folder)}",
        f"## Limits\n\n{_limits(adapter, data)}",
    ]
    versions = ", ".join(f"{package} {version}" for package, version in manifest["packages"].items() if version)
    parts.append(f"## Made with\n\n{markdown(versions)}\n")
    return "\n\n".join(parts)


def _head(adapter: Adapter, data: Data | None, merged: Mapping[str, Any] | None) -> dict[str, Any]:
    manifest, method = adapter.manifest, adapter.manifest["method"]
    whole = merged or method == "full"
    hub = HUB_NAMES.get(manifest["base_model"], manifest["base_model"])
    licences = {licence for _, licence, _ in _sources(adapter, data)}
    head = {
        "base_model": hub if hub.count("/") == 1 and not hub.startswith((".", "/", "~")) else None,
        "base_model_relation": "finetune" if whole else "adapter",
        "library_name": "transformers" if whole else "peft",
        "pipeline_tag": "text-generation",
        "language": sorted({row["language"] for row in data.rows if row["split"] == "train"}) if data else None,
        # Of base model and data; the hub's field holds one, and this is both.
        "license": "other",
        "license_name": f"base-model-and-{_slug(licences.pop())}" if len(licences) == 1 and "" not in licences else "see-below",
        "datasets": [adapter.config["dataset"]],
        "tags": ["multiple-choice", "question-answering", method, *([] if whole else ["lora"])],
        "dataset_version": manifest["dataset_version"],
    }
    return {key: value for key, value in head.items() if value is not None}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")


def _sources(adapter: Adapter, data: Data | None) -> list[tuple[str, str, Counter[str]]]:
    """Name, licence and records by disposition of each source that is trained on."""
    counts: dict[str, Counter[str]] = {}
    for row in data.rows if data else ():
        counts.setdefault(row["source"], Counter())[row["disposition"]] += 1
    trained = [source for source in adapter.config["sources"] if source["role"] == "train"]
    found = [(source["name"], source["licence"], counts.get(source["name"], Counter())) for source in trained]
    return [one for one in found if data is None or any(one[2][str(split)] for split in SPLITS)]


def _summary(adapter: Adapter) -> str:
    manifest, trained = adapter.manifest, adapter.manifest["samples"]["trained"]
    return (
        f"{markdown(manifest['base_model'])} (revision `{manifest['base_revision']}`), fine-tuned with {manifest['method']} on "
        f"{trained:,} multiple-choice questions of dataset `{adapter.config['dataset']}`, version `{manifest['dataset_version']}`. It "
        "chooses among given options; what it says to anything else was not looked at."
    )


def _merged(merged: Mapping[str, Any]) -> str:
    check = merged["check"]
    onto = {"trained": " rounded to NF4, as the adapter was trained on it,", "original": " as its publisher gives it,"}.get(
        merged["onto"], ""
    )
    return (
        f"Adapter `{merged['adapter']}` added to the base model{onto} and saved in {merged['dtype']}. Loaded from these files it was asked "
        f"{check['questions']:,} validation and test questions beside what was trained: {check['agreed']:,} choices agree "
        f"({check['agreement']:.2%}; at least {check['asked_for']:.2%} asked for), log-likelihoods differ by up to "
        f"{check['largest_difference_nats']:.4f} nats. The results below are those of the adapter."
    )


def _use(adapter: Adapter, merged: Mapping[str, Any] | None) -> str:
    config, method = adapter.config, adapter.manifest["method"]
    base = HUB_NAMES.get(adapter.manifest["base_model"], adapter.manifest["base_model"])
    lines = ["from transformers import AutoModelForCausalLM, AutoTokenizer", ""]
    if merged:
        lines += ['tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")', 'model = AutoModelForCausalLM.from_pretrained("THIS_FOLDER")']
    elif method == "full":
        lines += [f"tokenizer = AutoTokenizer.from_pretrained({base!r})", 'model = AutoModelForCausalLM.from_pretrained("THIS_FOLDER")']
    else:
        lines[0] = "from peft import PeftModel\n" + lines[0]
        quantised = ", quantization_config=nf4" if config["train"]["method"] in ("qlora", "dora") else ""
        if quantised:
            lines[0] = lines[0].replace("AutoTokenizer", "AutoTokenizer, BitsAndBytesConfig")
            lines.append('nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)')
        lines += [
            f"tokenizer = AutoTokenizer.from_pretrained({base!r})",
            f"model = AutoModelForCausalLM.from_pretrained({base!r}{quantised})",
            'model = PeftModel.from_pretrained(model, "THIS_FOLDER")',
        ]
    render = config["render"]
    style = (
        "lists the options and expects a letter" if render["style"] == "letter" else "shows the question alone and expects an option's text"
    )
    snippet = "```python\n" + "\n".join(lines) + "\n```"
    return (
        f"{snippet}\n\nThe prompt is the base model's own chat template; it {style}. System prompt: "
        f"{markdown(repr(render['system_prompt'])) if render['system_prompt'] else 'none'}. "
        f"`mcq predict{'` asks the adapter' if merged else ' --adapter THIS_FOLDER FILE` asks'} in exactly the way that was trained and "
        "evaluated."
    )


def _told_data(adapter: Adapter, data: Data | None) -> str:
    manifest = adapter.manifest
    sources = _sources(adapter, data)
    parts = []
    if data is None:
        parts.append(
            f"Version `{manifest['dataset_version']}` is not at hand where this card was written, so its counts are missing here; "
            "`mcq card --adapter DIR --data-root DATA` where it is adds them."
        )
    else:
        counts = data.version.counts
        funnel = [["read", f"{sum(counts.values()):,}"], *([str(name), f"{counts.get(str(name), 0):,}"] for name in Disposition)]
        left_out = [[why, f"{count:,}"] for why, count in manifest["not_trained"].items()]
        trained = [["trained on", f"{manifest['samples']['trained']:,}"], *left_out]
        reasons = Counter(code for row in data.rows for code in row["reason_codes"])
        why = [[f"`{code}`", f"{count:,}", markdown(REASON_TEXT[Reason(code)])] for code, count in reasons.most_common()]
        parts += [
            f"Published {data.version.published_at} as `{data.version.name}`. Every record of the sources has one fate:",
            table(["records", "count"], funnel + trained),
            "Why records were left out:",
            table(["reason", "records", "what it means"], why),
        ]
    rows = [
        [name, *(f"{by[str(split)]:,}" if data else "" for split in SPLITS), markdown(licence) or NO_LICENCE]
        for name, licence, by in sources
    ]
    parts.append(table(["source", *map(str, SPLITS), "licence"], rows))
    parts.append(
        "Weights that were trained on these rows may be bound by their licences, and by that of the base model, which is not told here."
    )
    return "\n\n".join(parts)


def _training(manifest: Mapping[str, Any]) -> str:
    policy, train = manifest["policy"], manifest["config"]["train"]
    scaled = "every weight"
    if policy:
        scaled = f"`{policy['name']}`: rank {policy['rank']}, alpha {policy['alpha']:g}{', rsLoRA' if policy['use_rslora'] else ''}"
    facts = [
        ["method", f"{manifest['method']}, {manifest['trainable_parameters']:,} trained parameters"],
        ["policy of alpha", scaled],
        [
            "learning rate, batch, epochs",
            f"{train['learning_rate']:g}, {train['batch_size']} x {train['gradient_accumulation']}, {train['epochs']:g}",
        ],
        ["kept", markdown(manifest["kept_because"])],
        ["steps, time", f"{manifest['steps']:,}, {manifest['wall_seconds']:,.0f} s"],
        ["computed on", f"{markdown(manifest['device'])}, {manifest['compute_dtype']}"],
    ]
    warnings = "".join(f"\n- {markdown(note)}" for note in manifest["warnings"])
    shown = json.dumps({block: manifest["config"][block] for block in ("render", "train", "evaluate")}, ensure_ascii=False, indent=1)
    return (
        table(["", ""], facts)
        + (f"\n\nWarned of:\n{warnings}" if warnings else "")
        + f"\n\n<details><summary>Configuration</summary>\n\n```json\n{shown}\n```\n\n</details>"
    )


def _results(folder: Path) -> str:
    evaluations = sorted(finished_evaluations(folder), key=lambda one: (one[0] / "result.json").stat().st_mtime)
    if not evaluations:
        return "Not evaluated: nobody knows whether training helped."
    result = evaluations[-1][1]
    compared = [[markdown(name), *_measures(mode)] for name, mode in comparisons(result).items()]
    compared += [[f"{mode}, benchmark", *_measures(found)] for mode, found in result["benchmark"].items()]
    head = ["questions", "n", "groups", "base", "adapter", "difference", "95% interval", "p over groups"]
    primary = result["modes"][result["primary"]]
    sources = [_by_source(row) for row in primary["by_source"]]
    # Evaluations from before say neither.
    beside = [
        f"\n- The {'base model' if name == 'base' else name} {primary[name][part]['said']}."
        for part in ("position_bias", "calibration")
        for name in ("base", "adapter")
        if part in primary[name]
    ]
    return "\n\n".join(
        [
            f"**{markdown(result['verdict'])}**",
            f"Base model and adapter on the same {result['split']} questions of version `{result['dataset_version']}`, none of a "
            f"group that was trained on; the verdict is given on {result['primary']} mode. Evaluation `{evaluations[-1][0].name}`.",
            table(head, compared),
            f"By source ({result['primary']}; p adjusted for so many sources, Holm):\n\n"
            + table(["source", "n", "groups", "base", "adapter", "difference", "95% interval", "adjusted p"], sources),
            *(["".join(["Answers by letter and how sure they are:\n", *beside])] if beside else []),
        ]
    )


def _by_source(cell: Mapping[str, Any]) -> Sequence[str]:
    if "groups" not in cell:  # evaluations from before
        return [markdown(cell["source"]), f"{cell['n']:,}", "", _percent(cell["base"]), _percent(cell["adapter"]), "", "", ""]
    _, _, base, adapter, delta, limits, p = _measures(
        {**cell, "base": {"accuracy": cell["base"]}, "adapter": {"accuracy": cell["adapter"]}, "p_value": cell["p_holm"]}
    )
    return [markdown(cell["source"]), f"{cell['n']:,}", f"{cell['groups']:,}", base, adapter, delta or cell["undefined_because"], limits, p]


def _measures(mode: Mapping[str, Any]) -> Sequence[str]:
    interval = "{:+.1f} to {:+.1f} points".format(*(100 * end for end in mode["delta_interval"])) if mode["delta_interval"] else ""
    p = "" if mode["p_value"] is None else f"{mode['p_value']:.2g}"
    delta = "" if mode["delta"] is None else f"{100 * mode['delta']:+.1f} points"
    return [
        f"{mode['n']:,}",
        f"{mode['groups']:,}",
        *(_percent(mode[name]["accuracy"]) for name in ("base", "adapter")),
        delta,
        interval,
        p,
    ]


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _limits(adapter: Adapter, data: Data | None) -> str:
    manifest = adapter.manifest
    spoken = Counter(row["language"] for row in data.rows if row["split"] == "train") if data else Counter()
    told = ", ".join(f"{count:,} {name}" for name, count in spoken.most_common())
    return (
        f"- Trained on {manifest['samples']['trained']:,} questions: it has learnt these sources' ways of asking, and nothing promises "
        f"that others are answered as well.{f' By language: {told}.' if told else ''}\n"
        "- The verdict speaks of held-out questions of the same sources, by scoring given options; not of free answers, of other subjects, "
        "or of what was forgotten. A difference that was not shown is not shown to be absent.\n"
        "- Keys are those of the sources; where two contradicted each other both were held back, and a wrong key that nothing contradicts "
        "is in training and test alike.\n"
        "- A probability is the model's own share among the given options. Nobody has calibrated it.\n"
        f"- Questions over {manifest['config']['render']['max_seq_tokens']:,} tokens were neither trained on nor evaluated; nor were those "
        "that need a picture."
    )
