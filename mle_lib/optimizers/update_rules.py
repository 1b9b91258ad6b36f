"""The update rules, each written out as its formula."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

from mle_lib.checks import NotFiniteError, shown
from mle_lib.optimizers.clipping import Pair, as_number, dense_gradients
from mle_lib.optimizers.rehearsal import loaded

Group = dict[str, Any]  # a parameter group: its parameters and hyper-parameters


class Optimizer(torch.optim.Optimizer):
    """The loop that all share; a subclass gives ``update``.

    Raises:
        ValueError: If a hyper-parameter, of all groups or of one, is not as the class says, or no
            number of the parameters' dtype (a ``FloatingPointError``, too), when it is given and
            before each step; in ``step`` if a gradient is sparse or complex; in
            ``load_state_dict`` if the state is of another class or of other shapes. Nothing is
            changed then.
    """

    def __init__(self, params: ParamsT, **defaults: Any) -> None:
        super().__init__(params, checked(defaults))

    def add_param_group(self, param_group: Group) -> None:
        super().add_param_group(checked(param_group))

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"class": type(self).__name__}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        kind = type(self).__name__
        try:
            groups = state_dict["param_groups"]
            others = (NUMBERS.keys() | {"betas", "momentum", "maximize"}) - self.defaults.keys()
            if "class" not in state_dict and not any(others & group.keys() for group in groups):
                state_dict = state_dict | {"class": kind}  # as states were once; torch's have those
            if state_dict.get("class") != kind:
                raise ValueError(f"it is of {state_dict.get('class', 'a class of elsewhere')}")
            state_dict = state_dict | {"param_groups": [checked(group) for group in groups]}
            loaded(self, state_dict, torch.optim.Optimizer.load_state_dict)
        except Exception as error:
            raise ValueError(
                f"state_dict must be of {kind}, for parameters of these shapes, got another "
                f"({type(error).__name__}: {error})"
            ) from error
        super().load_state_dict(state_dict)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of every parameter that has a gradient; the others, and what is remembered of
        them, stay as they are.

        Args:
            closure: Computes the loss anew and calls ``backward``; its value is returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        dense_gradients(q for group in self.param_groups for q in group["params"])
        groups = [in_range(checked(group)) for group in self.param_groups]
        for group in groups:
            for theta in group["params"]:
                if theta.grad is not None:
                    self.update(theta, theta.grad, group)
        return loss

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        """Change θ in place, given g; ``self.state[theta]`` is what the last step left behind."""
        raise NotImplementedError

    def remembered(self, theta: Tensor, name: str) -> Tensor:
        """A tensor like θ that lasts from step to step; zeros at first."""
        state = self.state[theta]
        if name not in state:
            state[name] = torch.zeros_like(theta)
        return state[name]


def checked(group: Group) -> Group:
    """The group in Python's own numbers: finite and ≥ 0; β, β₁, β₂ and the dampening below 1."""
    group = dict(group)
    for name in NUMBERS.keys() & group.keys():
        below_0 = name == "lr" and "initial_lr" in group  # where a schedule may lead
        group[name] = hyperparameter(group[name], name, NUMBERS[name], below_0)
    if "betas" in group:
        betas = group["betas"]
        ordered = isinstance(betas, Sequence) or getattr(betas, "ndim", 0) == 1
        if isinstance(betas, str) or not ordered or len(betas) != 2:
            raise ValueError(f"betas must be a pair of numbers (β₁, β₂), got {shown(betas)}")
        group["betas"] = tuple(hyperparameter(betas[k], f"betas[{k}]", 1) for k in (0, 1))
    return group


def hyperparameter(value: Any, name: str, bound: float, below_0: bool = False) -> float:
    needed = f"a number, {'finite and at least 0' if bound > 1 else 'at least 0 and below 1'}"
    number = as_number(value, name, needed)
    if not 0 <= (abs(number) if below_0 else number) < bound:  # NaN too
        kind = ValueError if math.isfinite(number) else NotFiniteError
        raise kind(f"{name} must be {needed}, got {shown(value)}")
    return number


def in_range(group: Group) -> Group:
    """The group, if its numbers are some in the dtype of each parameter that is to move: Adam's
    α / (1 − β₁ᵗ) at t = 1, too, and ε not 0 where it is not meant to be."""
    beta1, _ = group.get("betas", (0, 0))
    for dtype in {theta.dtype for theta in group["params"] if theta.grad is not None}:
        limits = torch.finfo(dtype)
        for name in SCALES & group.keys():
            most = limits.max * (1 - beta1 if name == "lr" else 1)
            if abs(group[name]) > most:
                raise NotFiniteError(
                    f"{name} must be a number of the parameters' dtype, at most {most:.1e}, got "
                    f"{group[name]}"
                )
        if 0 < group.get("eps", 0) < (least := limits.tiny * limits.eps):
            raise ValueError(
                f"eps must be 0 or a number of {dtype}, at least {least:.1e}, got {group['eps']}"
            )
    return group


NUMBERS = {"lr": math.inf, "eps": math.inf, "weight_decay": math.inf, "beta": 1, "dampening": 1}
SCALES = {name for name, bound in NUMBERS.items() if bound > 1}


def penalised(theta: Tensor, g: Tensor, group: Group) -> Tensor:
    """g + ρθ, the gradient of loss + ½ρ‖θ‖²."""
    return g.add(theta, alpha=group["weight_decay"]) if group["weight_decay"] else g


class SGD(Optimizer):
    """θ ← θ − α g.

    Source: Robbins & Monro (1951), https://doi.org/10.1214/aoms/1177729586. Equals
    ``torch.optim.SGD`` with ``momentum=0``.

    Equation: (2.5).
    """

    def __init__(self, params: ParamsT, lr: float, weight_decay: float = 0) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        theta.add_(penalised(theta, g, group), alpha=-group["lr"])


class Momentum(Optimizer):
    """u ← β u + (1 − τ) g  (on the first step u ← g),    θ ← θ − α u.

    u is the velocity, β the ``beta``, τ the ``dampening``. A lasting gradient g moves θ by α(1 −
    τ)/(1 − β) g a step in the end: the effective step size. Source: Polyak (1964),
    https://doi.org/10.1016/0041-5553(64)90137-5, where α stands inside, u ← β u + α g. The two are
    the same while α is constant; here, as in ``torch.optim.SGD(momentum=β)``, a new α rescales the
    whole velocity. torch skips τ on the first step, and we with it; at β = 0 it skips τ altogether.
    Schedulers that also change the momentum (``OneCycleLR``) need ``cycle_momentum=False``.

    Equation: (7.1).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        beta: float = 0.9,
        dampening: float = 0,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr=lr, beta=beta, dampening=dampening, weight_decay=weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        state, g = self.state[theta], penalised(theta, g, group)
        if "u" in state:
            state["u"].mul_(group["beta"]).add_(g, alpha=1 - group["dampening"])
        else:
            state["u"] = g.clone()
        theta.add_(state["u"], alpha=-group["lr"])


class Nesterov(Optimizer):
    """u ← β u + g,    θ ← θ − α (g + β u).

    Nesterov's method takes g at the point ahead, y − αβu. This is the same method written for the
    point ahead, θ = y − αβu, so that g is taken at θ itself: Bengio, Boulanger-Lewandowski &
    Pascanu (2013), §3.5, https://doi.org/10.48550/arXiv.1212.0901 (while α and β are
    constant). Equals ``torch.optim.SGD(momentum=β, nesterov=True)``.

    Equations: (7.6), (7.7).
    """

    def __init__(
        self, params: ParamsT, lr: float, beta: float = 0.9, weight_decay: float = 0
    ) -> None:
        super().__init__(params, lr=lr, beta=beta, weight_decay=weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        g = penalised(theta, g, group)
        u = self.remembered(theta, "u")
        u.mul_(group["beta"]).add_(g)
        theta.add_(g.add(u, alpha=group["beta"]), alpha=-group["lr"])


class RMSprop(Optimizer):
    """ν ← β ν + (1 − β) g²,    θ ← θ − α g / (√ν + ε).

    ν, from 0, is a running mean of g²; it is not corrected for that start, so the first steps are
    up to 1/√(1 − β) times too long. torch calls β ``alpha``. Source: Tieleman & Hinton, lecture 6.5
    (2012); in print in Graves (2013), eq. 38-45, https://doi.org/10.48550/arXiv.1308.0850, with the
    mean of g subtracted (torch's ``centered``) and ε under the root; here, as in torch, outside.

    Equation: (7.8).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        beta: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr=lr, beta=beta, eps=eps, weight_decay=weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        g = penalised(theta, g, group)
        nu = self.remembered(theta, "nu")
        nu.mul_(group["beta"]).addcmul_(g, g, value=1 - group["beta"])
        theta.addcdiv_(g, nu.sqrt() + group["eps"], value=-group["lr"])


class Adam(Optimizer):
    """μ ← β₁ μ + (1 − β₁) g,    ν ← β₂ ν + (1 − β₂) g²,
    μ̂ = μ / (1 − β₁ᵗ),    ν̂ = ν / (1 − β₂ᵗ),    θ ← θ − α μ̂ / (√ν̂ + ε).

    μ and ν, from 0, are running means of g and g², t counts the steps of this parameter; the
    divisors correct the bias of a mean that starts at 0. Source: Kingma & Ba (2015), algorithm 1
    (where they are m and v), https://doi.org/10.48550/arXiv.1412.6980. The faster form at the end
    of the paper's §2 adds ε before the correction; here, as in ``torch.optim.Adam``, after.

    Equation: (7.9).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: Pair = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        self.adapt(theta, penalised(theta, g, group), group)

    def adapt(self, theta: Tensor, g: Tensor, group: Group) -> None:
        beta1, beta2 = group["betas"]
        mu, nu = self.remembered(theta, "mu"), self.remembered(theta, "nu")
        t = self.state[theta]["t"] = self.state[theta].get("t", 0) + 1
        mu.lerp_(g, 1 - beta1)
        nu.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        # ν̂ may overflow where its root does not: each is corrected after the root
        root = nu.sqrt() / math.sqrt(1 - beta2**t)
        theta.addcdiv_(mu, root + group["eps"], value=-group["lr"] / (1 - beta1**t))


class AdamW(Adam):
    """θ ← (1 − αρ) θ, then Adam's step with ρ = 0.

    The decay does not pass through the running means: all weights shrink by the same factor, at
    whatever scale the loss is. Source: Loshchilov & Hutter (2019), algorithm 2,
    https://doi.org/10.48550/arXiv.1711.05101. There ρ (λ in the paper) is multiplied by the
    schedule alone, here, as in ``torch.optim.AdamW``, by the whole step size α.

    Equation: (7.10).
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: Pair = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, theta: Tensor, g: Tensor, group: Group) -> None:
        theta.mul_(1 - group["lr"] * group["weight_decay"])
        self.adapt(theta, g, group)
