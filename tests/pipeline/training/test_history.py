"""Which epoch is kept, when a run ends, and why."""

import pytest

from pipeline.training.history import Epoch, History


def history(*losses, rows=2):
    """Two validation questions, one a little over each epoch's mean and one as much under it."""
    found = History(rows)
    found.losses = [[loss + 0.1 for loss in losses], [loss - 0.1 for loss in losses]]
    found.epochs = [Epoch(0, 0, None, 9.0), *(Epoch(i, 10 * i, 1.0, loss) for i, loss in enumerate(losses, 1))]
    return found


@pytest.mark.parametrize(("losses", "best"), [((3.0, 2.0, 2.5), 2), ((2.0, 2.0, 2.0), 1), ((3.0, 2.0, 1.0), 3), ((1.0,), 1)])
def test_the_lowest_validation_loss_is_best_and_of_equal_ones_the_earliest(losses, best):
    assert history(*losses).best().epoch == history(*losses).kept("best").epoch == best
    assert history(*losses).kept("last").epoch == len(losses)


def test_before_training_is_no_epoch_to_keep():
    found = history(5.0)
    found.epochs[0] = Epoch(0, 0, None, 1.0)
    assert found.best().epoch == 1


def test_patience_counts_epochs_behind_the_best():
    assert [history(*(3.0, 2.0, 2.5, 2.6)[:count]).is_exhausted(2) for count in (1, 2, 3, 4)] == [False, False, False, True]
    assert not history(1.0, 2.0, 3.0).is_exhausted(None)
    assert not History(0).is_exhausted(1)
    assert [history(3.0, 2.0, 2.5).is_over(planned, patience) for planned, patience in ((3, None), (4, None), (4, 1))] == [
        True,
        False,
        True,
    ]
    assert not History(0).is_over(1, 1)


def test_the_reason_tells_how_far_the_next_best_is_and_whether_that_is_noise():
    found = history(3.0, 2.0, 2.5)
    assert found.why_kept("best", [0, 1], 3) == (
        "epoch 2 of 3: its validation loss 2.0000 is the lowest; epoch 3 is 0.5000 behind, more than the noise of 2 questions"
    )
    found.losses = [[3.0, 1.0, 4.5], [3.0, 3.0, 0.5]]
    assert found.why_kept("best", [0, 1], 5).endswith(
        "is the lowest; training ended 2 epochs early; epoch 3 is 0.5000 behind, within the noise of 2 questions"
    )
    assert "as `train.keep` says" in found.why_kept("last", [0, 1], 3)
    found.epochs = [Epoch(0, 0), Epoch(1, 10, 1.0)]
    assert "no validation questions" in found.why_kept("best", [], 1)


def test_a_step_that_is_taken_again_leaves_no_loss_behind():
    found = History(3)
    found.saw([0, 1], [1.0, 2.0])
    noted = found.of([1, 2])
    found.saw([1, 2], [3.0, 4.0])
    found.put_back(noted)
    assert (found.losses, found.samples_seen) == ([[1.0], [2.0], []], 2)


def test_what_is_saved_comes_back(tmp_path):
    found = history(3.0, 2.0)
    found.saw([1, 0], [0.1 + 0.2, 1e-17])
    found.save(tmp_path / "history.json")
    again = History(0)
    again.load(tmp_path / "history.json")
    assert vars(again) == vars(found)
    assert again.train_loss([0, 1], 3) == pytest.approx(0.15)
    assert again.train_loss([0, 1], 4) is None
