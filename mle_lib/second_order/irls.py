"""Newton's method for the FVSBN, block by block: iteratively reweighted least squares."""

import torch
from torch import Tensor
from torch.nn import functional as F

from mle_lib.checks import check_dense, check_not_negative
from mle_lib.models import FVSBN, LowerLinear, bernoulli_log_prob
from mle_lib.models.evaluation import as_built, finite_parameters, put_back

DAMPING = (0.0, *(10.0**k for k in range(-18, 1)))  # τ, tried in turn
NEWTON_STEPS = 200  # about ten are usual; 71 were seen from σ's of 0 and 1 everywhere
SMALL_GAIN = 1e-20  # nats a sample that a step promises; rounding allows no better use of it
NEAR_THE_TOP = 1e-12  # where a step promises less, ℓ has a top nearby, or none and is flat here
# At a finite maximum some sample errs in every direction. How small that can make the curvature is
# not known to us; in all data tried it was far above this
FLAT = 1e-10


class Conditional:
    """log p(x_i | x_<i; θ_i) of an FVSBN on weighted rows: a logistic regression, concave in θ_i.

    Its height is Σ_s w_s log p(x_i^(s) | x_<i^(s); θ_i) − ½ ρ ‖θ_i‖²; with weights 1/m, the mean
    over the data.

    Args:
        rows: ``(k, n)``, 0s and 1s, float64.
        weights: w, ``(k,)``.
        i: Which variable, counted from 0.
        ridge: ρ, on the scale of the mean.
    """

    def __init__(self, rows: Tensor, weights: Tensor, i: int, ridge: float) -> None:
        self.seen = F.pad(rows[:, :i], (1, 0), value=1.0)  # x̃ = (1, x_<i), (k, i + 1)
        self.target, self.weights, self.ridge = rows[:, i], weights, ridge

    def height(self, theta: Tensor) -> Tensor:
        log_p = bernoulli_log_prob(self.seen @ theta, self.target)
        return self.weights @ log_p - self.ridge / 2 * theta @ theta

    def gradient(self, theta: Tensor) -> Tensor:
        """Error times input (2.3), ``(i + 1,)``."""
        sign = 2 * self.target - 1
        error = sign * torch.sigmoid(-sign * (self.seen @ theta))  # x − σ(z), not rounded to 0
        return self.seen.T @ (self.weights * error) - self.ridge * theta

    def curvature(self, theta: Tensor) -> Tensor:
        """H_i + ρ I = Σ_s w_s σ(1 − σ) x̃ x̃ᵀ + ρ I, ``(i + 1, i + 1)``, (2.6)."""
        z = self.seen @ theta
        return self._weighted(torch.sigmoid(z) * torch.sigmoid(-z))

    def bound(self) -> Tensor:
        """B_i + ρ I with ¼ in place of σ(1 − σ): no smaller than the curvature at any θ."""
        return self._weighted(torch.full_like(self.target, 0.25))

    def _weighted(self, factor: Tensor) -> Tensor:
        matrix = (self.seen.T * (self.weights * factor)) @ self.seen
        matrix.diagonal().add_(self.ridge)
        return matrix


def newton(model: FVSBN, x: Tensor, ridge: float = 0.0) -> list[float]:
    """Maximise ℓ(θ) − ½ ρ ‖θ‖² by damped Newton steps from the model's θ, in place, over all
    parameters (frozen ones too).

    An FVSBN is n logistic regressions, each with parameters θ_i of its own (biases included), so
    each makes its own steps, known as iteratively reweighted least squares:

        θ_i ← θ_i + (H_i + τ B_i)⁻¹ ḡ_i.

    B_i is H_i with σ(1 − σ) replaced by its largest value, ¼ (the ridge is part of all three). As
    B_i bounds the curvature everywhere, a step with τ = 1 climbs from any θ_i; τ is the first of 0,
    10⁻¹⁸, 10⁻¹⁷, …, 1 whose step climbs enough. It ends when a step with τ = 0 promised less
    than 1e-20 nats and moved θ_i by less than a thousandth. All is computed in float64, then
    written back in the model's dtype.
    Sources: Nelder & Wedderburn (1972), https://doi.org/10.2307/2344614; for the bound, Böhning &
    Lindsay (1988), https://doi.org/10.1007/BF00049423.

    Equation: (12.1).

    Args:
        model: An ``FVSBN``.
        x: Data, ``(m, n)``; equal rows are counted, not repeated.
        ridge: ρ ≥ 0, on the scale of ℓ. −½ ρ ‖θ‖² is the log-density of a normal prior with mean 0
            and variance 1/ρ on each parameter; it makes the maximum finite and unique.

    Returns:
        (ℓ(θ) − ½ ρ ‖θ‖²)/m in nats, at the start and after each step of all the blocks.

    Raises:
        ValueError: If ``model`` is not an FVSBN as its class makes it, ``x`` not a non-empty ``(m,
            n)`` tensor of 0s and 1s, ``ridge`` negative or so small that it is lost in rounding, θ
            not finite, or 200 steps not enough. With ``ridge`` = 0 also if ℓ has no finite maximum:
            where a variable is constant, or those before it separate its 0s from its 1s (Albert &
            Anderson 1984, https://doi.org/10.1093/biomet/71.1.1). The model is unchanged then.
    """
    x = _rows(model, x)
    ridge = check_not_negative(ridge, "ridge")
    constant = (x == x[0]).all(0).nonzero().flatten().tolist()
    if constant and not ridge:
        raise ValueError(
            f"x must have no constant column for ℓ to have a finite maximum, got {constant} "
            "(counted from 0); a ridge > 0 makes it finite"
        )
    states, counts = x.unique(dim=0, return_counts=True)
    theta, paths = finite_parameters(model), []
    for i in range(model.n):
        block = Conditional(states, counts.double() / len(x), i, ridge / len(x))
        # If columns before i depend linearly on each other, the last of them is separated by the
        # others: it was found before, so that the curvature of this block is regular
        end, heights = _climb(block, theta[model.block(i)])
        if end is None:
            raise ValueError(
                f"x must have a finite maximum of ℓ, but variable {i} (counted from 0) has none: "
                "those before it separate its 0s from its 1s; a ridge > 0 makes it finite"
            )
        theta[model.block(i)] = end
        paths.append(heights)
    sizes = [parameter.numel() for parameter in model.parameters()]
    with put_back(model), torch.no_grad():
        for parameter, part in zip(model.parameters(), theta.split(sizes), strict=True):
            parameter.copy_(part.view_as(parameter))
    steps = max(map(len, paths))
    return [sum(path[min(t, len(path) - 1)] for path in paths) for t in range(steps)]


def _climb(block: Conditional, theta: Tensor) -> tuple[Tensor | None, list[float]]:
    """Damped Newton steps to the top of one block (``None`` if there is none), and its heights."""
    bound, heights = block.bound(), [block.height(theta)]
    for _ in range(NEWTON_STEPS):
        gradient, H = block.gradient(theta), block.curvature(theta)
        for tau in DAMPING:
            step = torch.linalg.solve_ex(H + tau * bound, gradient).result
            height = block.height(theta + step)
            enough = 1e-4 * gradient @ step - 1e-13 * height.abs()  # less 1000 rounding errors
            if height - heights[-1] >= enough:  # False for NaN
                break
        else:
            raise ValueError("ridge must be larger: the curvature is singular to rounding")
        theta = theta + step
        heights.append(height)
        gain = gradient @ step
        if gain < NEAR_THE_TOP and not block.ridge and _is_flat(block.curvature(theta), bound):
            return None, []
        # a tiny ridge lets θ go far where hardly a nat is left to gain
        near = step.norm() <= 1e-3 * (1 + theta.norm())
        if gain < SMALL_GAIN and tau == 0 and near:
            return theta, [float(h) for h in heights]
    raise ValueError(
        f"model must start nearer to the maximum: {NEWTON_STEPS} steps were not enough (a larger "
        "ridge needs fewer)"
    )


def _is_flat(H: Tensor, bound: Tensor) -> bool:
    """Whether vᵀHv < 1e-10 · vᵀBv in some direction v: there θ runs off to infinity."""
    root = torch.linalg.cholesky(bound)  # regular, or an earlier variable is separated (see newton)
    half = torch.linalg.solve_triangular(root, H, upper=False)
    ratios = torch.linalg.solve_triangular(root, half.T, upper=False)
    return bool(torch.linalg.eigvalsh(ratios)[0] < FLAT)


def newton_direction(model: FVSBN, x: Tensor, gradient: Tensor, ridge: float = 0.0) -> Tensor:
    """(H + ρ I)⁻¹ g, block by block: where an undamped Newton step would go.

    With ``x`` a part of the data, H is the *sub-sampled* curvature; with a mini-batch estimate for
    g, the step is a noisy one.

    Equation: (12.1).

    Args:
        model: An ``FVSBN``.
        x: Rows to take H from, ``(k, n)``.
        gradient: g, flat ``(p,)``, such as ḡ.
        ridge: ρ ≥ 0, on the scale of H, that is of ℓ/m.

    Returns:
        A flat ``(p,)`` float64 tensor.

    Raises:
        ValueError: If an argument is wrong, or H + ρ I is singular.
    """
    rows, theta = _rows(model, x), finite_parameters(model)
    ridge = check_not_negative(ridge, "ridge")
    if check_dense(gradient, "gradient").shape != theta.shape:
        got = tuple(gradient.shape)
        raise ValueError(f"gradient must be a tensor of shape {(len(theta),)}, got {got}")
    result, weights = torch.empty_like(theta), torch.full_like(rows[:, 0], 1 / len(rows))
    for i in range(model.n):
        H = Conditional(rows, weights, i, ridge).curvature(theta[model.block(i)])
        result[model.block(i)] = solve_definite(H, gradient[model.block(i)].double(), "ridge")
    return result.detach()


def _rows(model: FVSBN, x: Tensor) -> Tensor:
    """``x``, checked, in float64; the model must be as its class makes it."""
    plain = type(model) is FVSBN and as_built(model) and type(model.linear) is LowerLinear
    if not plain or not model.linear.intact():
        raise ValueError(
            "model must be an FVSBN as its class makes it (newton computes its logits itself), got "
            f"a {type(model).__name__} that may compute something else"
        )
    return model.prepare(x).detach().double()


def solve_definite(matrix: Tensor, right: Tensor, remedy: str) -> Tensor:
    """matrix⁻¹ right for a positive semidefinite matrix that must not be singular."""
    if not matrix.isfinite().all():
        raise ValueError("model must have a finite curvature, got NaN or infinite entries")
    eigenvalues = torch.linalg.eigvalsh(matrix)
    if not eigenvalues[0] > 1e-14 * len(matrix) * eigenvalues[-1]:
        raise ValueError(
            f"{remedy} must be larger: the matrix to invert is singular (eigenvalues "
            f"{float(eigenvalues[0]):.1e} to {float(eigenvalues[-1]):.1e})"
        )
    return torch.linalg.solve(matrix, right)
