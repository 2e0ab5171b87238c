"""The configuration of a family that translates pictures between domains, as plain data.

Owns what all such families share: the source picture as input, feature maps that double at two
halvings of the picture, residual blocks between them, and what a picture costs. Knows no tensor and
no family.
"""

from __future__ import annotations

from abc import abstractmethod

from models.families.config import FamilyConfig

TRANSLATOR_HALVINGS = 2  # of the picture, before the residual blocks
OUTER_KERNEL, INNER_KERNEL = 7, 3  # of the first and last layer, and of the residual blocks
MOST_TRANSLATOR_LAYERS = 8
MOST_TRANSLATOR_BLOCKS = 64  # a damaged card must not describe a million layers


class TranslatorConfig(FamilyConfig):
    """Hyperparameters of networks whose input is a picture, and whose classes are domains.

    Attributes:
        generator_maps: feature maps after the first layer of a generator.
        generator_blocks: residual blocks of a generator.
        discriminator_maps: feature maps after the first layer of a discriminator.
        discriminator_layers: layers of a discriminator that halve the picture.
    """

    generator_maps: int
    generator_blocks: int
    discriminator_maps: int
    discriminator_layers: int

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_domains()
        if self.generator_blocks > MOST_TRANSLATOR_BLOCKS:
            raise ValueError(
                f"generator_blocks must be at most {MOST_TRANSLATOR_BLOCKS}, not "
                f"{self.generator_blocks}"
            )
        if self.discriminator_layers > MOST_TRANSLATOR_LAYERS:
            raise ValueError(f"discriminator_layers must be at most {MOST_TRANSLATOR_LAYERS}")

    @abstractmethod
    def _require_domains(self) -> None:
        """Check the number of domains.

        Raises:
            ValueError: there are too few or too many.
        """

    @property
    def latent_size(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride] - it follows from the size of the pictures
        """Numbers in a source picture."""
        height, width = self.size_at(self.resolution)
        return self.channels * height * width

    @property
    def entry_size(self) -> int:
        """Size of the entry vector: the source picture, and one number for each domain."""
        return self.latent_size + self.classes

    @property
    def takes(self) -> tuple[str, ...]:
        """A source picture, and the name of the domain of the result."""
        return ("source", "to")

    def feature_maps(self, level: int) -> int:
        """Number of feature maps of a generator at `level`; below the middle, those of the middle.

        At the top they are those after the first layer.
        """
        return self.generator_maps << min(self.top_level - level, TRANSLATOR_HALVINGS)

    def costs(self, outer_maps: int, halving_kernel: int) -> list[float]:
        """Multiply-adds of one generator for one picture, at each level.

        All are those of the whole network: a smaller picture is downsampled from the largest one.

        Args:
            outer_maps: of the input and of the result together.
            halving_kernel: width of the kernels that halve or double height and width.
        """
        height, width = self.size_at(self.resolution)
        maps, pixels = self.generator_maps, height * width
        outer = OUTER_KERNEL**2 * outer_maps * maps * pixels
        # From and to each halving: a transposed convolution reads as many values as the
        # convolution that it mirrors.
        halvings = sum(
            2 * halving_kernel**2 * (maps << k) * (maps << (k + 1)) * (pixels >> (2 * (k + 1)))
            for k in range(TRANSLATOR_HALVINGS)
        )
        inner = (maps << TRANSLATOR_HALVINGS) ** 2 * INNER_KERNEL**2
        inner *= pixels >> (2 * TRANSLATOR_HALVINGS)
        total = float(outer + halvings + 2 * self.generator_blocks * inner)
        return [total for _ in self.resolutions]
