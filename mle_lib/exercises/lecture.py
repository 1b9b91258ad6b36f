"""The lecture's seven questions: a text box, a rubric to judge oneself by, the book's answer."""

from mle_lib.exercises.html import Exercise
from mle_lib.exercises.quizzes import Open

SHAPE = Open(
    id="question-likelihood-shape",
    title="The shape of the log-likelihood",
    question="How does the form of the log-likelihood function influence the choice of the "
    "optimisation algorithm for MLE in deep generative models?",
    rubric=(
        "Without hidden units $\\ell$ is concave, so every stationary point is a maximum and the "
        "algorithm decides the price only; with hidden units it is not, and the start decides "
        "which maximum is found.",
        "Where the curvature has the wrong sign, a pure Newton step leads to saddles or far away: "
        "the curvature must be made positive, or the step bounded.",
        "There may be no maximum at all (separable data, constant variables): then a ridge or an "
        "early stop is part of the model that comes out.",
        "The condition number $\\kappa$ sets the price: steps of the order of $\\kappa$ for "
        "gradient ascent, of $\\sqrt\\kappa$ with momentum, independent of it for Newton.",
        "$\\ell$ comes from $m$ samples: well below a gap of about $p/2m$ its shape says nothing "
        "about new data.",
    ),
    where="section 12.8, from the experiments of sections 12.1 to 12.3, 12.5 and 12.7",
)

LOGARITHM = Open(
    id="question-gradient-of-the-logarithm",
    title="The gradient of the logarithm",
    question="What are the practical implications of using the gradient of the log-likelihood "
    "instead of the gradient of the likelihood itself?",
    rubric=(
        "Maximiser and direction are the same, $\\nabla L = L\\,\\nabla\\ell$; what differs is the "
        "factor $L$, the probability of the whole data set.",
        "$L$ is a product of $m$ probabilities. It underflows to zero after some tens of "
        "pictures, and its gradient with it.",
        "The length of $\\nabla L$ changes by orders of magnitude with the data and along the way, "
        "so no step size serves twice.",
        "$\\nabla\\ell$ is a sum over samples, so a mini-batch times $m/b$ estimates it without "
        "bias; for a product no such estimate is at hand.",
        "Where $\\ell$ is concave, $L$ need not be: away from the top Newton's method goes "
        "downhill on $L$ where it works on $\\ell$.",
    ),
    where="section 2.5; the underflow in sections 1.4 and 1.7, unbiasedness in section 3.2, the "
    "curvature in chapter 2's second exercise on paper",
)

BATCH = Open(
    id="question-batch-size",
    title="The size of the mini-batch",
    question="How does the mini-batch size affect the trade-off between the speed of training and "
    "the quality of the gradient estimate?",
    rubric=(
        "At a fixed $\\theta$ the estimate is unbiased for every $b$, and its covariance falls "
        "like $1/b$: four times the batch, half the standard error.",
        "What precision is worth depends on the signal. The noise scale "
        "$\\operatorname{tr}\\Sigma/\\|\\bar g\\|^2$ grows along training: early almost any batch "
        "will do, late every small one is mostly noise.",
        "Speed is counted in steps, in sample gradients or in seconds, and each has another best "
        "$b$. Steps fall like $1 + B/b$, with $B$ the critical size: below it a larger batch buys "
        "fewer steps for nearly the same work, far above it nothing.",
        "The step size must go along with $b$: nearly in proportion, until curvature is the limit.",
        "To a fixed gap the size of the data set plays no part in this trade-off. Nor did "
        "generalisation, on one network, once every batch size had its own step size and was "
        "stopped at its best.",
    ),
    where="sections 3.6 to 3.8 for the quality, sections 5.1, 5.2, 5.3 and 6.1 for the speed",
)

SECOND_ORDER = Open(
    id="question-sgd-or-second-order",
    title="SGD or second order",
    question="What are the considerations when choosing between SGD with mini-batches and "
    "second-order optimisation methods for MLE in generative models?",
    rubric=(
        "Which gap matters: the maximum likelihood estimate itself lies about $p/2m$ nats below "
        "the best $\\theta$. To that gap averaged SGD and Newton are about even; far below it only "
        "the exact methods go on, without a gain on new data.",
        "What limits the step: preconditioning removes the condition number and nothing else. "
        "Against noise it does no better than averaged SGD: both end at "
        "$\\operatorname{tr}(H^{-1}\\Sigma)/2N$.",
        "What curvature costs: $p^2$ numbers and of the order of $p^3$ operations, affordable for "
        "small blocks (with some tens of rows for each parameter of a block), out of the question "
        "for a network.",
        "Whether $\\ell$ is concave: if not, something positive must stand in for $H$ (L-BFGS's "
        "pairs, the Gauss–Newton or the Fisher matrix, or a factored form of one).",
        "What is there to tune: for Newton with a line search a ridge, if there is no top, else "
        "nothing; for SGD step size, decay or averaging, and $b$.",
    ),
    where="section 12.8, from the experiments of sections 12.5 to 12.7",
)

DEPENDENCE = Open(
    id="question-dependence",
    title="The structure of dependence",
    question="How does the dependence structure of autoregressive models affect the efficiency of "
    "gradient estimation with mini-batches? Propose a strategy to optimise the computation of "
    "gradients that takes these dependences into account.",
    rubric=(
        "Efficiency is variance times cost, and the two are treated apart.",
        "Cost: in training all $x_{<i}$ are data, so with masks one pass gives all $n$ terms of a "
        "sample, with a recurrence $n$ steps; only drawing a sample must wait for each variable.",
        "Variance: dependence lowers the mean uncertainty of a variable, but not always the noise, "
        "which is uncertainty times slope. If the conditionals are right, the terms of a sample "
        "are uncorrelated, however strongly the "
        "variables depend on each other.",
        "The strategy says for which models it is meant. With shared weights and a fixed order: "
        "whole rows, one $b$, since leaving variables out saves little work and adds variance.",
        "With parameters of its own for each variable and a constant step: batch sizes by noise "
        "and cost, $b_i \\propto s_i/\\sqrt{t_i}$, if that promises a gain; who averages keeps one "
        "$b$. Never one subset of the variables for a whole batch.",
    ),
    where="section 13.8, from the experiments of sections 13.2 to 13.7",
)

BIAS = Open(
    id="question-biased-or-unbiased",
    title="Biased or unbiased",
    question="Discuss the theoretical and practical implications of using biased gradient "
    "estimates (as in some variance-reduction methods) versus unbiased ones, in the context of "
    "MLE for deep generative models.",
    rubric=(
        "As the step size falls to zero, a run settles where the *mean* of the estimate is zero; "
        "averaging removes variance, no bias. So what counts is whether that mean is zero at the "
        "maximum.",
        "Kinds of bias are told apart: a factor or a lag (momentum, SAG) leaves the place alone; "
        "bending the batch's mean (clipping, Adam) moves it by less, the larger $b$; bending "
        "each sample moves it whatever $b$ is; a constant step size has a bias of its own.",
        "What a bias costs at the end can be predicted, and weighed against what the scatter of "
        "the data costs anyway: one that is small beside it does not matter.",
        "On the way there variance decides: in a short run a biased estimate of small variance may "
        "be the better one, in a long one it is not.",
        "Variance-reduction methods are judged with all costs counted, against a plain reshuffled "
        "pass; their gain is in the exact optimisation of small concave problems.",
    ),
    where="section 14.9, from the experiments of sections 14.1, 14.3 and 14.5 to 14.8",
)

PARADIGMS = Open(
    id="question-mle-vae-gan",
    title="MLE, VAE, GAN",
    question="Develop a comparative analysis of mini-batches in MLE and in other training "
    "paradigms for generative models, such as GAN or VAE. How do the specific characteristics of "
    "each approach influence the choice of the mini-batch size and other optimisation "
    "hyper-parameters?",
    rubric=(
        "A mini-batch gradient is unbiased in all three, for three different things: "
        "$\\nabla\\ell$, the slope of a lower bound of $\\ell$, the slope of a game against "
        "today's opponent.",
        "What is wrong with the last two does not fall with $b$: the slope of the VAE's gap (it "
        "falls with the number of weights in the bound), the lag of the GAN's discriminator.",
        "Noise: MLE's gradient is exact at $b = m$; a VAE's still has the noise of its draws; a "
        "GAN's generator reads no data at all.",
        "Batch size: in all three a moderate range costs hardly anything at equal work; where few "
        "steps are left, the GAN suffers most.",
        "Other settings follow. VAE: one draw a sample, a tighter bound only where the gap is the "
        "limit. GAN: momentum and step size tuned together for each $b$, more steps for the "
        "discriminator, and a judge in place of a loss.",
    ),
    where="sections 15.9 and 15.10, from the experiments of sections 15.2 to 15.6 and 15.8",
)

EXERCISES: tuple[Exercise, ...] = (
    SHAPE,
    LOGARITHM,
    BATCH,
    SECOND_ORDER,
    DEPENDENCE,
    BIAS,
    PARADIGMS,
)
