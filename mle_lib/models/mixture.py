"""A mixture of autoregressive models, which is an autoregressive model again."""

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mle_lib.checks import check_choices
from mle_lib.models.base import AutoregressiveModel, bernoulli_log_prob
from mle_lib.models.draws import wide
from mle_lib.models.evaluation import parameter_of
from mle_lib.models.sequences import SequenceModel


class Mixture(AutoregressiveModel):
    """p(x) = (1/R) Σ_r p_r(x), with equal weights, of R models in one ordering. A component is what
    its ``logits`` say: no ``forward`` of its own or hook on it is called.

    Its conditionals are averages too, in which a component counts by how well it foretold the
    variables before:

        p(x_i | x_<i) = Σ_r p_r(x_<i) p_r(x_i | x_<i) / Σ_r p_r(x_<i).

    Source: Bishop (2006), *Pattern Recognition and Machine Learning*, §14.5.

    Args:
        components: p_1 … p_R, at least one, all with the same n and ordering.

    Raises:
        ValueError: If there is no component, one is no model or shares parameters with another, or
            they differ in n, ordering, dtype or device.
    """

    def __init__(self, components: Iterable[AutoregressiveModel]) -> None:
        components = list(components)
        if not components:
            raise ValueError("components must hold at least one model, got none")
        if not all(isinstance(part, AutoregressiveModel) for part in components):
            kinds = ", ".join(type(part).__name__ for part in components)
            raise ValueError(f"components must be AutoregressiveModels, got {kinds}")
        if any(isinstance(part, SequenceModel) for part in components):
            raise ValueError("components must be of binary variables, got one of sequences")
        owned = [set(map(id, part.parameters())) for part in components]
        if len(set().union(*owned)) < sum(map(len, owned)):
            raise ValueError("components must not share parameters, got some that do")
        places = {(c.n, c.ordering, *_place(c)) for c in components}
        if len(places) > 1:
            raise ValueError(
                "components must agree in n, ordering, dtype and device, "
                f"got {' and '.join(sorted(map(str, places)))}"
            )
        super().__init__(components[0].n, components[0].ordering)
        self.components = nn.ModuleList(components)

    def parts(self) -> list[AutoregressiveModel]:
        """The components, p_1 … p_R."""
        return cast("list[AutoregressiveModel]", list(self.components))

    def logits(self, x: Tensor) -> Tensor:
        order = list(self.ordering)
        given = torch.stack([component.logits(x) for component in self.parts()])  # (R, b, n)
        z = given.to(wide(given.dtype))
        # over a power of two, which takes no digit from them, the sums are finite; and components
        # that all err beyond any number count alike
        scale = 2.0 ** self.n.bit_length()
        terms = bernoulli_log_prob(z, x)[..., order].clamp(min=torch.finfo(z.dtype).min) / scale
        # log p_r(x_<i): a sum that leaves out x_i itself, so that no rounding of it leaks in
        past = F.pad(terms[..., :-1].cumsum(-1), (1, 0))[..., torch.tensor(order).argsort()]
        past = (past - past.detach().amax(0)) * scale  # by how much more each errs than the best
        odds = (past + F.logsigmoid(z)).logsumexp(0) - (past + F.logsigmoid(-z)).logsumexp(0)
        return odds.to(given.dtype)

    def component_log_probs(self, x: Tensor) -> Tensor:
        """log p_r(x) of every component, ``(b, n) -> (b, R)``, in nats. Raises as ``log_prob``."""
        x = self.prepare(x)
        terms = [bernoulli_log_prob(component.logits(x), x) for component in self.parts()]
        return torch.stack([part.sum(1) for part in terms], dim=1)

    def log_mean(self, x: Tensor, components: Tensor) -> Tensor:
        """log (1/K) Σ_{r∈S_j} p_r(x^(j)), with K of the R components for each sample, in nats.

        A random S_j makes it a lower bound of log p(x^(j)) on average, by Jensen's inequality. The
        bound rises with K, for the reason of Burda, Grosse & Salakhutdinov (2016), theorem
        1, https://doi.org/10.48550/arXiv.1509.00519; drawn without repeats it is log p(x^(j))
        itself at K = R.

        Args:
            x: ``(b, n)``, 0s and 1s.
            components: S_j: int64 numbers 0 … R − 1, ``(K,)``, shared by the batch, or ``(b, K)``.

        Returns:
            ``(b,)``.

        Raises:
            ValueError: If ``x`` is not a non-empty ``(b, n)`` tensor of 0s and 1s, or
                ``components`` have a wrong shape or type or lie outside their range.
        """
        each = self.component_log_probs(x)
        components = check_choices(components, len(x), len(self.components), "components", "K", "R")
        chosen = components.to(each.device).expand(len(x), -1)
        return each.gather(1, chosen).logsumexp(1) - math.log(chosen.shape[1])


def _place(model: AutoregressiveModel) -> tuple[str, str]:
    parameter = parameter_of(model)
    return str(parameter.dtype), str(parameter.device)
