"""The discriminator: the generator's mirror in size, fade and learning."""

import pytest
import torch

from models.families.progan.config import ProganConfig
from models.families.progan.discriminator import Discriminator
from models.growth import Growth
from models.layers.resampling import downsample


def test_the_1024_preset_has_the_published_number_of_parameters() -> None:
    """23.1 million, as many as the generator but for the score and the deviation map."""
    with torch.device("meta"):  # shapes alone, no memory
        discriminator = Discriminator(ProganConfig(1024))

    assert sum(p.numel() for p in discriminator.parameters()) == 23_087_249


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_image_gets_one_score(channels: int) -> None:
    """Gray, RGB and RGBA, at every level, faded or not."""
    discriminator = Discriminator(ProganConfig(16, channels, fmap_base=64, fmap_max=8))

    for growth in (Growth(0), Growth(1, 0.5), Growth(1), Growth(2, 0.1), Growth(2)):
        images = torch.randn(4, channels, growth.resolution, growth.resolution)
        assert discriminator(images, growth).shape == (4,)


def test_without_growth_the_network_is_finished(config: ProganConfig) -> None:
    """The default is the top level alone."""
    discriminator, images = Discriminator(config), torch.randn(4, 3, 32, 32)

    assert torch.equal(discriminator(images), discriminator(images, Growth(config.top_level)))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_at_alpha_zero_the_score_is_that_of_the_lower_level(
    config: ProganConfig, level: int
) -> None:
    """A new level is at first not heard at all: the halved image decides."""
    discriminator = Discriminator(config)
    images = torch.randn(4, 3, 4 << level, 4 << level)

    faded = discriminator(images, Growth(level, 0.0))

    torch.testing.assert_close(
        faded, discriminator(downsample(images), Growth(level - 1)), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("level", [1, 2, 3])
def test_towards_alpha_one_the_score_is_that_of_the_new_level_alone(
    config: ProganConfig, level: int
) -> None:
    """The last step of a fade is no jump."""
    discriminator = Discriminator(config)
    images = torch.randn(4, 3, 4 << level, 4 << level)

    almost, grown = (discriminator(images, Growth(level, a)) for a in (1 - 1e-7, 1.0))

    torch.testing.assert_close(almost, grown, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("growth", "entries"), [(Growth(0), {0}), (Growth(2, 0.5), {1, 2}), (Growth(2), {2})]
)
def test_gradients_reach_every_awake_parameter_and_no_sleeping_one(
    config: ProganConfig, growth: Growth, entries: set[int]
) -> None:
    """Awake are the head, the levels up to the newest, and the entries that are mixed."""
    discriminator = Discriminator(config)
    awake = {f"entries.{k}." for k in entries} | {f"levels.{k}." for k in range(growth.level)}
    awake |= {"head."}

    images = torch.randn(4, 3, growth.resolution, growth.resolution)
    discriminator(images, growth).sum().backward()

    for name, parameter in discriminator.named_parameters():
        if name.startswith(tuple(awake)):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name
        else:
            assert parameter.grad is None, name


def test_a_score_depends_on_the_other_images_of_its_group(config: ProganConfig) -> None:
    """The minibatch deviation tells the same picture four times from four pictures."""
    discriminator, image = Discriminator(config), torch.randn(1, 3, 32, 32)
    others = torch.randn(3, 3, 32, 32)

    among_copies = discriminator(image.repeat(4, 1, 1, 1))[0]
    among_others = discriminator(torch.cat([image, others]))[0]

    assert (among_copies - among_others).abs() > 1e-3


def test_projection_adds_the_product_of_class_and_image(conditional: ProganConfig) -> None:
    """Miyato and Koyama 2018, equation 3: s(h) + v_y . h, scaled like any dense layer."""
    discriminator, images = Discriminator(conditional), torch.randn(4, 3, 32, 32)
    labels = torch.tensor([0, 1, 1, 0])
    head = discriminator.head
    assert head.projection is not None
    with torch.no_grad():
        h = head.features(discriminator.read(images, Growth(3)))
        plain = head.score(h).squeeze(1)
        vectors = head.projection.weight[labels] / h.shape[1] ** 0.5

        torch.testing.assert_close(
            discriminator(images, labels=labels), plain + (vectors * h).sum(dim=1)
        )


def test_projection_needs_the_classes_of_the_images(conditional: ProganConfig) -> None:
    """A score without them would be another one."""
    with pytest.raises(ValueError, match="must be told those of the images"):
        Discriminator(conditional)(torch.randn(4, 3, 32, 32))


def test_an_auxiliary_head_names_classes_and_leaves_the_score_alone(
    conditional: ProganConfig,
) -> None:
    """Odena et al. 2017: two answers from the same description."""
    discriminator, images = Discriminator(conditional, auxiliary=True), torch.randn(4, 3, 16, 16)
    growth = Growth(2, 0.5)

    scores = [discriminator(images, growth, labels) for labels in (None, torch.ones(4).long())]

    assert torch.equal(scores[0], scores[1])
    assert discriminator.classify(images, growth).shape == (4, 2)


def test_only_an_auxiliary_head_names_classes(conditional: ProganConfig) -> None:
    """Projection has none to ask."""
    with pytest.raises(TypeError, match="does not name classes"):
        Discriminator(conditional).classify(torch.randn(4, 3, 4, 4), Growth(0))


@pytest.mark.parametrize("base", [(4, 6), (6, 4), (2, 4), (4, 16)])
def test_scores_are_of_pictures_of_another_base(base: tuple[int, int]) -> None:
    """Every pixel counts, also of the longer side, at each level and while it fades in."""
    height, width = base
    config = ProganConfig(8, 3, 8, 64, 8, base_height=height, base_width=width)
    discriminator = Discriminator(config)

    for growth in (Growth(0), Growth(1, 0.5), Growth(1)):
        factor = 1 << growth.level
        images = torch.randn(2, 3, height * factor, width * factor, requires_grad=True)
        discriminator(images, growth).sum().backward()
        assert images.grad is not None
        assert bool((images.grad != 0).any(dim=1).all())


def test_scores_are_not_rounded_within_autocast(conditional: ProganConfig) -> None:
    """In bf16 a score of 15 would be right to 0.06, and the games live on differences of scores."""
    discriminator, images = Discriminator(conditional, auxiliary=True), torch.randn(4, 3, 32, 32)

    with torch.autocast("cpu", torch.bfloat16):
        scores = discriminator(images), discriminator.classify(images, Growth(3))

    assert {score.dtype for score in scores} == {torch.float32}
