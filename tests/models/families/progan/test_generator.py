"""The generator: published size, the fade, and who learns."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from models.exit_shape import ExitShape
from models.families.progan.config import ProganConfig
from models.families.progan.generator import Generator, Stem
from models.growth import Growth
from models.layers.progan import pixel_norm
from models.layers.resampling import upsample


def test_the_1024_preset_has_the_published_number_of_parameters() -> None:
    """23.1 million, all toRGB layers counted."""
    with torch.device("meta"):  # shapes alone, no memory
        generator = Generator(ProganConfig(1024))

    assert sum(p.numel() for p in generator.parameters()) == 23_086_795


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_have_the_size_of_their_level(channels: int) -> None:
    """Gray, RGB and RGBA, at every level, faded or not."""
    generator = Generator(ProganConfig(16, channels, latent_size=8, fmap_base=64, fmap_max=8))
    z = torch.randn(2, 8)

    for growth in (Growth(0), Growth(1, 0.5), Growth(1), Growth(2, 0.1), Growth(2)):
        size = growth.resolution
        assert generator(z, growth).shape == (2, channels, size, size)


def test_without_growth_the_network_is_finished(config: ProganConfig) -> None:
    """The default is the top level alone."""
    generator, z = Generator(config), torch.randn(1, 16)

    assert torch.equal(generator(z), generator(z, Growth(config.top_level)))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_at_alpha_zero_the_image_is_the_lower_level_upsampled(
    config: ProganConfig, level: int
) -> None:
    """A new level is at first not seen at all."""
    generator, z = Generator(config), torch.randn(2, 16)

    assert torch.equal(generator(z, Growth(level, 0.0)), upsample(generator(z, Growth(level - 1))))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_towards_alpha_one_the_image_is_the_new_level_alone(
    config: ProganConfig, level: int
) -> None:
    """The last step of a fade is no jump, and in the end only the new exit is heard."""
    generator, z = Generator(config), torch.randn(2, 16)
    grown = generator(z, Growth(level))

    torch.testing.assert_close(generator(z, Growth(level, 1 - 1e-7)), grown, atol=1e-5, rtol=0)
    features = generator.stem(z)
    for below in generator.levels[:level]:
        features = below(features)
    assert torch.equal(generator.exits[level](features), grown)


@pytest.mark.parametrize(
    ("growth", "exits"), [(Growth(0), {0}), (Growth(2, 0.5), {1, 2}), (Growth(2), {2})]
)
def test_gradients_reach_every_awake_parameter_and_no_sleeping_one(
    config: ProganConfig, growth: Growth, exits: set[int]
) -> None:
    """Awake are the stem, the levels up to the newest, and the exits that are mixed."""
    generator = Generator(config)
    awake = {f"exits.{k}." for k in exits} | {f"levels.{k}." for k in range(growth.level)}
    awake |= {"stem."}

    generator(torch.randn(4, 16), growth).square().sum().backward()

    for name, parameter in generator.named_parameters():
        if name.startswith(tuple(awake)):
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name
        else:
            assert parameter.grad is None, name


def test_the_length_of_a_latent_does_not_matter(config: ProganConfig) -> None:
    """Latents are normalised to the hypersphere before anything else."""
    generator, z = Generator(config), torch.randn(2, 16)
    generator.stem.dense.bias.data.normal_()  # without it, later norms would hide the length

    torch.testing.assert_close(generator(3 * z), generator(z), atol=1e-3, rtol=0)


def test_the_first_layer_has_a_quarter_of_the_usual_gain() -> None:
    """As published: its output has deviation sqrt(2) / 4."""
    stem = Stem(latent_size=256, maps=64)

    features = stem.dense(pixel_norm(torch.randn(100, 256)))

    assert features.std().item() == pytest.approx(2**0.5 / 4, rel=0.05)


def test_the_norm_after_the_first_layer_can_be_left_out() -> None:
    """Other tools do; then the length of its features reaches the next layer."""
    stem, plain = Stem(16, maps=8), Stem(16, maps=8, norm=False)
    plain.load_state_dict(stem.state_dict())
    z = torch.randn(3, 16)

    features = F.leaky_relu(stem.dense(pixel_norm(z)).reshape(3, 8, 4, 4), 0.2)
    for made, between in ((stem(z), pixel_norm(features)), (plain(z), features)):
        expected = pixel_norm(F.leaky_relu(stem.conv(between), 0.2))
        torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)


def test_exits_may_be_wider_than_one_pixel_and_deeper_than_one_layer(
    config: ProganConfig,
) -> None:
    """A bundle has fitted exits at its lower levels."""
    shapes = (ExitShape((5,)), ExitShape((1, 3, 1), (8, 8)), ExitShape((3,)), ExitShape())
    generator = Generator(config, shapes)

    widths = [p.shape[-1] for name, p in generator.exits.named_parameters() if "weight" in name]
    assert widths == [5, 1, 3, 1, 3, 1]
    assert generator.exit_shapes == shapes
    for level in range(4):
        size = 4 << level
        assert generator(torch.randn(1, 16), Growth(level)).shape == (1, 3, size, size)


def test_each_class_makes_another_picture_of_the_same_latent(conditional: ProganConfig) -> None:
    """And the same class the same, whoever else is in the batch."""
    generator, z = Generator(conditional), torch.randn(1, 16).repeat(3, 1)

    images = generator(z, labels=torch.tensor([0, 1, 0]))

    torch.testing.assert_close(images[0], images[2])
    assert (images[0] - images[1]).abs().max() > 0.1


def test_latent_and_class_enter_with_equal_weight(conditional: ProganConfig) -> None:
    """Side by side, each of unit mean square, whatever their lengths were."""
    generator, z = Generator(conditional), 100 * torch.randn(4, 16)

    entered = generator.stem_input(z, torch.tensor([0, 1, 1, 0]))

    assert entered.shape == (4, 32)
    torch.testing.assert_close(entered[:, :16], pixel_norm(z))
    torch.testing.assert_close(entered.reshape(4, 2, 16).square().mean(dim=2), torch.ones(4, 2))


def test_only_the_classes_shown_learn(conditional: ProganConfig) -> None:
    """A class that is not in the batch gets no gradient."""
    generator = Generator(conditional)
    generator(torch.randn(2, 16), labels=torch.tensor([1, 1])).square().sum().backward()

    assert generator.embedding is not None
    assert generator.embedding.weight.grad is not None
    assert generator.embedding.weight.grad.abs().sum(dim=1).gt(0).tolist() == [False, True]


@pytest.mark.parametrize("classes", [0, 2])
def test_labels_belong_to_classes(config: ProganConfig, classes: int) -> None:
    """They are needed where there are classes, and refused where there are none."""
    generator = Generator(replace(config, classes=classes))
    labels = None if classes else torch.tensor([0])

    with pytest.raises(ValueError, match=f"has {classes} classes: labels are needed where"):
        generator(torch.randn(1, 16), labels=labels)


def test_there_is_one_exit_for_each_level(config: ProganConfig) -> None:
    """Neither fewer nor more."""
    for count in (3, 5):
        with pytest.raises(ValueError, match=f"4 exits are needed, .* not {count}"):
            Generator(config, (ExitShape(),) * count)


@pytest.mark.parametrize("base", [(4, 6), (6, 4), (2, 4), (4, 16)])
def test_pictures_grow_from_another_base(base: tuple[int, int]) -> None:
    """Each level doubles both sides, also while it fades in."""
    height, width = base
    config = ProganConfig(16, 3, 8, 64, 8, base_height=height, base_width=width)
    generator = Generator(config)
    z = torch.randn(2, 8)

    for level, factor in enumerate((1, 2, 4)):
        assert generator(z, Growth(level)).shape == (2, 3, height * factor, width * factor)
    assert generator(z, Growth(2, 0.5)).shape == (2, 3, height * 4, width * 4)


@pytest.mark.parametrize("growth", [Growth(2, 0.5), Growth(3)])
def test_pixels_are_not_rounded_within_autocast(config: ProganConfig, growth: Growth) -> None:
    """In bf16 white would be right to half a step of 255, where real pictures are exact."""
    generator = Generator(config)

    with torch.autocast("cpu", torch.bfloat16):
        images = generator(torch.randn(2, config.latent_size), growth)

    assert images.dtype is torch.float32


def test_a_generator_up_to_a_level_draws_what_the_whole_one_draws_there(
    config: ProganConfig,
) -> None:
    """Same weights and exits, fewer levels; a level that is not there is refused."""
    whole = Generator(config).eval()
    z = torch.randn(2, config.latent_size)

    for level in (1, 2, 3):
        smaller = whole.up_to(level)
        assert smaller.config.resolution == 4 << level
        assert torch.equal(smaller(z), whole(z, Growth(level)))
        assert not smaller.training
    with pytest.raises(ValueError, match="there is no level 4: the top one is 3"):
        whole.up_to(4)
    with pytest.raises(ValueError, match="resolution must be at least 8"):
        whole.up_to(0)


@pytest.mark.parametrize("shapes", [None, tuple(ExitShape((3,)) for _ in range(4))])
def test_a_tiling_generator_joins_at_opposite_edges(
    config: ProganConfig, shapes: tuple[ExitShape, ...] | None
) -> None:
    """Rolling the features of the base by a pixel rolls the image by the pixels of that pixel.

    So no place of the image is an edge. The rolled sums have the same terms in the same order;
    1e-5 allows for convolutions that treat places in vectors of several.
    """
    generator = Generator(replace(config, tiling=True), shapes).requires_grad_(False)
    x = rolled = generator.stem(torch.randn(2, 16))
    rolled = torch.roll(x, (1, -1), dims=(2, 3))
    for level in generator.levels:
        x, rolled = level(x), level(rolled)

    image, image_of_rolled = generator.exits[-1](x), generator.exits[-1](rolled)

    expected = torch.roll(image, (8, -8), dims=(2, 3))
    torch.testing.assert_close(image_of_rolled, expected, atol=1e-5, rtol=1e-5)


def test_without_tiling_an_image_has_edges(config: ProganConfig) -> None:
    """So that the test above can fail."""
    generator = Generator(config).requires_grad_(False)
    x = generator.stem(torch.randn(1, 16))
    moved = generator.levels[0](torch.roll(x, (1, 0), dims=(2, 3)))

    assert (moved - torch.roll(generator.levels[0](x), (2, 0), dims=(2, 3))).abs().max() > 0.01
