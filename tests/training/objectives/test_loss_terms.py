"""What is logged beside a loss."""

import torch

from training.objectives.loss_terms import Loss, mean_scores, scores_around_zero

REAL, FAKE = torch.tensor([2.0, -1.0, 5.0]), torch.tensor([-3.0, 1.0])


def test_mean_scores_are_told_by_kind() -> None:
    """Real and fake ones, whatever their number."""
    assert {k: v.item() for k, v in mean_scores(REAL, FAKE).items()} == {
        "score_real": 2.0,
        "score_fake": -1.0,
    }


def test_where_zero_separates_the_sign_is_told_too() -> None:
    """Two of three real scores are above it, so its mean is a third."""
    numbers = scores_around_zero(REAL, FAKE)

    assert numbers["sign_real"].item() == torch.tensor(1 / 3).item()
    assert set(numbers) == {"score_real", "score_fake", "sign_real"}


def test_a_loss_watches_nothing_unless_told() -> None:
    """Each has a table of its own."""
    assert Loss({}).watched == {}
    assert Loss({}).watched is not Loss({}).watched
