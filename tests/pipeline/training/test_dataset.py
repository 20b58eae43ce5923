"""What training reads: samples whose labels are the completion alone, in batches that depend on seed and epoch."""

import pyarrow.parquet as pq
import pytest

from pipeline.common.model import base_model
from pipeline.common.model.chat import ChatFormat
from pipeline.training.dataset import IGNORED, LengthBatches, Sample, check_labels, encode
from schemas.config.train import TrainConfig
from schemas.errors import TrainingError


def test_batches_hold_every_sample_once_and_depend_on_seed_and_epoch_alone():
    batches = LengthBatches([i % 17 + 3 for i in range(70)], 4, seed=7)
    first = list(batches)
    assert sorted(i for batch in first for i in batch) == list(range(70))
    assert list(batches) == first
    batches.epoch = 1
    assert list(batches) != first


def test_labels_that_decode_to_something_else_are_refused(models):
    chat = ChatFormat(base_model.load_tokenizer(TrainConfig(), models))
    good = Sample(0, "r", chat.encode("Q"), chat.encode("yes<|im_end|>"))
    check_labels(good, "yes<|im_end|>", chat)
    for bad in (Sample(0, "r", chat.encode("Q"), chat.encode("no<|im_end|>")), Sample(0, "r", chat.encode("Q"), [])):
        with pytest.raises(TrainingError, match="the labels decode to"):
            check_labels(bad, "yes<|im_end|>", chat)


def test_encoded_samples_label_the_completion_alone(make_job):
    job = make_job()
    chat = ChatFormat(base_model.load_tokenizer(job.train, job.models))
    rows = pq.read_table(job.examples).to_pylist()
    samples = encode(rows, chat, "train")
    assert len(samples) == 16
    for sample in samples:
        labelled = [label for label in sample.labels if label != IGNORED]
        assert chat.tokenizer.decode(labelled) == rows[sample.index]["completion"]
        assert len(sample.labels) == len(sample)
