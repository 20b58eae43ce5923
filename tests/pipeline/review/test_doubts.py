import json

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.files import write_parquet
from pipeline.common.model.likelihood import option_probabilities
from pipeline.common.store.evidence import SUMMARY, TABLE
from pipeline.common.store.run_files import MANIFEST, PREDICTIONS, RESULT
from pipeline.review.doubts import SURE, SUSPECTED, find_doubts
from schemas.tables.arrow import arrow_schema
from schemas.tables.bounds import checked_rows
from schemas.tables.evaluation import Prediction
from schemas.tables.evidence import KeyEvidence


def evaluation(folder, answers):
    """An adapter with one evaluation: (record, model, predicted, summed log-likelihoods); options are compared by other scores."""
    place = folder / "adapter1" / "evaluations" / "e1"
    place.mkdir(parents=True)
    (folder / "adapter1" / MANIFEST).write_text(json.dumps({"dataset_version": "a" * 12}))
    (place / RESULT).write_text(json.dumps({"verdict": "better"}))
    base = {"mode": "letter", "split": "test", "split_group": "0" * 16, "source": "school", "language": "vi", "gold_nll": 1.0}
    rows = [
        {**base, "record_id": record, "model": model, "answer_index": 0, "predicted_index": predicted, "correct": predicted == 0}
        | {"option_scores": [float(place == predicted) for place in range(len(sums or [0] * 4))], "option_log_likelihoods": sums}
        for record, model, predicted, sums in answers
    ]
    schema = arrow_schema(Prediction)
    pq.write_table(pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row} for row in rows], schema=schema), place / PREDICTIONS)
    return [folder / "adapter1"]


def test_a_kept_question_whose_explanation_names_another_letter(publish, helpers):
    rows = [helpers.ledger_row(1, flags=["noise", "contradicted_key"]), helpers.ledger_row(2, "filtered", flags=["contradicted_key"])]
    version = publish(rows, flags={helpers.record_id(1): ["noise, 0.3", "it names C"]})
    ((name, (doubt,)),) = find_doubts(version, []).items()
    assert (name, doubt.says) == (helpers.record_id(1), "it names C")


def test_a_variant_with_another_key_among_the_same_options(publish, helpers):
    rows = [helpers.ledger_row(1), helpers.ledger_row(2, answer_index=1), helpers.ledger_row(3, options=["Rome", "Bonn"])]
    pairs = [(helpers.record_id(a), helpers.record_id(b), "variant") for a, b in ((1, 2), (1, 3))]
    found = find_doubts(publish(rows, pairs), [])
    assert set(found) == {helpers.record_id(1), helpers.record_id(2)}
    assert found[helpers.record_id(1)][0].says == "school.csv#row:2 asks the same (variant) and its key is 'Paris', here 'Hà Nội'"
    assert found[helpers.record_id(1)][0].other.record_id == helpers.record_id(2)


def test_base_and_adapter_must_both_be_sure_of_the_same_wrong_option(publish, helpers, tmp_path):
    sure, unsure = [0.0, 5.0, 0.0, 0.0], [1.0, 1.1, 1.0, 1.0]
    assert option_probabilities(sure)[1] > SURE > option_probabilities(unsure)[1]
    names = [helpers.record_id(n) for n in range(1, 6)]
    answers = [
        (names[0], "base", 1, sure),
        (names[0], "adapter", 1, sure),
        (names[1], "base", 1, sure),
        (names[1], "adapter", 1, unsure),
        (names[2], "base", 1, sure),
        (names[2], "adapter", 2, [0.0, 0.0, 5.0, 0.0]),
        (names[3], "base", 1, sure),
        (names[3], "adapter", 0, [5.0, 0.0, 0.0, 0.0]),
        # Its options were edited since: nobody can say what was answered.
        (names[4], "base", 1, sure[:3]),
        (names[4], "adapter", 1, sure[:3]),
    ]
    version = publish([helpers.ledger_row(n, "test") for n in range(1, 6)])
    ((name, (doubt,)),) = find_doubts(version, evaluation(tmp_path, answers)).items()
    assert name == names[0]
    assert doubt.says == "the base model and adapter adapter1 both answer B. 'Paris' (98% and 98%), the key is A. 'Hà Nội' (letter)"


def test_sure_is_the_models_own_probability_and_not_the_score_that_options_are_chosen_by(publish, helpers, tmp_path):
    # Chosen per byte is B in all three; as a text D is likelier in the second, and of the third no sums are known.
    names = [helpers.record_id(n) for n in range(1, 4)]
    ours, likelier = [-20.0, -10.0, -20.0, -10.1], [-20.0, -10.1, -20.0, -10.0]
    assert option_probabilities(ours)[1] > SURE > option_probabilities(likelier)[1]
    answers = [(name, model, 1, sums) for name, sums in zip(names, (ours, likelier, None), strict=True) for model in ("base", "adapter")]
    adapters = evaluation(tmp_path, answers)
    version = publish([helpers.ledger_row(n, "test") for n in range(1, 4)])
    ((name, (doubt,)),) = find_doubts(version, adapters).items()
    assert (name, doubt.weight) == (names[0], 1 + option_probabilities(ours)[1])
    assert "(52% and 52%)" in doubt.says
    # As evaluations were before: the column isn't there at all.
    file = adapters[0] / "evaluations" / "e1" / PREDICTIONS
    pq.write_table(pq.read_table(file).drop_columns(["option_log_likelihoods"]), file)
    assert find_doubts(version, adapters) == {}


def test_answers_that_can_not_be_read_say_nothing(publish, helpers, tmp_path):
    adapters = evaluation(tmp_path, [])
    (adapters[0] / "evaluations" / "e1" / PREDICTIONS).write_bytes(b"damaged")
    assert find_doubts(publish([helpers.ledger_row(1, "test")]), adapters) == {}


def suspected(helpers, number, **more):
    """A row of key_evidence about the first of four options."""
    name = {
        "record_id": helpers.record_id(number),
        "content_id": helpers.record_id(number + 1000),
        "split_group": helpers.record_id(number),
    }
    said = {"adapter_gold_probability": 0.1, "adapter_chosen": 1, "adapter_chosen_probability": 0.8, "base_gold_probability": 0.4}
    said |= {
        "base_chosen": 0,
        "base_chosen_probability": 0.4,
        "agree_against_key": False,
        "self_confidence": 0.1,
        "confidently_other": False,
    }
    cells = {"source": "school", "split": "train", "answer_index": 0, "status": "scored", "asked_times": 1, "suspected_wrong_key": number}
    return name | said | cells | {"wrong_share": SUSPECTED} | more


def test_a_key_that_models_trained_without_it_do_not_believe(publish, helpers, tmp_path):
    rows = [
        suspected(helpers, 1),
        suspected(helpers, 2, wrong_share=SUSPECTED - 0.01),
        suspected(helpers, 3, wrong_share=0.1, confidently_other=True),
        suspected(helpers, 4, content_id="f" * 16),  # edited since
        suspected(helpers, 5, wrong_share=None, confidently_other=True),  # the models see nothing
    ]
    write_parquet(tmp_path / TABLE, checked_rows(rows, KeyEvidence))
    (tmp_path / SUMMARY).write_text('{"scored": 5}')
    found = find_doubts(publish([helpers.ledger_row(n) for n in range(1, 6)]), [], [tmp_path])
    assert set(found) == {helpers.record_id(1), helpers.record_id(3)}
    ((doubt,), (other,)) = found[helpers.record_id(1)], found[helpers.record_id(3)]
    assert doubt.says == (
        "suspected_wrong_key 1 of 5: models trained without it choose B. 'Paris' (80%, the key 10%); the base model the key (40%); "
        "of such questions 25% have a wrong key"
    )
    assert doubt.weight > other.weight
    (tmp_path / TABLE).write_bytes(b"")
    assert find_doubts(publish([helpers.ledger_row(1)]), [], [tmp_path]) == {}
