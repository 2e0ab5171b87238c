"""The verdict: one word and one sentence from the three proofs.

Owns the order in which proofs count. A recipe that gives the same pixels counts most, since it can
be checked by anyone; then a trusted signature, a similar picture, the watermark, and what the file
only says. Equal frames say nothing about others that were not compared.
"""

from __future__ import annotations

from service.verification.report import (
    CredentialsPart,
    MetadataPart,
    OriginResult,
    Outcome,
    RemadePart,
    WatermarkPart,
)

WHAT_IT_IS = {"walk": "this animation", "sheet": "this sheet", "strip": "this strip"}
NOTHING_FOUND = (
    "Nothing in this file shows where it comes from. That proves nothing: marks can be removed."
)


def verdict_of(
    credentials: CredentialsPart,
    watermark: WatermarkPart,
    metadata: MetadataPart,
    remade: RemadePart,
) -> tuple[OriginResult, str]:
    """Return the result in one word and in one sentence; a second one warns of a contradiction."""
    origin, sentence = _main(credentials, watermark, metadata, remade)
    if credentials.state == "invalid" and origin in (OriginResult.PROVED, OriginResult.LIKELY):
        sentence += " Its credentials do not fit the file."
    return origin, sentence


def _main(
    credentials: CredentialsPart,
    watermark: WatermarkPart,
    metadata: MetadataPart,
    remade: RemadePart,
) -> tuple[OriginResult, str]:
    maker = _maker_of(remade)
    if remade.outcome is Outcome.EQUAL and not remade.not_compared:
        return OriginResult.PROVED, f"{maker}: made again, it has the same pixels."
    if credentials.state == "trusted" and remade.outcome is not Outcome.DIFFERENT:
        return OriginResult.PROVED, f"{credentials.signer} signed this file, and it is unchanged."
    if remade.outcome is Outcome.EQUAL:
        sentence = (
            f"{maker}: {remade.compared} of its frames have the same pixels, made again; "
            f"{remade.not_compared} others were not compared."
        )
        return OriginResult.LIKELY, sentence
    if remade.outcome is Outcome.SIMILAR:
        return (
            OriginResult.LIKELY,
            f"{maker}; it is nearly the same, as after compression or resizing.",
        )
    if remade.outcome is Outcome.DIFFERENT:
        sentence = (
            f"This file says that it is {_recipe_of(remade)}; made again, that is another one."
        )
        return OriginResult.CONTRADICTED, sentence
    if watermark.state == "found":
        named = f" of model {watermark.payload}…" if watermark.payload else ""
        sentence = f"The pixels carry the watermark{named} of this service."
        if watermark.public_key:
            sentence += " Its key is public: anyone can have added it."
        return OriginResult.LIKELY, sentence
    return _claims(credentials, metadata, remade)


def _claims(
    credentials: CredentialsPart, metadata: MetadataPart, remade: RemadePart
) -> tuple[OriginResult, str]:
    if credentials.state == "invalid":
        return (
            OriginResult.CONTRADICTED,
            "The credentials of this file are damaged or do not fit it.",
        )
    if credentials.state == "valid":
        signer = credentials.signer or "Someone"
        sentence = f"{signer} signed this file, and it is unchanged; the signer is not known here."
        return OriginResult.CLAIMED, sentence
    if model := metadata.facts.get("model"):
        name = model.partition("@")[0][:80]
        sentence = f"This file says that {name} made it; that was not checked: {remade.reason}."
        return OriginResult.CLAIMED, sentence
    return OriginResult.UNKNOWN, NOTHING_FOUND


def _maker_of(remade: RemadePart) -> str:
    what = WHAT_IT_IS.get(remade.kind or "", "this picture")
    return f"{_name_of(remade)} made {what} from {_seeds_of(remade)}"


def _recipe_of(remade: RemadePart) -> str:
    return f"{_seeds_of(remade)} of {_name_of(remade)}"


def _name_of(remade: RemadePart) -> str:
    return (remade.model or "").partition("@")[0]


def _seeds_of(remade: RemadePart) -> str:
    if len(remade.seeds) == 1:
        return f"seed {remade.seeds[0]}"
    shown = ", ".join(remade.seeds[:3])
    return f"seeds {shown}{' and others' if len(remade.seeds) > 3 else ''}"
