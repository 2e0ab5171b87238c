"""Projection: the latent or style whose picture is nearest to a given one."""
