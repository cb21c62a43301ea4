"""The entry point: parse, run, and turn a user's mistake into one sentence and exit code 2."""

import sys
from typing import Annotated

import tyro
from tyro.conf import OmitSubcommandPrefixes, subcommand

from ..errors import MinigenError
from .evaluate import Evaluate
from .sample import Sample
from .train import Train

Command = (
    Annotated[Train, subcommand("train", description="Train a model, watching it learn.")]
    | Annotated[Sample, subcommand("sample", description="Draw samples of a trained model as a picture.")]
    | Annotated[Evaluate, subcommand("evaluate", description="Likelihood of unseen data under a trained model.")]
)


def main(argv=None):
    """Run the command line ``argv`` (by default the program's own); returns the exit code.

    0: done. 2: input that cannot be used, told in one sentence on standard error (with ``--debug`` the traceback
    too). 130: interrupted.
    """
    command = tyro.cli(
        Command, prog="minigen", description="Generative models by hand.", args=argv, config=(OmitSubcommandPrefixes,)
    )
    try:
        command.run()
    except MinigenError as error:
        if command.debug:
            raise
        print(f"minigen: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("minigen: interrupted", file=sys.stderr)
        return 130
    return 0
