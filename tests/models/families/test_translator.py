"""What the generators of all translating families share."""

from __future__ import annotations

import pytest
import torch

from models.families.cyclegan.config import CycleganConfig
from models.families.stargan.config import StarganConfig
from models.families.table import offer_of
from models.families.translator import TranslatingGenerator
from models.families.translator_config import TranslatorConfig
from models.growth import Growth

CONFIGS = [CycleganConfig(16, 3, 4, 1, 4, 2), StarganConfig(16, 3, 4, 1, 4, 2, classes=3)]


@pytest.mark.parametrize("config", CONFIGS)
def test_sources_are_translated_into_the_domains_that_are_named(config: TranslatorConfig) -> None:
    """At every resolution the finished picture, box-downsampled; a domain is needed."""
    generator = offer_of(config).generator(config, None).eval().requires_grad_(False)
    assert isinstance(generator, TranslatingGenerator)
    sources, domains = torch.rand(2, config.latent_size) * 2.0 - 1.0, torch.tensor([1, 0])
    whole = generator.translate_numbers(sources, domains)

    assert generator.entrance.size == config.entry_size
    assert torch.equal(generator(sources, None, domains), whole)
    small = torch.nn.functional.avg_pool2d(whole, 2)
    torch.testing.assert_close(generator(sources, Growth(1), domains), small, atol=1e-6, rtol=0)
    with pytest.raises(ValueError, match=f"a {config.NAME} needs the domain of each result"):
        generator(sources)


@pytest.mark.parametrize("config", CONFIGS)
def test_their_offers_differ_in_the_number_of_domains(config: TranslatorConfig) -> None:
    """And have one resolution, which one process trains."""
    offer = offer_of(config)

    assert (offer.translates, offer.many_domains) == (True, config.family == "stargan")
    assert (offer.grows, offer.fits_exits, offer.is_distributed) == (False, False, False)
