"""A net with its weights and class names: guesses, figures, a trace, and the folder it is kept in."""

from cutaway.model.evaluation import ClassFigures, Evaluation
from cutaway.model.guesses import Guess, Guesses
from cutaway.model.loading import load
from cutaway.model.model import Model
from cutaway.model.predictions import Predictions

__all__ = ["ClassFigures", "Evaluation", "Guess", "Guesses", "Model", "Predictions", "load"]
