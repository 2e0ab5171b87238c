"""Every objective against formulas, for scores whose gradient is known in closed form."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.families.progan.config import ProganConfig
from models.families.progan.discriminator import Discriminator
from tests.training.scores import linear, quadratic, squared_norm
from training.objectives.gradient_penalty import Penalty
from training.objectives.losses import OBJECTIVES, Loss, acgan_terms

N = 8


@pytest.fixture
def reals() -> Tensor:
    """Eight images `[8, 3, 4, 4]` in [-1, 1]."""
    return torch.rand(N, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture
def fakes() -> Tensor:
    """Eight others."""
    return torch.rand(N, 3, 4, 4, generator=torch.Generator().manual_seed(2)) * 2 - 1


@pytest.fixture
def weight() -> Tensor:
    """The one parameter of the scores below, `[3, 4, 4]`."""
    return torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(3)).requires_grad_()


def penalty_of(
    weight: float = 2.0, share: float = 1.0, target: float = 1.0, drift: float = 0.0
) -> Penalty:
    """A penalty with mixing shares 0, 1/8, ..."""
    return Penalty(weight, share, target, drift, (torch.arange(N) / N).reshape(N, 1, 1, 1))


def loss_of(loss: Loss) -> Tensor:
    """What the player minimises."""
    return torch.stack(list(loss.terms.values())).sum()


@pytest.mark.parametrize(
    ("objective", "usual"),
    [
        ("wgan-gp", {"weight": 10.0, "drift": 0.001, "target": 1.0}),
        ("logistic-r1", {"weight": 0.0005, "drift": 0.0, "target": 1.0}),
        ("hinge", {"weight": 0.0005, "drift": 0.0, "target": 1.0}),
        ("rpgan-r1r2", {"weight": 0.01, "drift": 0.0, "target": 1.0}),
        ("bce", {"weight": 0.0, "drift": 0.0, "target": 1.0}),
        ("wgan", {"weight": 0.0, "drift": 0.0, "target": 1.0}),
    ],
)
def test_every_objective_has_its_usual_weights(objective: str, usual: dict[str, float]) -> None:
    """Karras et al. 2018, appendix A.1, for WGAN-GP; for the others what the lab book found."""
    assert OBJECTIVES[objective].usual == usual


# ----------------------------------------------------------------------------------------
# WGAN-GP


@pytest.mark.parametrize("target", [1.0, 750.0])
def test_wgan_gp_is_the_published_sum(
    weight: Tensor, reals: Tensor, fakes: Tensor, target: float
) -> None:
    """Gulrajani et al. 2017, equation 3, scaled by the target as in the code of the paper."""
    score = quadratic(weight)
    mixed = reals + (torch.arange(N) / N).reshape(N, 1, 1, 1) * (fakes - reals)
    norm = squared_norm(weight * mixed).sqrt()

    loss = OBJECTIVES["wgan-gp"].discriminator(
        score, reals, fakes, penalty_of(10.0, target=target, drift=0.001)
    )

    torch.testing.assert_close(loss.terms["wasserstein"], (score(fakes) - score(reals)).mean())
    torch.testing.assert_close(
        loss.terms["gradient_penalty"], 10 * ((norm - target) / target).square().mean()
    )
    torch.testing.assert_close(loss.terms["drift"], 0.001 * score(reals).square().mean())
    assert set(loss.terms) == {"wasserstein", "gradient_penalty", "drift"}


def test_the_gradient_of_the_wgan_penalty_is_the_analytic_one(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """For w.x it is 2 lambda (|w| - 1) w / |w|: the second derivative is alive."""
    loss = OBJECTIVES["wgan-gp"].discriminator(linear(weight), reals, fakes, penalty_of(10.0))

    (gradient,) = torch.autograd.grad(loss.terms["gradient_penalty"], weight)

    w = weight.detach()
    torch.testing.assert_close(gradient, 20 * (w.norm() - 1) * w / w.norm())


def test_the_wgan_generator_raises_fake_scores(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """Minus their mean, whatever the real ones are."""
    loss = OBJECTIVES["wgan-gp"].generator(linear(weight), reals, fakes)

    torch.testing.assert_close(loss_of(loss), -linear(weight)(fakes).mean())


# ----------------------------------------------------------------------------------------
# Logistic with R1


def test_logistic_r1_is_the_published_sum(weight: Tensor, reals: Tensor, fakes: Tensor) -> None:
    """Goodfellow et al. 2014 as cross-entropy; Mescheder et al. 2018, equation 9."""
    score = quadratic(weight)
    ones, zeros = torch.ones(N), torch.zeros(N)

    loss = OBJECTIVES["logistic-r1"].discriminator(score, reals, fakes, penalty_of(2.0))

    expected = {
        "logistic_real": F.binary_cross_entropy_with_logits(score(reals), ones),
        "logistic_fake": F.binary_cross_entropy_with_logits(score(fakes), zeros),
        "r1": 2.0 / 2 * squared_norm(weight * reals).mean(),
    }
    assert set(loss.terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(loss.terms[name], value)


def test_the_gradient_of_r1_is_the_analytic_one(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """For w.x it is gamma w: the second derivative is alive."""
    loss = OBJECTIVES["logistic-r1"].discriminator(linear(weight), reals, fakes, penalty_of(3.0))

    (gradient,) = torch.autograd.grad(loss.terms["r1"], weight)

    torch.testing.assert_close(gradient, 3.0 * weight.detach())


def test_r1_is_nothing_where_all_images_score_the_same(reals: Tensor, fakes: Tensor) -> None:
    """A flat discriminator is not held down."""
    loss = OBJECTIVES["logistic-r1"].discriminator(
        lambda images, _first=0: images.sum(dim=(1, 2, 3)) * 0 + 5, reals, fakes, penalty_of()
    )

    assert loss.terms["r1"].item() == 0.0


def test_the_logistic_generator_wants_to_be_taken_for_real(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """Cross-entropy of its images against the answer `real`: it does not saturate."""
    loss = OBJECTIVES["logistic-r1"].generator(linear(weight), reals, fakes)

    expected = F.binary_cross_entropy_with_logits(linear(weight)(fakes), torch.ones(N))
    torch.testing.assert_close(loss_of(loss), expected)


# ----------------------------------------------------------------------------------------
# Hinge


def test_hinge_is_the_published_sum(weight: Tensor, reals: Tensor, fakes: Tensor) -> None:
    """Miyato et al. 2018, equation 16: no reward beyond a margin of 1; with R1."""
    score = quadratic(weight)
    real, fake = score(reals), score(fakes)

    loss = OBJECTIVES["hinge"].discriminator(score, reals, fakes, penalty_of(2.0))

    expected = {
        "hinge_real": -torch.minimum(torch.zeros(N), real - 1).mean(),
        "hinge_fake": -torch.minimum(torch.zeros(N), -fake - 1).mean(),
        "r1": 2.0 / 2 * squared_norm(weight * reals).mean(),
    }
    assert set(loss.terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(loss.terms[name], value)


def test_scores_beyond_the_margin_teach_nothing(reals: Tensor, fakes: Tensor) -> None:
    """Reals above 1 and fakes below -1 leave only the penalty."""
    shift = torch.tensor(0.0, requires_grad=True)
    margins = iter((2.0, -2.0))

    def sure(images: Tensor, _first: int = 0) -> Tensor:
        return images.new_full((len(images),), next(margins)) + shift

    loss = OBJECTIVES["hinge"].discriminator(sure, reals, fakes, penalty_of(0.0))
    loss_of(loss).backward()

    assert loss_of(loss).item() == 0.0
    assert shift.grad is not None
    assert shift.grad.item() == 0.0


def test_the_hinge_generator_raises_fake_scores(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """Miyato et al. 2018, equation 17: without a margin."""
    loss = OBJECTIVES["hinge"].generator(linear(weight), reals, fakes)

    torch.testing.assert_close(loss_of(loss), -linear(weight)(fakes).mean())


# ----------------------------------------------------------------------------------------
# Relativistic with R1 and R2


def test_rpgan_r1r2_is_the_published_sum(weight: Tensor, reals: Tensor, fakes: Tensor) -> None:
    """Huang et al. 2024, equations 2 and 5: pairs, and gradients on both sides."""
    score = quadratic(weight)

    loss = OBJECTIVES["rpgan-r1r2"].discriminator(score, reals, fakes, penalty_of(2.0))

    expected = {
        "relativistic": torch.log1p(torch.exp(score(fakes) - score(reals))).mean(),
        "r1": 2.0 / 2 * squared_norm(weight * reals).mean(),
        "r2": 2.0 / 2 * squared_norm(weight * fakes).mean(),
    }
    assert set(loss.terms) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(loss.terms[name], value)


def test_the_rpgan_generator_wants_to_beat_its_partner(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """The same pairs the other way round; the real score is only a mark to beat."""
    score = linear(weight)
    loss = OBJECTIVES["rpgan-r1r2"].generator(score, reals, fakes.requires_grad_())

    torch.testing.assert_close(
        loss_of(loss), torch.log1p(torch.exp(score(reals) - score(fakes))).mean()
    )
    (gradient_norm,) = torch.autograd.grad(loss_of(loss), fakes)
    share = torch.sigmoid(score(reals) - score(fakes)).reshape(N, 1, 1, 1) / N
    torch.testing.assert_close(gradient_norm, (-share * weight).detach())


def test_only_differences_of_scores_matter_to_rpgan(
    weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """A constant added to all scores changes no term of either player."""
    game = OBJECTIVES["rpgan-r1r2"]

    def raised(images: Tensor, _first: int = 0) -> Tensor:
        return linear(weight)(images) + 7.0

    for loss, other in (
        (
            game.discriminator(linear(weight), reals, fakes, penalty_of()),
            game.discriminator(raised, reals, fakes, penalty_of()),
        ),
        (
            game.generator(linear(weight), reals, fakes),
            game.generator(raised, reals, fakes),
        ),
    ):
        torch.testing.assert_close(loss.terms, other.terms, rtol=1e-4, atol=1e-5)


# ----------------------------------------------------------------------------------------
# All of them


@pytest.mark.parametrize("name", OBJECTIVES)
def test_both_mean_scores_are_watched(
    name: str, weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """And are no part of the loss."""
    score = linear(weight)

    loss = OBJECTIVES[name].discriminator(score, reals, fakes, penalty_of(share=0.5))

    torch.testing.assert_close(loss.watched["score_real"], score(reals).mean())
    torch.testing.assert_close(loss.watched["score_fake"], score(fakes).mean())
    assert not set(loss.watched) & set(loss.terms)


@pytest.mark.parametrize("name", [k for k, each in OBJECTIVES.items() if each.penalised])
def test_the_penalty_changes_the_gradients_of_a_real_discriminator(
    name: str, reals: Tensor, fakes: Tensor
) -> None:
    """In every layer that shapes its gradient."""
    torch.manual_seed(0)
    discriminator = Discriminator(ProganConfig(8, latent_size=8, fmap_base=32, fmap_max=8))
    reals, fakes = F.interpolate(reals, (8, 8)), F.interpolate(fakes, (8, 8))
    gradients: list[dict[str, Tensor]] = []
    for weight in (0.0, 10.0):
        loss = OBJECTIVES[name].discriminator(discriminator, reals, fakes, penalty_of(weight))
        discriminator.zero_grad()
        loss_of(loss).backward()
        gradients.append(
            {k: p.grad.clone() for k, p in discriminator.named_parameters() if p.grad is not None}
        )

    without, penalised = gradients
    active = [k for k in without if k.endswith("weight")]
    assert len(active) == 6
    assert all((penalised[k] - without[k]).abs().max() > 1e-4 for k in active)


# ----------------------------------------------------------------------------------------
# AC-GAN


def test_the_second_head_is_judged_by_cross_entropy() -> None:
    """Odena et al. 2017, equation 3: minus the logarithm of the right class's share, weighted."""
    scores = torch.tensor([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    labels = torch.tensor([1, 0])

    terms = acgan_terms({"class_real": scores}, labels, 0.5)

    shares = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
    expected = -0.5 * (shares[0, 1].log() + shares[1, 0].log()) / 2
    torch.testing.assert_close(terms, {"class_real": expected})


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_sign_of_real_scores_is_told_where_it_means_something(
    name: str, weight: Tensor, reals: Tensor, fakes: Tensor
) -> None:
    """Where 0 is the border between real and fake: neither for Wasserstein nor for pairs."""
    loss = OBJECTIVES[name].discriminator(linear(weight), reals, fakes, penalty_of())

    assert ("sign_real" in loss.watched) is OBJECTIVES[name].has_zero
    if OBJECTIVES[name].has_zero:
        above = (linear(weight)(reals) > 0).float().mean()
        torch.testing.assert_close(loss.watched["sign_real"], 2 * above - 1)


def test_a_critic_without_any_gradient_learns_from_its_penalty_in_finite_numbers(
    reals: Tensor, fakes: Tensor
) -> None:
    """The root of a squared norm of 0 has an infinite derivative."""
    weight = torch.zeros(3, 4, 4, requires_grad=True)

    loss_of(
        OBJECTIVES["wgan-gp"].discriminator(linear(weight), reals, fakes, penalty_of())
    ).backward()

    assert weight.grad is not None
    assert torch.isfinite(weight.grad).all()


def test_binary_cross_entropy_is_that_of_torch(
    reals: Tensor, fakes: Tensor, weight: Tensor
) -> None:
    """Of scores before the sigmoid; the generator wants to be taken as real."""
    score = linear(weight)
    ones, zeros = torch.ones(N), torch.zeros(N)
    entropy = F.binary_cross_entropy_with_logits

    loss = OBJECTIVES["bce"].discriminator(score, reals, fakes, penalty_of())
    generator = OBJECTIVES["bce"].generator(score, reals, fakes)

    expected = entropy(score(reals), ones) + entropy(score(fakes), zeros)
    torch.testing.assert_close(loss_of(loss), expected)
    torch.testing.assert_close(loss_of(generator), entropy(score(fakes), ones))


def test_the_wasserstein_loss_is_a_difference_of_means(
    reals: Tensor, fakes: Tensor, weight: Tensor
) -> None:
    """Real scores rise, fake ones fall; the generator raises its own."""
    score = linear(weight)

    loss = OBJECTIVES["wgan"].discriminator(score, reals, fakes, penalty_of())
    generator = OBJECTIVES["wgan"].generator(score, reals, fakes)

    assert [*loss.terms] == ["wasserstein"]
    torch.testing.assert_close(loss_of(loss), score(fakes).mean() - score(reals).mean())
    torch.testing.assert_close(loss_of(generator), -score(fakes).mean())


def test_least_squares_is_that_of_mao_et_al() -> None:
    """Real scores aim at 1, fake ones at 0, those of the generator at 1; equation 9."""
    weight = torch.tensor(2.0)
    reals, fakes = torch.full((2, 1, 1, 1), 1.0), torch.full((2, 1, 1, 1), -0.5)
    objective = OBJECTIVES["least-squares"]
    loss = objective.discriminator(linear(weight), reals, fakes, penalty_of(0.0))

    assert {k: v.item() for k, v in loss.terms.items()} == {
        "least_squares_real": 0.5,  # half of (2 - 1)^2
        "least_squares_fake": 0.5,  # half of (-1)^2
    }
    assert objective.generator(linear(weight), reals, fakes).terms["generator"].item() == 4.0
