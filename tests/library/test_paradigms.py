"""VAE and GAN, in models small enough to sum over all x and to integrate over all z."""

import math
from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from mle_lib.data import all_states
from mle_lib.models import bernoulli_log_prob
from mle_lib.paradigms import (
    GAN,
    VAE,
    GameNoise,
    bound_gradients,
    fooling_gradients,
    fooling_value,
    game_value,
)
from tests.cases import binary
from tests.library.test_models import BAD_X

N = 3


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vae(latent: int = 1, n: int = N, hidden: int = 4, device: str = "cpu") -> VAE:
    """Random weights in float64, with a q that is far from the posterior."""
    model, generator = VAE(n, hidden, latent).double(), seeded(7)
    for part, scale in ((model.encoder, 0.5), (model.decoder, 1.0)):
        for parameter in part.parameters():
            drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            parameter.data = scale * drawn
    return model.to(device)


def gan(device: str = "cpu", **options: float) -> GAN:
    return GAN(N, 4, latent=2, generator=seeded(), **options).double().to(device)


def epsilon_grid(k: int, points: int = 61) -> tuple[torch.Tensor, torch.Tensor]:
    """All k-tuples of points of a trapezoid rule for N(0, 1): ε ``(k, points^k, 1)``, weights."""
    axis = torch.linspace(-9, 9, points, dtype=torch.float64)
    weight = (-(axis**2) / 2).softmax(0)  # φ(ε) times the spacing
    tuples = torch.cartesian_prod(*[torch.arange(points)] * k).view(-1, k).T
    return axis[tuples][..., None], weight[tuples].prod(0)


def expected_iwae(model: VAE, x: torch.Tensor, k: int) -> torch.Tensor:
    """E[log mean_k w] for each row, summed over the grid of z_1 … z_k."""
    noise, weight = epsilon_grid(k)
    rows = [model.iwae(row.expand(len(weight), -1), noise) @ weight for row in x]
    return torch.stack(rows)


# --- the VAE's p(x) ---


@pytest.mark.parametrize("latent", [1, 2])
def test_probabilities_sum_to_one(latent, device, deviation) -> None:
    model = vae(latent, n=6, device=device)
    total = model.log_prob(all_states(6).to(device)).exp().sum()
    deviation((total - 1).abs(), 1e-12)


def naive_joint(model: VAE, x: list[float], z: float) -> float:
    """p(x, z) in plain Python numbers, latent = 1."""
    W, c, V, a = (q.detach().numpy() for q in model.decoder.parameters())
    logits = V @ np.tanh(W[:, 0] * z + c) + a
    p = 1 / (1 + np.exp(-logits))
    bernoulli = math.prod(p_i if x_i else 1 - p_i for p_i, x_i in zip(p, x, strict=True))
    return bernoulli * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def test_log_prob_equals_adaptive_quadrature(deviation) -> None:
    model, x = vae(), all_states(N)
    for row, ours in zip(x.tolist(), model.log_prob(x), strict=True):
        integral, _ = quad(
            lambda z, row=row: naive_joint(model, row, z), -12, 12, epsabs=1e-14, limit=200
        )
        deviation(abs(math.log(integral) - ours.item()), 1e-12)


def test_log_prob_in_two_dimensions_equals_gauss_hermite(deviation) -> None:
    model, x = vae(2), all_states(N)
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(150))
    z = torch.cartesian_prod(nodes, nodes)
    weight = torch.cartesian_prod(weights, weights).prod(1) / (2 * math.pi)
    p = torch.sigmoid(model.decoder(z))  # (150², n)
    expected = torch.stack([torch.where(row == 1, p, 1 - p).prod(1) @ weight for row in x]).log()
    deviation((model.log_prob(x) - expected).abs().max(), 1e-8)  # Gauss–Hermite's own error


@pytest.mark.parametrize("latent", [1, 2])
def test_the_grid_is_fine_enough_and_reaches_far_enough(latent, deviation) -> None:
    model, x = vae(latent), all_states(N)
    deviation((model.log_prob(x) - model.log_prob(x, points=400)).abs().max(), 1e-12)


def test_the_gradient_of_log_prob_equals_finite_differences(deviation) -> None:
    model, x, h = vae(), binary(5, N), 1e-5
    gradients = torch.autograd.grad(model.log_prob(x).sum(), model.decoder.parameters())
    for parameter, gradient in zip(model.decoder.parameters(), gradients, strict=True):
        for index in product(*map(range, parameter.shape)):
            heights = []
            for sign in (1, -1):
                with torch.no_grad():
                    parameter[index] += sign * h
                    heights.append(model.log_prob(x).sum())
                    parameter[index] -= sign * h
            difference = (heights[0] - heights[1]) / (2 * h)
            deviation((difference - gradient[index]).abs(), 1e-8)


def test_samples_are_drawn_from_p() -> None:
    """Chi-square of 40,000 samples over all 8 states; false-alarm rate 1e-4, seed fixed."""
    from scipy.stats import chisquare

    model, k = vae(2), 40_000
    x = model.sample(k, seeded())
    assert set(x.unique().tolist()) == {0.0, 1.0}
    counts = torch.bincount((x @ torch.tensor([4.0, 2, 1]).double()).long(), minlength=8)
    expected = k * model.log_prob(all_states(N)).exp().detach()
    assert chisquare(counts.numpy(), expected.numpy(), sum_check=False).pvalue > 1e-4
    assert torch.equal(x, model.sample(k, seeded()))


# --- its bounds ---


def posterior_divergence(model: VAE, row: torch.Tensor) -> float:
    """KL(q(z|x) ‖ p(z|x)) = ∫ q (log q − log p(x, z) + log p(x)) dz, by adaptive quadrature."""
    mean, log_s = (value.item() for value in model.encode(row))
    log_p = math.log(quad(lambda z: naive_joint(model, row.tolist(), z), -12, 12, limit=200)[0])

    def integrand(z: float) -> float:
        log_q = -(((z - mean) / math.exp(log_s)) ** 2) / 2 - log_s - math.log(2 * math.pi) / 2
        return math.exp(log_q) * (log_q - math.log(naive_joint(model, row.tolist(), z)) + log_p)

    reach = 9 * math.exp(log_s)
    return quad(integrand, mean - reach, mean + reach, limit=200)[0]


@pytest.mark.parametrize("analytic", [True, False])
def test_the_elbo_is_log_p_minus_the_divergence_from_the_posterior(analytic, deviation) -> None:
    model, (noise, weight) = vae(), epsilon_grid(1, 301)
    for row in all_states(N):
        expected = model.elbo(row.expand(len(weight), -1), noise, analytic) @ weight
        gap = posterior_divergence(model, row)
        assert gap > 0.01
        deviation((model.log_prob(row[None]) - expected - gap).abs().max(), 1e-10)


def test_the_closed_form_of_the_divergence_from_the_prior(deviation) -> None:
    """Both forms of the ELBO have one mean, in two dimensions too."""
    model, (noise, weight) = vae(2), epsilon_grid(2)
    noise = noise[..., 0].T[None]  # (1, points², 2)
    for row in all_states(N):
        rows = row.expand(len(weight), -1)
        both = [model.elbo(rows, noise, analytic) @ weight for analytic in (True, False)]
        deviation((both[0] - both[1]).abs(), 1e-10)


def test_the_bounds_are_in_order(deviation) -> None:
    """ELBO = IWAE_1 < IWAE_2 < IWAE_3 < log p, expectations exact, for every x."""
    model, x = vae(), all_states(N)
    noise, weight = epsilon_grid(1)
    bounds = [expected_iwae(model, x, k) for k in (1, 2, 3)]
    elbo = torch.stack([model.elbo(row.expand(len(weight), -1), noise) @ weight for row in x])
    deviation((elbo - bounds[0]).abs().max(), 1e-10)
    for lower, upper in zip(bounds, [*bounds[1:], model.log_prob(x)], strict=True):
        assert (upper - lower).min() > 1e-3


def test_the_weights_have_mean_p(deviation) -> None:
    """E_q[w] = ∫ q w dz = p(x): far in q's tails, where p(x, z) may still be large, q w is not to
    be computed as q times w."""
    model, x = vae(), all_states(N)
    axis = torch.linspace(-40, 40, 2001, dtype=torch.float64)
    log_q = (-(axis**2) / 2).log_softmax(0)
    log_w = [model(row.expand(2001, -1), axis[None, :, None])[0] for row in x]
    means = torch.logsumexp(torch.stack(log_w) + log_q, 1)
    deviation((means - model.log_prob(x)).abs().max(), 1e-12)


def test_iwae_of_given_weights_is_the_log_of_their_mean(device, deviation) -> None:
    """Against the formula in plain steps; mean and log swapped is the ELBO, and lower."""
    model, x = vae(2, device=device), binary(6, N).to(device)
    noise = torch.randn(5, 6, 2, generator=seeded(), dtype=torch.float64).to(device)
    mean, log_s = model.encode(x)
    weights = []
    for epsilon in noise:
        z = mean + log_s.exp() * epsilon
        p = torch.sigmoid(model.decoder(z))
        joint = torch.where(x == 1, p, 1 - p).prod(1) * (-(z**2) / 2).exp().prod(1)
        weights.append(joint / ((-(epsilon**2) / 2).exp() / log_s.exp()).prod(1))
    w = torch.stack(weights)
    deviation((model.iwae(x, noise) - w.mean(0).log()).abs().max(), 1e-12)
    swapped = model.elbo(x, noise, analytic=False)
    deviation((swapped - w.log().mean(0)).abs().max(), 1e-12)
    assert (model.iwae(x, noise) - swapped).min() > 1e-2
    deviation((model.iwae(x, noise[:1]) - w[0].log()).abs().max(), 1e-12)


@pytest.mark.parametrize("k", [1, 3])
def test_random_draws_agree_with_the_exact_expectation(k) -> None:
    """Mean of 40,000 draws within 4 standard errors for each of 8 x: false-alarm rate below 6e-4,
    seed fixed."""
    model, draws = vae(), 40_000
    for row, expected in zip(all_states(N), expected_iwae(model, all_states(N), k), strict=True):
        values = model.iwae(row.expand(draws, -1), model.draw_noise(k, draws, seeded(k)))
        assert (values.mean() - expected).abs() < 4 * values.std() / draws**0.5


def test_the_expected_gradient_is_that_of_the_expected_bound(deviation) -> None:
    """By the encoder's weights too: the expectation over ε of the gradient, against finite
    differences of log p − KL(q ‖ posterior)."""
    model, row, (noise, weight) = vae(), all_states(N)[5], epsilon_grid(1, 301)
    parameter, h = model.encoder[2].bias, 1e-4
    expected = model.elbo(row.expand(len(weight), -1), noise) @ weight
    (gradient,) = torch.autograd.grad(expected, parameter)
    for k in range(2):
        heights = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter[k] += sign * h
                heights.append(model.log_prob(row[None]).item() - posterior_divergence(model, row))
                parameter[k] -= sign * h
        deviation(abs((heights[0] - heights[1]) / (2 * h) - gradient[k].item()), 1e-7)


# --- the GAN's game ---


def logits_of(p_data: torch.Tensor, p_g: torch.Tensor) -> torch.Tensor:
    return p_data.log() - p_g.log()  # σ of it is p_data / (p_data + p_g)


def test_the_best_discriminator_and_its_value(deviation) -> None:
    """Four states with probabilities in eighths, so that eight rows are the distribution."""
    real = torch.tensor([0, 0, 0, 0, 1, 1, 2, 3])
    fake = torch.tensor([0, 1, 1, 2, 2, 2, 3, 3])
    p_data, p_g = (torch.bincount(rows).double() / 8 for rows in (real, fake))
    a = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    best = torch.optim.LBFGS([a], max_iter=100, tolerance_grad=1e-13, tolerance_change=0.0)

    def loss() -> torch.Tensor:
        best.zero_grad()
        value = -game_value(a[real], a[fake])
        value.backward()
        return value

    for _ in range(3):
        best.step(loss)
    deviation((torch.sigmoid(a) - p_data / (p_data + p_g)).abs().max(), 1e-8)
    middle = (p_data + p_g) / 2
    kl = [(p * (p / middle).log()).sum() for p in (p_data, p_g)]
    shannon = sum(kl) / 2
    deviation((game_value(a[real], a[fake]) - (2 * shannon - math.log(4))).abs(), 1e-12)
    assert shannon > 0.01


def test_the_two_generator_losses_differ_by_the_odds(deviation) -> None:
    a = torch.linspace(-30, 30, 61, dtype=torch.float64, requires_grad=True)
    (saturating,) = torch.autograd.grad(fooling_value(a, saturating=True), a)
    (other,) = torch.autograd.grad(fooling_value(a, saturating=False), a)
    D = torch.sigmoid(a)
    deviation((saturating * 61 - D).abs().max(), 1e-15)
    deviation((other * 61 - torch.sigmoid(-a)).abs().max(), 1e-15)
    deviation((saturating / other / (D / torch.sigmoid(-a)) - 1).abs().max(), 1e-12)


def test_values_are_exact_where_naive_ones_overflow() -> None:
    lost, won = torch.tensor([-800.0]), torch.tensor([800.0])
    assert game_value(won, lost) == 0
    assert game_value(lost, won) == -1600
    assert fooling_value(lost, saturating=True) == 0
    assert fooling_value(won, saturating=True) == 800
    assert fooling_value(lost, saturating=False) == -800


@pytest.mark.parametrize("saturating", [True, False])
def test_values_equal_naive_ones(saturating, device, deviation) -> None:
    model, x = gan(device, blur=0.3), binary(5, N).to(device)
    noise = model.draw_noise(5, torch.Generator(device).manual_seed(0))

    def D(image: torch.Tensor) -> torch.Tensor:
        layer, _, last = model.discriminator
        h = image @ layer.weight.T + layer.bias
        h = torch.where(h > 0, h, 0.2 * h)
        return 1 / (1 + (-(h @ last.weight.T + last.bias)).exp())

    inner, _, outer, _ = model.generator
    h = noise.z @ inner.weight.T + inner.bias
    h = torch.where(h > 0, h, 0.2 * h)
    grey = 1 / (1 + (-(h @ outer.weight.T + outer.bias)).exp())
    real, fake = D(x + 0.3 * noise.real), D(grey + 0.3 * noise.fake)
    value = (real.log() + (1 - fake).log()).mean()
    deviation((model.discriminator_value(x, noise) - value).abs(), 1e-14)
    ascended = -(1 - fake).log().mean() if saturating else fake.log().mean()
    deviation((model.generator_value(noise, saturating) - ascended).abs(), 1e-14)


def test_the_saturating_value_is_the_same_game(deviation) -> None:
    """By G's weights, −V and the saturating value have one gradient; D's own term drops out."""
    model, x = gan(), binary(6, N)
    noise, weights = model.draw_noise(6, seeded()), list(model.generator.parameters())
    game = torch.autograd.grad(-model.discriminator_value(x, noise), weights)
    ours = torch.autograd.grad(model.generator_value(noise, saturating=True), weights)
    for a, b in zip(game, ours, strict=True):
        deviation((a - b).abs().max(), 1e-15)
        assert a.abs().max() > 0


def test_generated_samples_are_the_rounded_grey_levels() -> None:
    model = gan()
    x = model.sample(50, seeded())
    grey = model.generator(model.draw_noise(50, seeded()).z)
    assert torch.equal(x, grey.round())
    assert torch.equal(x, model.sample(50, seeded()))


# --- gradients sample by sample ---


@pytest.mark.parametrize("bound", ["elbo", "iwae"])
def test_rows_of_a_bound_equal_one_backward_pass_each(bound, device, deviation) -> None:
    model, x = vae(2, device=device), binary(4, N).to(device)
    noise = torch.randn(3, 4, 2, generator=seeded(), dtype=torch.float64).to(device)
    rows = bound_gradients(model, x, noise, bound)
    for j in range(4):
        value = getattr(model, bound)(x[j : j + 1], noise[:, j : j + 1])
        expected = torch.autograd.grad(value.sum(), model.parameters())
        deviation((rows[j] - torch.cat([g.flatten() for g in expected])).abs().max(), 1e-13)


@pytest.mark.parametrize("saturating", [True, False])
def test_rows_of_the_generator_equal_one_backward_pass_each(saturating, device, deviation) -> None:
    model = gan(device)
    noise = model.draw_noise(4, torch.Generator(device).manual_seed(0))
    rows = fooling_gradients(model, noise, saturating)
    for j in range(4):
        value = model.generator_value(GameNoise(*(v[j : j + 1] for v in noise)), saturating)
        expected = torch.autograd.grad(value, model.generator.parameters())
        deviation((rows[j] - torch.cat([g.flatten() for g in expected])).abs().max(), 1e-13)


# --- both ---


@pytest.mark.parametrize(
    "kind", [lambda g: VAE(4, 5, generator=g), lambda g: GAN(4, 5, generator=g)]
)
def test_a_seed_fixes_the_start_and_the_noise(kind) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (kind(seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for a, b, c in zip(first.parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
        assert not torch.equal(a, c)
        assert a.dtype == torch.float32


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_models_choose_type_and_device(dtype, device) -> None:
    x, generator = binary(4, N).to(device), torch.Generator(device).manual_seed(0)
    bound, game = VAE(N, 4).to(device, dtype), GAN(N, 4).to(device, dtype)
    noise = bound.draw_noise(2, 4, generator)
    values = [
        bound.log_prob(x),
        bound.elbo(x, noise),
        bound.iwae(x, noise),
        bound.sample(2, generator),
    ]
    noise = game.draw_noise(4, generator)
    values += [game.discriminator_value(x, noise), game.generator_value(noise)]
    values.append(game.sample(2, generator))
    for value in values:
        assert value.dtype == dtype
        assert value.device.type == device


@pytest.mark.parametrize(("bad", "message"), BAD_X)
def test_bad_data_are_named(bad, message) -> None:
    model, game = VAE(3, 5), GAN(3, 5)
    noise = torch.zeros(1, 4, 2)
    calls = [
        lambda: model.elbo(bad, noise),
        lambda: model.iwae(bad, noise),
        lambda: model.log_prob(bad),
        lambda: bound_gradients(model, bad, noise),
        lambda: game.discriminator_value(bad, game.draw_noise(4)),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call()


def test_log_prob_of_many_rows_is_that_of_each(deviation) -> None:
    model, x = vae(2), binary(250, N)
    each = torch.cat([model.log_prob(x[j : j + 1]) for j in range(250)])
    deviation((model.log_prob(x) - each).abs().max(), 1e-12)


def test_starts_fill_the_range_that_is_stated() -> None:
    for model in (VAE(9, 400, generator=seeded()), GAN(9, 400, 16, generator=seeded())):
        for layer in (part for part in model.modules() if isinstance(part, torch.nn.Linear)):
            bound = layer.in_features**-0.5
            assert 0.95 * bound < layer.weight.abs().max() <= bound
            assert layer.bias.abs().max() <= bound


def test_defaults_are_those_that_are_stated() -> None:
    model, game, x = vae(2), gan("cpu"), binary(4, N)
    noise, draws = model.draw_noise(2, 4, seeded()), game.draw_noise(4, seeded())
    assert torch.equal(model.elbo(x, noise), model.elbo(x, noise, analytic=True))
    assert not torch.equal(model.elbo(x, noise), model.elbo(x, noise, analytic=False))
    assert torch.equal(game.generator_value(draws), game.generator_value(draws, saturating=False))
    assert not torch.equal(
        game.generator_value(draws), game.generator_value(draws, saturating=True)
    )
    assert GAN(4, 5).blur == 0.5
    assert not model.sample(2, seeded()).requires_grad
    assert not game.sample(2, seeded()).requires_grad
    assert model.elbo(x, noise.float()).dtype == torch.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: VAE(0, 5), "n must be .* at least 1, got 0"),
        (lambda: VAE(4, 0), "hidden must be .* at least 1, got 0"),
        (lambda: VAE(4, 5, latent=0), "latent must be .* at least 1, got 0"),
        (lambda: GAN(0, 5), "n must be .* at least 1, got 0"),
        (lambda: GAN(4, 0), "hidden must be .* at least 1, got 0"),
        (lambda: GAN(4, 5, latent=0), "latent must be .* at least 1, got 0"),
        (lambda: GAN(4, 5, blur=-1.0), "blur must be .* at least 0, got -1.0"),
        (lambda: VAE(4, 5, latent=3).log_prob(binary(2, 4)), "latent must be at most 2 .* got 3"),
        (lambda: VAE(4, 5).log_prob(binary(2, 4), points=1), "points must be .* got 1"),
        (
            lambda: bound_gradients(VAE(4, 5), binary(2, 4), torch.zeros(1, 2, 2), "kl"),
            "bound must be elbo or iwae, got 'kl'",
        ),
        (lambda: VAE(4, 5).sample(0), "k must be .* got 0"),
        (lambda: VAE(4, 5).draw_noise(0, 1), "k must be .* got 0"),
        (lambda: VAE(4, 5).draw_noise(1, 0), "b must be .* got 0"),
        (lambda: GAN(4, 5).sample(0), "k must be .* got 0"),
        (lambda: GAN(4, 5).draw_noise(0), "b must be .* got 0"),
    ],
)
def test_bad_numbers_are_named(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "bad", [None, torch.zeros(3, 2), torch.zeros(0, 3, 2), torch.zeros(1, 2, 2)]
)
def test_bad_noise_of_a_vae_is_named(bad) -> None:
    rows = partial(bound_gradients, VAE(4, 5))
    for bound in (VAE(4, 5).elbo, VAE(4, 5).iwae, rows):
        with pytest.raises(ValueError, match=r"noise( must have shape .*, got|=)"):
            bound(binary(3, 4), bad)


def test_bad_noise_of_a_gan_is_named() -> None:
    model = GAN(4, 5, latent=2)
    good, x = model.draw_noise(3), binary(3, 4)
    with pytest.raises(ValueError, match=r"(?s)parameter noise=.*GameNoise"):
        model.generator_value(good.z)
    for name, value in (("z", torch.zeros(3, 4)), ("fake", torch.zeros(2, 4)), ("real", good.z)):
        with pytest.raises(ValueError, match=rf"noise\.{name} must have shape \(b, .*, got"):
            model.discriminator_value(x, good._replace(**{name: value}))
    with pytest.raises(ValueError, match="noise must have a row for each of 2 x, got 3"):
        model.discriminator_value(x[:2], good)
    with pytest.raises(ValueError, match="parameter z="):
        model.generator_value(GameNoise(None, good.fake, good.real))


@pytest.mark.parametrize("size", [1.0, 1e5, 1e7])
def test_log_p_of_sure_decoders_is_that_of_bernoulli_variables(size: float) -> None:
    vae = VAE(6, 4, 1)
    bias = size * torch.tensor([1.2345678, -0.3333, 0.777777, 1.11111, -0.987654, 0.5])
    with torch.no_grad():
        vae.decoder[2].weight.zero_()
        vae.decoder[2].bias.copy_(bias)
    for x in ((bias > 0).float()[None], (bias < 0).float()[None]):
        exact = bernoulli_log_prob(bias, x).sum(1)
        torch.testing.assert_close(vae.log_prob(x).detach(), exact, rtol=1e-6, atol=1e-5)
        assert vae.log_prob(x) <= 1e-6


def test_a_part_of_another_size_is_not_broadcast() -> None:
    x = binary(5, 4)
    vae = VAE(4, 6, 2)
    noise = vae.draw_noise(2, 5)
    vae.encoder = torch.nn.Linear(4, 2)
    for call in (vae.elbo, vae.iwae, lambda x, e: bound_gradients(vae, x, e)):
        with pytest.raises(ValueError, match="encoder must give 4 numbers"):
            call(x, noise)
    vae = VAE(4, 6, 2)
    vae.decoder = torch.nn.Linear(2, 1)
    for call in (lambda: vae.elbo(x, noise), lambda: vae.log_prob(x, 5), lambda: vae.sample(2)):
        with pytest.raises(ValueError, match="decoder must give 4 numbers"):
            call()
    gan = GAN(4, 6, 3)
    gan.discriminator = torch.nn.Linear(4, 4)
    for call in (gan.generator_value, lambda e: fooling_gradients(gan, e)):
        with pytest.raises(ValueError, match="discriminator must give 1 number"):
            call(gan.draw_noise(2))


def test_what_is_finite_is_so_in_the_models_dtype() -> None:
    vae, gan = VAE(4, 6, 2), GAN(4, 6, 3)
    with pytest.raises(ValueError, match="noise must be finite"):
        vae.elbo(binary(5, 4), torch.full((1, 5, 2), 1e39, dtype=torch.float64))
    noise = gan.draw_noise(2)
    with pytest.raises(ValueError, match=r"noise\.z must be finite"):
        gan.generator_value(noise._replace(z=torch.full((2, 3), 1e39, dtype=torch.float64)))
    with pytest.raises(ValueError, match="blur must be"):
        GAN(4, 6, blur=1e39)
