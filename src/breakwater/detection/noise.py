"""How much larger than by chance the likelihood ratios of quiet hours are: correlated noise, shared by the members of a scope."""

from __future__ import annotations

import numpy as np

from breakwater.detection.series import Floats

TAIL, TAIL_NORMAL = 0.95, 1.353  # the share of quiet hours below it, and the log likelihood ratio chance alone would have there
FAR_TAIL, FAR_TAIL_NORMAL = 0.997, 3.78


def inflation(past: Floats, *, single: int) -> tuple[Floats, Floats]:
    """From quiet hours × scopes × windows, the first `single` scopes being segments: what is common to all segments, by window, and what
    each scope has, by window. Never below 1."""
    own = np.quantile(past, TAIL, axis=0) / TAIL_NORMAL
    common = np.maximum(np.median(np.maximum(own[:single], 1.0), axis=0), 1.0)
    several = len(own) > single
    level = np.where((np.arange(len(own)) < single)[:, None], own[:single].mean(0), own[single:].mean(0) if several else 1.0)
    tails = np.stack(
        [
            np.quantile(past[:, part].reshape(-1, past.shape[2]), FAR_TAIL, axis=0)
            for part in (slice(None, single), slice(single if several else 0, None))
        ]
    )
    far = tails[(np.arange(len(own)) >= single).astype(int)] / FAR_TAIL_NORMAL
    return common, np.maximum(np.maximum(0.6 * own + 0.4 * level, far), 1.0)
