"""Model cards: true of the data, the training and the results, and readable by the hub's tools."""

import json

import pytest
import yaml

from pipeline.common.store.lake import Version
from pipeline.handover.card import Data, card, write_card
from pipeline.handover.job import open_adapter
from schemas.tables.arrow import to_rows
from schemas.tables.curation import LedgerRow


def head_of(text):
    return yaml.safe_load(text.split("---\n")[1])


@pytest.fixture
def data(curated):
    rows = to_rows(curated["sample_ledger"], LedgerRow)
    counts = {"rejected": 1, "duplicate": 1, "train": 6, "validation": 1, "test": 1}
    return Data(Version("d", "0123456789ab", {}, counts, {}, "run", "2026-01-01"), [row | {"source": "s"} for row in rows])


def test_a_card_tells_the_data_its_fate_and_its_licences(trained, data):
    text = card(open_adapter(trained().folder), data)
    head = head_of(text)
    assert (head["library_name"], head["base_model_relation"], head["language"]) == ("peft", "adapter", ["en"])
    assert (head["datasets"], head["dataset_version"], head["license"]) == (["d"], "0123456789ab", "other")
    assert "base_model" not in head, "a folder of this machine is no name on a hub"
    assert "| read | 10 |" in text
    assert "| `duplicate_exact` | 1 |" in text
    assert "| `empty_stem` | 1 |" in text
    assert "| trained on | 6 |" in text
    assert "| CC0-1.0 |" in text
    assert "rank 4, alpha 8" in text
    assert "PeftModel.from_pretrained" in text
    assert "nf4" in text


def test_results_are_there_once_it_was_evaluated_and_not_before(trained, tmp_path):
    from pipeline.evaluation.run import evaluate

    adapter = trained("lora")
    assert "Not evaluated: nobody knows whether training helped." in card(open_adapter(adapter.folder), None)
    output = adapter.folder / "evaluations" / "one"
    evaluate(adapter.evaluation(output))
    result = json.loads((output / "result.json").read_text(encoding="utf-8"))
    file = write_card(open_adapter(adapter.folder), tmp_path)
    text = file.read_text(encoding="utf-8")
    assert file == adapter.folder / "README.md"
    assert result["verdict"].split(";")[0].split(" (")[0] in text
    assert "| cloze | 31 | 31 |" in text
    assert f"The adapter {result['modes'][result['primary']]['adapter']['position_bias']['said']}." in text
    assert "not at hand where this card was written" in text

    for mode in result["modes"].values():  # as evaluations wrote them before
        mode["by_source"] = [{name: cell[name] for name in ("source", "n", "base", "adapter")} for cell in mode["by_source"]]
        for name in ("base", "adapter"):
            del mode[name]["position_bias"], mode[name]["calibration"]
    (output / "result.json").write_text(json.dumps(result))
    before = card(open_adapter(adapter.folder), None)
    assert "Answers by letter" not in before
    assert "| source | n | groups |" in before


def test_a_full_fine_tuning_and_a_merged_model_are_whole_models(trained, tmp_path):
    assert head_of(card(open_adapter(trained("full").folder), None))["library_name"] == "transformers"
    check = {"questions": 34, "agreed": 34, "agreement": 1.0, "asked_for": 0.99, "largest_difference_nats": 0.01}
    (tmp_path / "merge.json").write_text(json.dumps({"adapter": "a", "onto": "trained", "dtype": "float16", "check": check}))
    text = write_card(open_adapter(trained().folder), tmp_path, tmp_path).read_text(encoding="utf-8")
    assert (head_of(text)["base_model_relation"], "lora" in head_of(text)["tags"]) == ("finetune", False)
    assert "34 choices agree (100.00%; at least 99.00% asked for)" in text
    assert "peft" not in text.split("## Data")[0]


def test_names_and_texts_of_people_are_text_in_a_card(trained, data):
    found = open_adapter(trained().folder)
    config = found.config | {"sources": [{**found.config["sources"][0], "licence": "free | <script> [x](y)"}]}
    text = card(found._replace(manifest=found.manifest | {"config": config}), data)
    assert "<script>" not in text
    assert "[x](y)" not in text
    assert head_of(text)["license_name"] == "base-model-and-free-script-x-y"
