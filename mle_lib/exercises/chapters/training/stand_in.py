"""What a training step asks of PyTorch, in NumPy, for a page has no PyTorch.

A `Tensor` knows what it was made from, and how to turn a gradient with respect to itself into one
with respect to that. `backward` follows this down to a parameter, and adds to its `.grad`.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np


class Tensor:
    __array_ufunc__ = None  # an array times a tensor is a tensor

    def __init__(self, data: Any, *sources: tuple["Tensor", Callable[[Any], Any]]) -> None:
        self.data, self.sources, self.grad = np.asarray(data, float), sources, None

    shape, ndim = property(lambda self: self.data.shape), property(lambda self: self.data.ndim)
    device = "cpu"

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, at: Any) -> "Tensor":
        at = at.data.astype(int) if isinstance(at, Tensor) else at
        places = np.arange(self.data.size).reshape(self.shape)[at].ravel()
        return Tensor(self.data[at], (self, lambda g: self._counted(places, g)))

    def _counted(self, places: Any, g: Any) -> np.ndarray:
        return np.bincount(places, g.ravel(), self.data.size).reshape(self.shape)

    def __add__(self, other: Any) -> Any:
        return self._with(other, np.add, lambda g, _: g)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, np.multiply, np.multiply)

    def _with(self, other: Any, compute: Callable[..., Any], pull: Callable[..., Any]) -> Any:
        if not isinstance(other, Tensor | int | float | np.number | np.ndarray):
            return NotImplemented
        other = other if isinstance(other, Tensor) else Tensor(other)
        pairs = ((self, other), (other, self))
        sources = [(a, lambda g, a=a, b=b: _fit(pull(g, b.data), a.shape)) for a, b in pairs]
        return Tensor(compute(self.data, other.data), *sources)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Tensor":
        return -1 * self

    def __sub__(self, other: Any) -> Any:
        return self + -other

    def __rsub__(self, other: Any) -> Any:
        return other + -self

    def __truediv__(self, other: Any) -> Any:
        return self * (1 / other)

    add, sub, mul, div, neg = __add__, __sub__, __mul__, __truediv__, __neg__

    def sum(self, axis: Any = None, dim: Any = None, **_: Any) -> "Tensor":
        axis = dim if axis is None else axis
        kept = self.data.sum(axis, keepdims=True).shape
        pull = lambda g: np.broadcast_to(np.reshape(g, kept), self.shape)  # noqa: E731
        return Tensor(self.data.sum(axis), (self, pull))

    def mean(self, axis: Any = None, dim: Any = None, **_: Any) -> "Tensor":
        total = self.sum(axis, dim)
        return total * (total.data.size / self.data.size)

    def item(self) -> float:
        return float(self.data.item())

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return int(self.data.size)

    def tolist(self) -> Any:
        return self.data.tolist()

    def split(self, size: int) -> list["Tensor"]:
        return [self[start : start + size] for start in range(0, len(self), size)]

    def detach(self) -> "Tensor":
        return Tensor(self.data)

    def numpy(self, *_: Any, **__: Any) -> np.ndarray:
        return self.data

    def float(self, *_: Any, **__: Any) -> "Tensor":
        return self

    __float__, __array__, double, cpu, to = item, numpy, float, float, float

    def backward(self, gradient: Any = None, **_: Any) -> None:
        if gradient is None and self.data.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        g = 1.0 if gradient is None else np.asarray(gradient, np.float64)
        self.pass_on(np.broadcast_to(g, self.shape))

    def pass_on(self, g: Any) -> None:
        for source, pull in self.sources:
            source.pass_on(pull(g))


def _fit(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Of one number that was used for many, the sum."""
    return g if g.shape == shape else g.sum().reshape(shape)


class Array(np.ndarray):
    """With the methods of PyTorch's that write into it."""

    data = property(lambda self: self)

    def add_(self, other: Any, alpha: float = 1) -> "Array":
        self[...] = self + alpha * np.asarray(other)
        return self

    def sub_(self, other: Any, alpha: float = 1) -> "Array":
        return self.add_(other, -alpha)

    def mul_(self, other: Any) -> "Array":
        return self.copy_(self * np.asarray(other))

    def div_(self, other: Any) -> "Array":
        return self.copy_(self / np.asarray(other))

    def copy_(self, other: Any) -> "Array":
        self[...] = other
        return self

    def neg_(self) -> "Array":
        return self.mul_(-1)

    def zero_(self) -> "Array":
        return self.mul_(0)

    def clone(self) -> "Array":
        return self.copy()

    def detach(self) -> "Array":
        return self


class Parameter(Tensor):
    data: Any
    grad: Any

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.data = self.data.view(Array)

    def pass_on(self, g: Any) -> None:
        self.grad = (np.array(g) if self.grad is None else self.grad + g).view(Array)

    def add_(self, other: Any, alpha: float = 1) -> "Parameter":
        self.data.add_(other, alpha)
        return self

    def sub_(self, other: Any, alpha: float = 1) -> "Parameter":
        return self.add_(other, -alpha)

    __iadd__, __isub__ = add_, sub_


class Linear:
    """A model with the gradient $x$ at $x$: a step shows how much each sample weighs in it."""

    def __init__(self, theta: Any) -> None:
        self.theta = Parameter(np.array(theta, float))

    def parameters(self) -> Iterator[Parameter]:
        yield self.theta

    def zero_grad(self, set_to_none: bool = True) -> None:
        self.theta.grad = None if set_to_none else np.zeros(self.theta.shape)

    def train(self, mode: bool = True) -> "Linear":
        return self

    def __call__(self, x: Any) -> Tensor:
        x = np.asarray(x, float)
        return Tensor(x * self.theta.data, (self.theta, lambda g: (g * x).sum(0)))

    def log_prob(self, x: Any) -> Tensor:
        return self(x).sum(1)


_pairs = cache(np.tril_indices)  # a weight for each; they are asked for at every step


class FVSBN(Linear):
    """Parameters, variable by variable: its weights, then its bias."""

    def __call__(self, x: Any) -> Tensor:
        x = np.asarray(x, float)
        i, k = _pairs(x.shape[1])
        inputs = np.where(k < i, x[:, k], 1.0)
        signs, first = 2 * x - 1, np.flatnonzero(k == 0)
        z = signs * np.add.reduceat(inputs * self.theta.data, first, axis=1)
        residuals = signs * np.exp(-np.logaddexp(0, z))
        pull = lambda g: ((g * residuals)[:, i] * inputs).sum(0)  # noqa: E731
        return Tensor(-np.logaddexp(0, -z), (self.theta, pull))


class SGD:
    def __init__(self, model: Linear, lr: float) -> None:
        self.model, self.zero_grad = model, model.zero_grad
        self.param_groups: list[dict[str, Any]] = [{"params": [*model.parameters()], "lr": lr}]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = closure() if closure else None
        for parameter in self.param_groups[0]["params"]:
            if parameter.grad is not None:
                lr = self.param_groups[0]["lr"]
                parameter.data = parameter.data - lr * np.asarray(parameter.grad)
        return loss
