"""Adam, and Adam with decoupled weight decay."""

from .optimizer import Optimizer, require


class Adam(Optimizer):
    """Adaptive moment estimation.

    g ← ∇ + weight_decay·θ;  m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;
    θ ← θ − lr · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + eps).

    Args:
        parameters: Parameters, or groups of them, see `Optimizer`.
        lr: a number or a schedule.
        betas: (β₁, β₂), each in [0, 1).
    Raises:
        UserError: a hyper-parameter out of its range.
    Source: Adam: A Method for Stochastic Optimization. Kingma, Ba, 2015, https://arxiv.org/abs/1412.6980
    """

    moments = ("exp_avg", "exp_avg_sq")

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(parameters, lr=lr, betas=tuple(betas), eps=eps, weight_decay=weight_decay)

    def _validate(self, group):
        betas = group["betas"]
        require(self, "betas", betas, len(betas) == 2 and all(0 <= b < 1 for b in betas), "a pair of numbers in [0, 1)")
        require(self, "eps", group["eps"], group["eps"] >= 0, "a number of at least 0")

    def _update(self, kernels, span, t, lr, group):
        self._adam(kernels, span, t, lr, group, group["weight_decay"], 0.0)

    def _adam(self, kernels, span, t, lr, group, l2, decay):
        exp_avg, exp_avg_sq = (self._companions[name][span] for name in self.moments)
        beta1, beta2 = group["betas"]
        kernels.adam_step(
            span.values, span.gradients, exp_avg, exp_avg_sq, t, lr, beta1, beta2, group["eps"], l2, decay
        )


class AdamW(Adam):
    """Adam whose weight decay does not pass through the moments: first θ ← θ − lr·weight_decay·θ, then Adam's step.

    Source: Decoupled Weight Decay Regularization. Loshchilov, Hutter, 2019, https://arxiv.org/abs/1711.05101
    """

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def _update(self, kernels, span, t, lr, group):
        self._adam(kernels, span, t, lr, group, 0.0, group["weight_decay"])
