"""All that is found, in order."""

from collections.abc import Callable, Iterable, Iterator

from mle_lib.audit.case import Case, Finding
from mle_lib.audit.loss_checks import (
    after_backward,
    beside_the_logits,
    depends_on_p,
    log_p_itself,
    not_a_sum,
    skipped,
)
from mle_lib.audit.weight_checks import across_steps, mean_weights, rows_seen, within_a_step

WEIGHTS = ("micro-batches", "terms", "ratio", "short step")
CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    not_a_sum,
    depends_on_p,
    beside_the_logits,
    after_backward,
    skipped,
    log_p_itself,
    within_a_step,
    across_steps,
    rows_seen,
    mean_weights,
)


def findings(case: Case) -> list[Finding]:
    """All that is found, faults first."""
    found = [finding for check in CHECKS for finding in check(case)]
    if any(finding.kind == "changed" for finding in found):
        for finding in found:  # then the weights are not the gradient's
            if finding.kind in WEIGHTS or finding.off:
                finding.fault = False
    off = any(finding.fault and finding.off for finding in found)
    for finding in found:
        if finding.by_chance and not off:  # steps are uneven, and their mean is not
            finding.fault = False
    if any(finding.fault and not finding.off for finding in found):
        for finding in found:  # then a mean weight is what follows from it
            finding.fault = finding.fault if not finding.off else False
    return in_order(found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Faults first, then what cannot be told."""
    return sorted(found, key=lambda finding: [True, None, False].index(finding.fault))
