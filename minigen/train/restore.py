"""From a run folder back to a model."""

from pathlib import Path

import numpy as np

from ..core import optim
from ..errors import CheckpointError, UserError
from ..models import FAMILIES, DataSpec
from .checkpoint import read_checkpoint
from .folder import RunFolder
from .loop import part


def load(run, which="last"):
    """The model of a run folder (or of a checkpoint file), ready to sample.

    Args:
        run: a folder that `minigen train` wrote, or the path of a .safetensors file in it.
        which: "last" or "best" (by validation loss).
    Raises:
        CheckpointError: no checkpoint there, a damaged one, or one of a newer format or an unknown family.
    """
    path = Path(run)
    if path.is_dir():
        folder = RunFolder(path)
        path = folder.best if which == "best" else folder.last
        if not path.exists():
            hint = (
                "it is written with each validation, where the family's loss can rank models"
                if which == "best"
                else "was the training started there?"
            )
            raise CheckpointError(f"{run} holds no checkpoint ({path.relative_to(run)}); {hint}")
    arrays, facts = read_checkpoint(path)
    if facts.get("family") not in FAMILIES:
        raise CheckpointError(
            f"{path} holds a model of the unknown family {facts.get('family')!r}; known: {', '.join(FAMILIES)}"
        )
    family = FAMILIES[facts["family"]]
    try:
        config = family.Config(**_with_tuples(facts["model"]))
        model = family(config, DataSpec(**_with_tuples(facts["spec"])), rng=np.random.default_rng(0))
    except (AttributeError, KeyError, TypeError, UserError) as error:
        raise CheckpointError(
            f"{path} does not describe a {facts['family']} that this version knows: {error}"
        ) from error
    model.load_state_dict(part(arrays, "model/"))
    if part(arrays, "ema/"):
        adopt_average(model, part(arrays, "ema/"))
    return model.eval()


def adopt_average(model, state):
    """Give ``model`` the averaged weights of ``state``, an EMA's state_dict, for good."""
    ema = optim.EMA(model.parameters_of(model.averaged))
    ema.load_state_dict(state)
    with ema.applied():
        averaged = {name: array.copy() for name, array in model.state_dict().items()}
    model.load_state_dict(averaged)


def _with_tuples(values):
    """JSON's lists as the tuples that they were."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
