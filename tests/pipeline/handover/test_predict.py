"""Answers to a file: evaluation's own scores, whole after any interruption, nothing dropped."""

import json

import pyarrow.parquet as pq
import pytest

from pipeline.evaluation.run import evaluate
from pipeline.handover import predict as child
from pipeline.handover.asked_file import source_of
from pipeline.handover.job import open_adapter
from pipeline.handover.prediction import Prediction
from schemas.errors import DataError


def evaluated(adapter, output, mode="cloze"):
    evaluate(adapter.evaluation(output))
    rows = pq.read_table(output / "predictions.parquet").to_pylist()
    return [row for row in rows if (row["model"], row["mode"]) == ("adapter", mode)]


def same_answers(rows, predictions):
    assert [list(row["log_likelihoods"].values()) for row in rows] == [row["option_log_likelihoods"] for row in predictions]
    assert [list(row["scores"].values()) for row in rows] == [row["option_scores"] for row in predictions]
    assert ["ABC".index(row["chosen"]) for row in rows] == [row["predicted_index"] for row in predictions]
    assert [row["right"] for row in rows] == [row["correct"] for row in predictions]
    return True


@pytest.mark.parametrize("method", ["qlora", "dora", "lora", "full"])
def test_scores_are_evaluations_to_the_last_digit(method, trained, asked, predicted, tmp_path):
    adapter = trained(method)
    rows = predicted(adapter, asked([row for row in adapter.rows if row["split"] == "test"]))
    assert same_answers(rows, evaluated(adapter, tmp_path / "evaluation"))
    assert len({json.dumps(row["log_likelihoods"]) for row in rows}) == 31


def test_of_other_questions_among_them_those_that_were_evaluated_keep_their_scores(trained, asked, predicted, tmp_path):
    adapter = trained()
    before = evaluated(adapter, tmp_path / "evaluation", "letter")
    test = [row for row in adapter.rows if row["split"] == "test"]
    rows = predicted(adapter, asked([test[5], *adapter.rows[:7], test[20]]), models=adapter.root / "models", mode="letter")
    assert same_answers([rows[0], rows[-1]], [before[5], before[20]])
    assert all(row["chosen"] for row in rows)


def test_probabilities_are_the_models_own_and_sum_to_one(trained, asked, predicted):
    adapter = trained()
    for row in predicted(adapter, asked(adapter.rows[:5])):
        assert sum(row["probabilities"].values()) == pytest.approx(1)
        assert max(row["probabilities"], key=row["probabilities"].get) == max(row["log_likelihoods"], key=row["log_likelihoods"].get)
        assert row["chosen"] == max(row["scores"], key=row["scores"].get)


def test_an_interrupted_prediction_goes_on_to_the_same_answers(trained, asked, predicted, monkeypatch, tmp_path):
    adapter = trained()
    file = asked(adapter.rows)
    whole = predicted(adapter, file, out="whole.jsonl")
    told, tell = [], child.tell

    def stop_early(**line):
        told.append(line)
        if line.get("done", 0) >= 10:
            raise KeyboardInterrupt
        tell(**line)

    with monkeypatch.context() as patch:
        patch.setattr(child, "tell", stop_early)
        with pytest.raises(KeyboardInterrupt):
            predicted(adapter, file)
    assert not (tmp_path / "out.jsonl").exists()
    left = []
    assert predicted(adapter, file, before=lambda working: left.append(working.count("asked and answer is null"))) == whole
    assert 0 < left[0] == 40 - told[-1]["done"] < 40, "what was answered is not asked again"
    assert not (tmp_path / "out.jsonl.part").exists()


def test_the_same_again_does_nothing_and_another_run_is_refused(trained, asked, predicted, tmp_path):
    adapter = trained()
    file = asked(adapter.rows[:2])
    predicted(adapter, file)
    written = (tmp_path / "out.jsonl").read_bytes()
    assert predicted(adapter, file) is None
    with pytest.raises(DataError, match="exists and holds no answers of this file, adapter and settings"):
        predicted(adapter, file, mode="letter")
    assert (tmp_path / "out.jsonl").read_bytes() == written
    with pytest.raises(KeyboardInterrupt):
        predicted(adapter, file, out="other.jsonl", before=lambda _: raise_interrupt())
    with pytest.raises(DataError, match="unfinished prediction of another file, adapter or settings"):
        predicted(adapter, file, out="other.jsonl", mode="letter")


def raise_interrupt():
    raise KeyboardInterrupt


def test_what_the_adapter_cannot_be_asked_stands_in_its_place_with_the_reason(trained, asked, predicted):
    adapter = trained()
    rows = [*adapter.rows[:2], adapter.rows[2] | {"stem": "Why" + " on earth" * 200 + "?"}, adapter.rows[3] | {"options": ["same", "same"]}]
    found = predicted(adapter, asked(rows))
    assert [row["reason_codes"] for row in found] == [[], [], ["too_long"], ["duplicate_options"]]
    assert found[2]["chosen"] is None
    assert "the adapter takes 128" in found[2]["detail"]


def test_a_file_without_a_question_is_refused_before_a_model_is_loaded(trained, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("name,class\nAnn,7\nBao,8\n", encoding="utf-8")
    found = open_adapter(trained().folder)
    this = Prediction(file, source_of(file), found, found.config, "cloze", tmp_path / "out.csv")
    with pytest.raises(DataError, match="no question that can be asked: unknown_layout 2"), this.open("told"):
        pass
    assert not this.folder.exists()


def test_two_predictions_do_not_write_one_file(trained, asked, tmp_path):
    file = asked(trained().rows[:2])
    found = open_adapter(trained().folder)
    one, other = (Prediction(file, source_of(file), found, found.config, "cloze", tmp_path / "out.csv") for _ in range(2))
    with one.open("told"), pytest.raises(DataError, match="another `mcq predict` writes"), other.open("told"):
        pass


def test_an_adapter_that_is_none_unfinished_or_damaged_is_told_apart(trained, tmp_path):
    import shutil

    with pytest.raises(DataError, match="is no folder"):
        open_adapter(tmp_path / "nowhere")
    with pytest.raises(DataError, match="name one that has a manifest"):
        open_adapter(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(trained().folder, copy)
    (copy / "adapter_model.safetensors").write_bytes(b"other")
    with pytest.raises(DataError, match="damaged"):
        open_adapter(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(DataError, match="run the same `mcq run` again"):
        open_adapter(copy)
