"""Every method that the network is compared with; each is learned from train clips and ranks test clips.

    fitted = BASELINES["cca"](train, validation, seed=0)
    similarity = fitted.similarity(test, pool="clean")    # float32 [n, n], queries x tracks

``train``, ``validation`` and ``test`` are `ClipSet`. docs/baselines.md tells where each method comes
from and in what it differs from its original.
"""

from __future__ import annotations

from importlib import import_module

from mrcmv.training.baselines.clipset import POOLS, ClipSet, Fit, Fitted, Pool, Subset


def _fit(module: str, function: str) -> Fit:
    """The function of a module here, which is imported when it is called: not all of them need torch."""

    def fit(train: ClipSet, validation: ClipSet, seed: int = 0) -> Fitted:
        learn: Fit = getattr(import_module(f"{__name__}.{module}"), function)
        return learn(train, validation, seed)

    return fit


BASELINES: dict[str, Fit] = {
    "cca": _fit("cca", "fit_cca"),
    "cca-early": _fit("cca", "fit_cca_early"),
    "cca-picture": _fit("cca", "fit_cca_picture"),
    "cca-voice": _fit("cca", "fit_cca_voice"),
    "svm": _fit("svm", "fit_svm"),
    "cbvmr": _fit("cbvmr", "fit_cbvmr"),
    "cmmr-style": _fit("cmmr", "fit_cmmr"),
    "tags": _fit("tags", "fit_tags"),
    "random-tags": _fit("tags", "fit_random_tags"),
    "oracle-plan": _fit("oracle", "fit_plan_oracle"),
    "oracle-measured": _fit("oracle", "fit_measured_oracle"),
    "oracle-measured-picture": _fit("oracle", "fit_measured_picture"),
    "oracle-measured-voice": _fit("oracle", "fit_measured_voice"),
}
"""How to learn every baseline."""
CARD: dict[str, str] = {
    "cca": "Ridge CCA of hand-crafted features, one of the picture and one of the voice, scores added.",
    "cca-early": "Ridge CCA of hand-crafted picture and voice features side by side.",
    "cca-picture": "Ridge CCA of hand-crafted picture features.",
    "cca-voice": "Ridge CCA of hand-crafted voice features.",
    "svm": "An RBF support vector machine that tells true pairs of picture, voice and music from others.",
    "cbvmr": "CBVMR (Hong et al. 2018): two networks on hand-crafted features, picture only.",
    "cmmr-style": "After CMMR (Li & Kumar 2019): two streams, emotion tags first, then pairs; picture only.",
    "tags": "Words of musicnn told from picture and voice; tracks ranked by how like their words are.",
    "random-tags": "A random track among those that have the style told from picture and voice.",
    "oracle-plan": "Ceiling: knows the scores that drove the clip and the rule that pairs.",
    "oracle-measured": "Ceiling: reads without fault what was rendered, picture and voice.",
    "oracle-measured-picture": "Ceiling: reads without fault what was rendered, picture only.",
    "oracle-measured-voice": "Ceiling: reads without fault what was spoken, voice only.",
}
"""One sentence on every baseline, for tables."""

__all__ = ["BASELINES", "CARD", "POOLS", "ClipSet", "Fit", "Fitted", "Pool", "Subset"]
