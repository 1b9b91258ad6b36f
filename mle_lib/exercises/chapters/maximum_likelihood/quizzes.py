"""Questions of a chapter."""

import math

from mle_lib.exercises.quizzes import Choice, Near, Numeric, Option

M, N = 1200, 64  # the digits

NATS_AT_ZERO = Numeric(
    id="nats-at-zero",
    title="The height at zero",
    question="At $\\theta = 0$ every logit is 0, so each of the $n = 64$ pixels has probability "
    "one half. What is $\\ell(0)/m$, in nats, that is with the natural logarithm? Two figures "
    "will do.",
    answer=-N * math.log(2),
    tolerance=0.4,
    near=(
        Near(
            N * math.log(2),
            "The size is right, the sign is not: the logarithm of a probability is never positive.",
        ),
        Near(
            -N,
            "That is the logarithm to base 2, in bits. The natural logarithm of one half is "
            "$-0.693$.",
        ),
        Near(
            -math.log(2),
            "That is one pixel. A picture has 64, and the logarithm of the product adds them.",
        ),
        Near(
            -M * N * math.log(2),
            "That is $\\ell(0)$, the sum over all pictures. $\\ell(0)/m$ is the mean for one.",
        ),
        Near(
            -N * math.log10(2),
            "That is the logarithm to base 10. The natural one is $\\log\\,10 = 2.303$ times as "
            "large.",
        ),
    ),
    otherwise="One picture has the probability $2^{-64}$. Take the natural logarithm of that; "
    "all pictures have the same.",
    why="Look for $-44.3614$ twice below, from the data and as $-n\\,\\log\\,2$: coin tosses give "
    "every picture the same probability.",
    prediction=True,
    printed="-44.3614",
    unit="nats",
)

UNDERFLOW = Numeric(
    id="where-it-underflows",
    title="Where a product underflows",
    question="A model gives each of 60,000 pictures a probability near $2^{-116}$. We multiply "
    "them one after the other in float64, where the smallest positive number is $2^{-1074}$. At "
    "which picture does the product become zero?",
    answer=1074 // 116 + 1,
    tolerance=0.4,
    near=(
        Near(
            1074 // 116,
            "Nine still fit: $2^{-9 \\cdot 116} = 2^{-1044}$ is a number that float64 has. The "
            "next factor is the one that is too many.",
        ),
        Near(
            1074 // 64 + 1,
            "That is the number of section 1.4, for pictures of probability $2^{-64}$. These are "
            "less probable.",
        ),
        Near(
            149 // 116 + 1,
            "That is where float32 ends, at $2^{-149}$. In float64 the exponent goes further.",
        ),
    ),
    otherwise="After $k$ pictures the product is $2^{-116 k}$. Which is the first $k$ that takes "
    "it below $2^{-1074}$?",
    why="$\\ell$ itself is no trouble: over all 60,000 pictures it is $-60000 \\cdot 116 \\cdot "
    "\\log\\,2$, about $-4.82$ million nats.",
)

WHY_A_NUMBER_EACH = Choice(
    id="why-a-number-for-each-toss",
    title="A number for each toss",
    question="One $u$, uniform on $[0, 1)$, decides all pixels of a picture; another picture has "
    "another $u$. Each pixel is compared with the right $p(x_i = 1 \\mid x_{<i})$. Why is the "
    "picture still no sample?",
    options=(
        Option(
            "Since each $u$ serves its whole row, all pictures of a batch come out alike",
            "Each picture has a number of its own, so they differ. What is wrong is within one "
            "picture: its pixels share their luck.",
        ),
        Option(
            "A small $u$ inks every pixel, so that the first one is inked too often",
            "A large $u$ leaves them all empty as often as it should. The first pixel has exactly "
            "its probability: it is the only toss before which nothing is known of $u$.",
        ),
        Option(
            "The pixels before tell what $u$ is like, so that the next toss is not fair",
            right=True,
        ),
    ),
    why="If $x_1 = 1$, then $u < p(x_1 = 1)$: given $x_1$, $u$ is uniform on that part alone, and "
    "falls below the next probability with another chance than that probability.",
    of="mend-a-sampler",
)
