"""Questions on the chapter, to be asked again."""

from mle_lib.exercises.quizzes import Choice, Option, Recall

RECALL = (
    Recall(
        question=Choice(
            id="recall-full-batch-of-a-vae",
            title="A VAE's full batch",
            question="The gradient of a VAE's bound is taken over all samples of the data set, "
            "with one draw of $z$ for each. Which noise is left?",
            options=(
                Option(
                    "None, as in maximum likelihood",
                    "There the choice of samples is all the noise there is. Here $z$ is drawn "
                    "besides.",
                ),
                Option("That of the draws of $z$", right=True),
                Option(
                    "That of the choice of samples",
                    "All samples are in the batch, so nothing is chosen.",
                ),
            ),
            why="At $b = m$ the choice of samples is gone and the draws are not: an error of 15 % "
            "of the gradient's length stayed, in decoder and encoder.",
        ),
        cell="ch10-16",
        shows="decoder 10% 15% 0.3 encoder 80% 15% 2",
    ),
    Recall(
        question=Choice(
            id="recall-bias-of-a-bound",
            title="The bias of a bound",
            question="On average, the decoder's gradient of a VAE's bound does not point along "
            "$\\nabla\\ell$. What brings the two nearer to each other?",
            options=(
                Option(
                    "More samples in each batch",
                    "A batch of any size is unbiased for the gradient of the *bound*. More "
                    "samples only bring that more exactly.",
                ),
                Option(
                    "More draws, averaged in this bound",
                    "Averaging removes noise. The mean is still the gradient of the same bound.",
                ),
                Option("More draws, in a tighter bound", right=True),
            ),
            why="The bias is the slope of the gap between $\\ell$ and the bound: with the log of a "
            "mean of 5 weights in place of 1, the squared bias fell from 0.91 to 0.18.",
        ),
        cell="ch10-59",
        shows="1 0.46 0.75 0.91 0.0824 0.0545 0.136 5 0.18 0.91 0.18",
    ),
    Recall(
        question=Choice(
            id="recall-spending-decoder-passes",
            title="Spending decoder passes",
            question="A VAE is trained with 200,000 passes through its decoder, whatever the "
            "design. Which design gave the best $\\ell$ on new data?",
            options=(
                Option("One draw for each of 100 samples a step", right=True),
                Option(
                    "Five draws for each of 20 samples a step",
                    "The decoder's noise is mostly the choice of samples, which more draws for "
                    "the same samples do not lessen.",
                ),
                Option(
                    "Fifty draws, in a tight bound, for 2 samples",
                    "The tight bound has the least bias. But a batch of two is so noisy that this "
                    "design ended last.",
                ),
            ),
            why="The loosest bound won: the choice of samples makes most of the decoder's noise, "
            "and five draws each, in either bound, cost 0.7 to 0.8 nats.",
        ),
        cell="ch10-21",
        shows="100 1 elbo 2000 -18.90 ± 0.43 20 5 elbo 2000 -19.71 ± 0.19 +0.81 ± 0.60 "
        "20 5 iwae 2000 -19.58 ± 0.15 +0.69 ± 0.45 2 50 iwae 2000 -21.92 ± 0.63 +3.03 ± 0.74",
    ),
    Recall(
        question=Choice(
            id="recall-momentum-in-a-game",
            title="Momentum in a game",
            question="The players of $\\min_x \\max_y xy$ move in turns and circle the solution. "
            "What does momentum of 0.5 do to their path?",
            options=(
                Option(
                    "It draws them in to the solution",
                    "*Negative* momentum did. Positive momentum pushes on where a player went "
                    "before, which in a rotation is outwards.",
                ),
                Option("It drives them outwards without bound", right=True),
                Option(
                    "It makes them circle faster, no wider",
                    "On one objective momentum is only a longer step. Here the step turns, and "
                    "what is left of the old one points out of the circle.",
                ),
            ),
            why="Old slopes point out of a circle: with momentum 0.5 the players ended "
            "$5 \\cdot 10^{27}$ away from the solution, and with $-0.5$ at 0.07.",
        ),
        cell="ch10-33",
        shows="in turns, momentum 0.5 5.2e+27 1.3e+25 in turns, momentum -0.5 0.07 0.01",
    ),
    Recall(
        question=Choice(
            id="recall-lag-of-the-discriminator",
            title="The discriminator's lag",
            question="A GAN's players take step for step. The generator's gradient hardly points "
            "where a better trained discriminator would send it. What mends that?",
            options=(
                Option(
                    "Larger batches of data and fakes",
                    "Against today's discriminator the gradient is unbiased for every batch size. "
                    "What is wrong is the discriminator.",
                ),
                Option(
                    "More latent draws for the generator",
                    "They remove the generator's noise. The mean gradient is the same: it answers "
                    "today's discriminator.",
                ),
                Option("More steps of the discriminator", right=True),
            ),
            why="This bias comes from the discriminator's lag: after 1,000 steps of the game the "
            "cosine was 0.01, and 0.84 after 100 further steps of the discriminator alone.",
        ),
        cell="ch10-26",
        shows="1000 0.01 0.43 0.84",
    ),
    Recall(
        question=Choice(
            id="recall-a-tenth-of-the-steps",
            title="A tenth of the steps",
            question="At equal work, batches of 1000 in place of 100 leave a tenth of the steps, "
            "200. Which of three models of the digits lost by far the most?",
            options=(
                Option("The GAN", right=True),
                Option(
                    "The VAE",
                    "It lost less than a nat. Its bias and its own noise do not call for more "
                    "steps.",
                ),
                Option(
                    "The MADE",
                    "It lost less than half a nat: with one fixed objective 200 steps, made "
                    "longer, nearly do.",
                ),
            ),
            why="The GAN lost 5.0 nats, the VAE 0.8 and the MADE 0.4: count a GAN's steps, not its "
            "samples.",
        ),
        cell="ch10-38",
        shows="MLE -0.13 ± 0.26 -0.37 ± 0.28 +0.73 ± 0.40 VAE -0.06 ± 0.06 -0.84 ± 0.48 "
        "+2.00 ± 0.77 GAN -0.09 ± 0.30 -4.99 ± 0.52",
    ),
)
