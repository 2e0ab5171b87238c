"""The numbers of a reader of parts as entries of `quality.json`, each beside that of real pictures.

Owns their names and how they were measured. Computes none of them.
"""

from __future__ import annotations

import sys

from training.data.stream import Prepared
from training.progress_bar import OpenProgress
from training.quality.distances import NEIGHBOURS
from training.quality.parts.keeping import open_reader, reason_without_reader, split_of
from training.quality.parts.known import reason_without_parts
from training.quality.parts.reader import SURE, PartReader
from training.quality.parts.score import SCORED_PICTURES, PartScore, score_parts
from training.quality.pictures import PictureSet
from training.quality.report import Metric, metric_entry


def measure_parts(
    generated: PictureSet,
    prepared: Prepared,
    resolution: int,
    seed: int,
    open_progress: OpenProgress,
) -> dict[str, Metric]:
    """Measure how well the parts of generated pictures can be read.

    Empty if the parts of the data are unknown, or if there is too little data for a reader, which
    a sentence on the standard error tells.
    """
    if reason_without_parts(prepared):
        return {}
    if reason := reason_without_reader(prepared, resolution):
        sys.stderr.write(f"parts are not measured: {reason}\n")
        return {}
    reader = open_reader(prepared, resolution, open_progress)
    split, array = split_of(prepared.count), prepared.images(reader.resolution)
    count = min(SCORED_PICTURES, len(generated), len(split.reference))
    with open_progress(f"parts of {count:,} pictures") as on_progress:
        reference = reader.read(PictureSet(array, split.reference[:count]))
        real = reader.read(PictureSet(array, split.apart[:count]))
        drawn = reader.read(generated.first(count))
        score = score_parts(reader, reference, drawn, seed, on_progress)
        of_real = score_parts(reader, reference, real, seed)
    return entries_of(reader, score, of_real)


def entries_of(reader: PartReader, score: PartScore, real: PartScore) -> dict[str, Metric]:
    """Entries of generated pictures, each with the number of held-out real ones."""
    how = f"reader of parts, {reader.resolution} px, trained on the data's own parts"
    count = score.pictures
    return {
        "parts_sure": metric_entry(
            score.all_sure,
            f"share of pictures in which every part is recognised ({how}: probability {SURE:g} or "
            "more)",
            real_pictures=real.all_sure,
            shapes=score.shapes_sure,
            per_part=score.sure,
            per_part_of_real=real.sure,
            accuracy={reader.parts[n].name: reader.trust[n].accuracy for n in reader.judged},
            images=count,
        ),
        "parts_distance": metric_entry(
            score.distance,
            "total variation distance between the frequencies of a part's values where it is "
            f"recognised and those in the data, mean over parts ({how})",
            real_pictures=real.distance,
            per_part=score.distances,
            images=count,
        ),
        "parts_combinations": metric_entry(
            score.combinations,
            "different combinations of shapes (of all parts where fewer than two shapes can be "
            "read), among pictures where all of these are recognised "
            f"({how})",
            real_pictures=real.combinations,
            images=count,
        ),
        "parts_kid": metric_entry(
            score.kid,
            f"KID over features of a {how}, scaled to unit mean square; comparable for the same "
            "data only",
            real_pictures=real.kid,
            deviation=score.kid_deviation,
            images=count,
        ),
        "parts_recall": metric_entry(
            score.recall,
            f"improved recall (Kynkaanniemi et al. 2019), k = {NEIGHBOURS}, over features of a "
            f"{how}",
            real_pictures=real.recall,
            images=count,
        ),
    }
