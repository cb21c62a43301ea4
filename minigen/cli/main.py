"""The entry point: parse, run, and turn a user's mistake into one sentence and exit code 2."""

import io
import os
import sys
from contextlib import redirect_stderr
from typing import Annotated

import tyro
from tyro.conf import OmitSubcommandPrefixes, subcommand

from ..errors import MinigenError
from .compare import Compare
from .doctor import Doctor
from .evaluate import Evaluate
from .sample import Sample
from .train import Train

Command = (
    Annotated[Train, subcommand("train", description="Train a model, watching it learn.")]
    | Annotated[Sample, subcommand("sample", description="Draw samples of a trained model as a picture.")]
    | Annotated[Evaluate, subcommand("evaluate", description="Likelihood of unseen data under a trained model.")]
    | Annotated[Compare, subcommand("compare", description="VAE, GAN, flow and diffusion at equal cost, in one table.")]
    | Annotated[Doctor, subcommand("doctor", description="What minigen runs on here, and what slows it.")]
)


def main(argv=None):
    """Run the command line ``argv`` (by default the program's own); returns the exit code.

    0: done. 2: input that cannot be used, told in one sentence on standard error (with ``--debug`` the traceback
    instead). 130: interrupted.
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        parse(argv).run()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output (`| head`) has left: no mistake, and nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (MinigenError, OSError, MemoryError) as error:
        if "--debug" in argv:
            raise
        print(f"minigen: {sentence(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("minigen: interrupted", file=sys.stderr)
        return 130
    return 0


def parse(argv):
    """The command that ``argv`` names, with its options.

    Raises the MinigenError of a configuration that refuses its values; SystemExit, with the parser's own message,
    where ``argv`` cannot be parsed, and for ``--help``.
    """
    told = io.StringIO()
    try:
        with redirect_stderr(told):
            return tyro.cli(
                Command, prog="minigen", description="Generative models by hand.", args=list(argv),
                config=(OmitSubcommandPrefixes,),
            )  # fmt: skip
    except SystemExit as stop:
        cause = stop
        while cause and not isinstance(cause, MinigenError):  # which tyro frames, naming classes that no user knows
            cause = cause.__context__
        if cause:
            raise cause from None
        print(told.getvalue(), end="", file=sys.stderr)
        raise


def sentence(error):
    """An error in words: minigen's own as they are, the system's with the file that they are about."""
    if isinstance(error, MemoryError):
        return f"out of memory ({str(error) or 'nothing more is known'}); take a smaller batch, network or data set"
    if isinstance(error, OSError):
        about = f"{error.filename}: " if error.filename else ""
        return f"{about}{error.strerror or error}; choose another path, or see where with --debug"
    return str(error)
