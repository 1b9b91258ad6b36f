"""Which weights a training loop gives to the terms of ℓ."""

from mle_lib.audit.face import Audit, audit
from mle_lib.audit.stand_in import StandIn

__all__ = ["Audit", "StandIn", "audit"]
