"""The numbers that the reference pages quote, and the outputs that they are quoted from.

Each row: what the page says; the chapter; what a checked cell of it prints. Every number on the
left stands on the right. White space counts as one blank.
"""

Quoted = tuple[str, int, list[str]]

QUOTED: list[Quoted] = [
    # 1
    ("arrived from 20 of 20 random starts", 7, ["newton 20 of 20"]),
    ("four steps to a gap of 4e-10 nats", 7, ["Newton, step 4: gap 4e-10"]),
    ("gradient ascent took 876 to 1e-9", 7, ["exact ascent, to 1e-9: 876 steps"]),
    ("was lower by 0.14 nats", 7, ["half way: -0.14 nats"]),
    (
        "7 were lost and three came to rest at saddles",
        7,
        ["7 lost, 2 saddle at -3.655, 1 H >= 0 at -3.655, 1 saddle at -3.290"],
    ),
    (
        "scored -18.89, -18.27 and -18.47 on new pictures at ridge 10, 1 and 0.01",
        7,
        [
            "ridge 10: 9 steps, train -18.39, valid -18.64, test -18.89",
            "ridge 1: 7 steps, train -17.47, valid -17.97, test -18.27",
            "ridge 0.01: 8 steps, train -17.29, valid -18.14, test -18.47",
        ],
    ),
    (
        "To a gap of 1e-8, at $\\kappa$ = 1469, gradient ascent took 4341 steps, the heavy ball "
        "261 and Newton 8",
        7,
        [
            "gap p/2m 1e-4 1e-8",
            "exact ascent 133 133.0 353 782 782.0 2007 4341 4341.0 10185",
            "heavy ball 27 27.0 52 64 64.0 129 261 261.0 625",
            "Newton 4 9.0 74 6 13.0 111 8 17.0 143",
            "condition number 1469",
        ],
    ),
    (
        "on the concave $\\ell$ it took 117 ms to $p/2m$ and Newton 74, a draw, since times vary "
        "by a "
        "factor of two; to 1e-4, with its step size at the edge of the grid, 831 and 111",
        7,
        [
            "gap p/2m 1e-4 1e-8",
            "Adam 636 3.9 117 5178 32.0 831 -",
            "Newton 4 9.0 74 6 13.0 111 8 17.0 143",
            "to 1e-4 at the edge of the grid: SGD Adam",
        ],
    ),
    (
        "with 100 units five runs ended within 0.00 nats of each other, with 5 units within 0.20",
        7,
        [
            "TinyWorld, 5 units: five ends within 0.20 of -3.12",
            "TinyWorld, 100 units: five ends within 0.00 of -3.05",
        ],
    ),
    (
        "But the 100 units had reached -3.05, the height of the sample's own frequencies",
        7,
        [
            "TinyWorld, 100 units: five ends within 0.00 of -3.05",
            "own frequencies: -3.047",
        ],
    ),
    # 2
    (
        "zero in float64 from picture 17 on",
        1,
        ["torch.float64: the product is 0 from picture 17 on"],
    ),
    ("zero from picture 42 on", 1, ["torch.float64, trained model: 0 from picture 42 on"]),
    ("about $10^{-3679}$", 1, ["the largest L there is: 10^-3679"]),
    (
        "2.7e-20 for one picture, 4.5e-308 for sixteen. That of $\\nabla\\ell$ grew from 0.5 to "
        "8.0",
        2,
        ["1 5.4e-20 2.7e-20 0.5", "16 5.6e-309 4.5e-308 8.0"],
    ),
    # 3
    (
        "rose from 2 at the start to 14093 after 400 exact steps",
        3,
        ["0 54.420 125.36 2 ", "400 0.004 59.53 14093"],
    ),
    (
        "2520 steps and as many sample gradients at $b = 1$; 71 steps and 7,140 at $b = 100$; 54 "
        "steps and 64,800 with all the data",
        5,
        [
            "1 0.041 2520 2,520 2.1",
            "100 0.979 71 7,140 6.0 400 0.029",
            "exact 1.273 54 64,800 54.0",
        ],
    ),
    (
        "between $b = 100$ and 300, and these two were the fastest: 0.029 and 0.031 seconds",
        5,
        ["100 0.979 71 7,140 6.0 400 0.029", "300 1.157 57 17,160 14.3 542 0.031"],
    ),
    (
        "32,480 sample gradients with $m$ = 1,000 and 28,220 with a million",
        5,
        ["1,000 84 84,000 325 32,480", "1,000,000 78 78,000,000 282 28,220"],
    ),
    (
        "from $2^{-6}$ at $b = 1$ to $2^0$ at $b = 100$",
        5,
        ["1 2^-6 2^-6.0 3 of the grid", "100 2^0 2^0.6 2 of the grid"],
    ),
    ("scored +0.016 ± 0.025 nats", 5, ["the four smaller b together: +0.016 ± 0.025"]),
    (
        "came to 0.7 to 1.3 times",
        5,
        [
            "B_noise along b = 10, tuned step 11 18 32 55 0.8 to 1.2",
            "B_noise along b = 30, tuned step 19 18 25 57 0.7 to 1.3",
            "B_noise along b = 100, tuned step 25 23 35 48 1.0 to 1.3",
        ],
    ),
    (
        "3.0 to 25.9 times too large",
        5,
        [
            "B_noise along exact, safe step 50 290 650 1,205 14.0 to 25.9",
            "B_noise along b = 30, safe step 34 91 124 144 3.0 to 4.6",
            "B_noise along b = 100, safe step 43 168 267 346 7.2 to 9.5",
        ],
    ),
    # 4
    (
        "To that gap, 0.0042 nats on a survey of 16,181 people, averaged SGD took 23 ms and Newton "
        "74, or 31 with the curvature of 1,000 rows",
        7,
        [
            "p / 2m = 0.00420",
            "rows 16181,",
            "SGD averaged 294 1.8 23",
            "Newton 4 9.0 74",
            "Newton, S=1000 4 5.2 31",
        ],
    ),
    (
        "To 1e-8, where SGD did not get, Newton took 143 ms and exact ascent 10185",
        7,
        [
            "gap p/2m 1e-4 1e-8",
            "Newton 4 9.0 74 6 13.0 111 8 17.0 143",
            "SGD averaged 294 1.8 23 3636 22.5 310 - ",
            "exact ascent 133 133.0 353 782 782.0 2007 4341 4341.0 10185",
        ],
    ),
    (
        "from 1e-4 on nothing is gained on new data: there the test values lay at most 0.00035",
        7,
        ["test, less that: p/2m 1e-4 1e-8", "heavy ball -0.00271 -0.00035 -0.00000"],
    ),
    (
        "over that law: 1.0 and 1.4 times, of which",
        7,
        [
            "averaged over (7.7), at the end: 1.4",
            "Newton, k = 5 over (7.7), at the end: 1.0",
        ],
    ),
    (
        "over the best of six averages was 2.03 to 3.32 in five TinyWorlds, with $\\kappa$ from "
        "49.1 to 162",
        7,
        ["five worlds, kappa: 49.1 to 162", "five worlds, lead: 2.03 to 3.32"],
    ),
    (
        "on the digits as much as 11 exact gradients, as one dense block 820",
        7,
        ["digits, in gradients: 11, dense 820"],
    ),
    (
        "a curvature that would converge for 14 to 20 of 20 subsets",
        7,
        ["five worlds, S = 120, of 20: 14 to 20"],
    ),
    ("$p$ = 64,564 the matrix alone takes 33 GB", 7, ["MADE(64, 500): p = 64,564, H 33 GB"]),
    (
        "tied with Adam, -5.998 against -6.001 on the test set, +0.003 ± 0.004 over five starts",
        7,
        [
            "L-BFGS 105 4.8 -5.970 -5.934 -5.998",
            "Adam, α = 2^-6 30 3.0 -5.962 -5.935 -6.001",
            "L-BFGS over Adam, test: +0.003 ± 0.004",
        ],
    ),
    # 5
    (
        "was 58.2, and 94.6 when each pixel was shuffled",
        8,
        ["FVSBN, fitted 58.2 =", "shuffled 94.6 ="],
    ),
    (
        "0.99 to 1.03 times that of uncorrelated terms in MADE and NADE, 0.44 to 1.43 in a "
        "recurrence",
        8,
        [
            "MADE 0 -44.5 1.01 0.99-1.03",
            "NADE 300 -19.7 1.02 1.02-1.02",
            "recurrent 30 -30.6 0.55 0.44-0.76",
            "recurrent 1000 -21.9 1.20 1.00-1.43",
        ],
    ),
    ("had 34.4, and shuffled 28.7", 8, ["bits 34.4 ", "bits, shuffled 28.7 "]),
    (
        "So the 64 terms were worth 62 to 65 in the MADEs, 45 to 147 in the recurrences",
        8,
        [
            "64 terms of a MADE are worth 62 to 65",
            "64 terms of a recurrent are worth 45 to 147",
        ],
    ),
    (
        "of a random 16 of the 64 variables was at best 2.38 times that of plain batches, and no "
        "number of them won",
        8,
        [
            "at k=16 at k=1 cost, 16 cost, 1",
            "64 terms of a MADE",
            "NADE 300 0.99 0.98 2.38 16.49",
            "1.008 at any k < n",
        ],
    ),
    ("a factor of 1.38 after 200 steps on the digits", 8, ["200 1.38 1.17 1.34 1.13 1.31"]),
    (
        "with 64 variables, nothing: four matrix products instead of one took 1.6 to 2.9 times",
        8,
        [
            "n = 64, b = 30: four pieces over one: 2.9",
            "n = 64, b = 300: four pieces over one: 1.6",
        ],
    ),
    (
        "is 1.40 on the digits and 1.38 when shuffled, and for averages on msnbc the sizes that "
        "suit hovering multiply the predicted noise by 1.40",
        8,
        [
            "section 8.3's FVSBN, fitted: 1.40",
            "section 8.3's shuffled: 1.38",
            "msnbc 1.60 1.24 1.00 1.40",
        ],
    ),
    (
        "the quietest had a trace of 41.0 and the lowest score on new "
        "pictures, "
        "the noisiest 72.1 and the highest, 0.20 ± 0.10 nats apart",
        8,
        [
            "least ink first -17.51 -18.38 41.0 +0.20 ± 0.10",
            "most ink first -17.45 -18.18 72.1",
        ],
    ),
    # 6
    (
        "clipping 10 % of the samples costs 0.00107 nats, a twentieth of the 0.021 that",
        9,
        ["2.0 10% 0.00088 0.00100 0.00107 0.05", "p/2m = 0.021;"],
    ),
    (
        "Clipping all of them at 0.9 costs 0.04598, and the law says 0.04486",
        9,
        ["0.9 100% 0.01135 0.04486 0.04598 2.19"],
    ),
    (
        "had a variance of 52.3 where the bound had 14.1: at one $\\theta$ the bound's squared "
        "error is "
        "smaller up to $b = 241$",
        9,
        [
            "K = 2 bias² 0.159, variance 14.1;",
            "roulette bias² 0, variance 52.3;",
            "b = 241, 3;",
        ],
    ),
    (
        "half the batch with all of them had 14.6, unbiased",
        9,
        ["half bias² 0, variance 14.6;"],
    ),
    (
        "stayed 0.015 nats below the top at $b$ = 2, $\\alpha$ = 1, and 0.0032 at $\\alpha$ = "
        "0.5, after "
        "2000 steps as after 8000",
        9,
        [
            "plain, 100 runs, steps: 500 2000 8000",
            "b = 2, alpha = 1 0.016 0.015 0.015",
            "b = 2, alpha = 0.5 0.0035 0.0032 0.0032",
        ],
    ),
    (
        "after 16 passes of the digits they lack 0.0016 and 0.0013 nats, where plain batches lack "
        "0.081. But a shuffled pass comes to 0.013; on new data SAG adds "
        "+0.0159 to that",
        9,
        [
            "digits, passes: 4 16 64 plain 0.24 0.081 0.024",
            "SAG 0.27 0.0016 < 1e-9",
            "SAGA 0.1 0.0013 9.1e-07",
            "reshuffled 0.13 0.013 0.0014",
            "digits, 16 passes, SAG over reshuffled: +0.0159 ± 0.0054",
        ],
    ),
    (
        "clipped samples ended at 0.044 nats and stayed there, and on new data they lost 0.0412 to "
        "plain batches",
        9,
        [
            "clipped samples 0.063 0.055 0.051 0.045 0.044 0.044",
            "TinyWorld, 64 passes, clipped samples over plain: -0.0412 ± 0.0029",
        ],
    ),
    (
        "a last quarter without clipping came to 0.0031",
        9,
        ["clipped, then plain 0.031 0.021 0.014 0.0083 0.0058 0.0031"],
    ),
    # 7
    ("the gap was 0.4 nats of 20", 10, ["gap 0.4 nats of 20;"]),
    (
        "after 3000 steps its squared slope was 0.91 of that of $\\ell$, in the median of three "
        "seeds "
        "that differ widely. It falls with the number $K$ of weights in the bound, to 0.05 at 50",
        10,
        ["3000 1 0.46 0.75 0.91 0.136", "3000 50 0.08 0.98 0.05 0.079"],
    ),
    (
        "with the one that a discriminator trained for 1000 steps more would have given, the "
        "generator's direction had a cosine of 0.47 at 300 steps, 0.01 at 1000 and 0.06 at 3000",
        10,
        [
            "300 0 0.47 ( 0.36 to 0.53)",
            "1000 0 0.01 (-0.11 to 0.20)",
            "3000 0 0.06 (-0.00 to 0.11)",
            "1000 1000 1.00 ( 1.00 to 1.00)",
        ],
    ),
    (
        "its draws made 11% of the decoder's noise, 89% of the encoder's, and at the full batch an "
        "error of 25% and 38% of the slope's length was left",
        10,
        ["decoder: W is 11%; error left 25%;", "encoder: W is 89%; error left 38%;"],
    ),
    ("to 100, at equal work, hardly anything is lost in any of them", 10, ["MLE 100 0.0030"]),
    (
        "At $b = 1000$, where few steps are left, a judge that reads samples only took 0.37 ± "
        "0.28 nats "
        "from MLE, 0.84 ± 0.48 from the VAE and 4.99 ± 0.52 from the GAN",
        10,
        [
            "a larger batch gains 10 to 100 100 to 1000",
            "equal work MLE, judge -0.13 ± 0.26 -0.37 ± 0.28",
            "equal work VAE, judge -0.06 ± 0.06 -0.84 ± 0.48",
            "equal work GAN, judge -0.09 ± 0.30 -4.99 ± 0.52",
        ],
    ),
    (
        "a least number of steps of 889 and a critical batch size of 125, roughly: 556 and 260 if "
        "700 "
        "steps were enough, which is not excluded, 1444 and 38 with 1500, which clearly are",
        10,
        [
            "S_min 889, B_crit 125;",
            "S(1000) 700: S_min 556, B_crit 260;",
            "S(1000) 1500: S_min 1444, B_crit 38;",
            "b = 1000 after 700 steps over b = 100: -0.83 ± 1.85",
            "b = 1000 after 1500 steps over b = 100: +1.03 ± 0.79",
        ],
    ),
    (
        "the best test value, ahead of five weights by 0.69 ± 0.45",
        10,
        ["20 5 iwae 0.0100 -19.58 ± 0.15 -19.06 +0.69 ± 0.45"],
    ),
    (
        "in 200 steps of $b = 1000$ no momentum was best, by 5.34 ± 3.49",
        10,
        [
            "equal work MLE, judge",
            "b = 1000, beta_1 = 0.0 over 0.5: last +5.34 ± 3.49",
            "200 0.04 200",
        ],
    ),
    (
        "three for one of the generator gained 1.00 ± 0.29 at equal work, over ten seeds); "
        "averaged "
        "weights (+0.59 ± 0.27, with three steps +0.18 ± 0.13)",
        10,
        [
            "3 over 1: last +1.00 ± 0.29",
            "average over last: D 1 times +0.59 ± 0.27, D 3 times +0.18 ± 0.13",
        ],
    ),
    (
        "whose noise scale, with the discriminator ahead, stayed at 3 where the other's rose to "
        "200",
        10,
        ["200 0.04 200 3 3"],
    ),
]
STEP_SIZES: Quoted = (
    "has the step size 0.0001 in the first row, 0.12 for a mean over samples, 7.68 for a mean over "
    "samples and variables, and 0.002 for a sum over the batch",
    4,
    [
        "estimate step size 0.0001 same parameters: True",
        "sum step size 0.0020 same parameters: True",
        "mean over b step size 0.1200 same parameters: True",
        "mean over b n step size 7.6800 same parameters: True",
    ],
)
# from a work cited in the same paragraph
FROM_WORKS = {"some 28 % faster": "arXiv.2502.15015"}
