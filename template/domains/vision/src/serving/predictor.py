"""Predictions of the champion: preprocessing, probabilities, warnings and explanations.

Needs neither pandas nor scikit-learn.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..data.images import (
    ImageSpec,
    InvalidInputError,
    Pixels,
    Preprocessed,
    decode_data_url,
    decode_image,
    upscale,
)
from ..data.novelty import center_from_text, coarse_gray, distance_to_nearest
from ..data.preprocessing import occlusion_value, preprocess
from .champion import Champion, load_champion

__all__ = ["InvalidInputError", "Prediction", "Predictor", "load_predictor"]

UNCERTAIN_BELOW = 0.6  # probability of the predicted class


class Prediction(NamedTuple):
    """The predicted class, the probabilities by class, the model's input, and warnings for the user."""

    label: str
    probabilities: dict[str, float]
    pixels: Pixels
    warnings: tuple[str, ...]


class Predictor:
    """The champion model, loaded."""

    def __init__(self, champion: Champion, model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more threads don't speed up a single image
        self.champion = champion
        self.classes: tuple[str, ...] = tuple(champion.record["classes"])
        self.spec = ImageSpec(**champion.record["grid"])
        self._default: str = champion.record["inputs"][0]["default"]
        self._centers = np.stack([center_from_text(text) for text in champion.record["typical"]])
        self._familiar_distance: float = champion.record["familiar_within"]
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._output = self._session.get_outputs()[-1].name

    def predict(self, picture: bytes | None = None) -> Prediction:
        """Return the prediction for an image file; without one, for the page's default image.

        Raises:
            InvalidInputError: The file is not a usable image.
        """
        return self.predict_pixels(self.preprocess(decode_data_url(self._default) if picture is None else picture))

    def preprocess(self, picture: bytes) -> Preprocessed:
        """Return the model's input for an image file.

        Raises:
            InvalidInputError: The file is not a usable image.
        """
        return preprocess(decode_image(picture), self.spec)

    def predict_pixels(self, image: Preprocessed) -> Prediction:
        """Return the prediction for a preprocessed image."""
        probabilities = dict(zip(self.classes, self.predict_proba(image.pixels[None])[0].tolist(), strict=True))
        label = max(probabilities, key=probabilities.__getitem__)
        warnings = [*image.warnings]
        if self.novelty(image.pixels) > 1:
            warnings.append("This image is unlike the training images, so the prediction may be wrong.")
        elif probabilities[label] < UNCERTAIN_BELOW:
            warnings.append("The model is uncertain: no class has a high probability.")
        return Prediction(label, probabilities, image.pixels, tuple(warnings))

    def predict_proba(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return probabilities of shape (rows, classes) for pixels of shape (rows, height, width, channels)."""
        inputs = np.ascontiguousarray(pixels, dtype=np.float32).reshape(len(pixels), -1)
        return np.asarray(self._session.run([self._output], {"picture": inputs})[0], dtype=np.float64)

    def novelty(self, pixels: Pixels) -> float:
        """Return the distance to the nearest typical image; 99% of the validation images are below 1."""
        distance = distance_to_nearest(coarse_gray(pixels[None], self.spec), self._centers)[0]
        return float(distance) / self._familiar_distance

    def explain(self, pixels: Pixels) -> NDArray[np.float64]:
        """Return how much each pixel supports the predicted class, by occlusion. Shape (height, width).

        Windows of 2 × 2 blocks are occluded in turn. A block's value is the mean drop of the probability over the
        windows that contain it; it is negative if the block opposes the prediction (M. Zeiler and R. Fergus,
        "Visualizing and understanding convolutional networks", 2014).
        """
        side = self.spec.block
        rows, columns = self._windows(self.spec.height // side), self._windows(self.spec.width // side)
        masks = (rows[:, None, :, None] & columns[None, :, None, :]).reshape(-1, rows.shape[1], columns.shape[1])
        fill = occlusion_value(pixels)
        occluded = np.where(masks.repeat(side, axis=1).repeat(side, axis=2)[..., None], fill, pixels)
        whole = self.predict_proba(pixels[None])[0]
        drops = whole.max() - self.predict_proba(occluded)[:, whole.argmax()]
        support = (masks * drops[:, None, None]).sum(axis=0) / 4  # each block is in four windows
        # A pixel that equals the fill is not changed by occlusion.
        return np.asarray(upscale(support, side) * (pixels != fill).any(axis=-1))

    @staticmethod
    def _windows(blocks: int) -> NDArray[np.bool_]:
        """Return which blocks are in each window of two, shape (blocks + 1, blocks); the outer windows have one."""
        return np.isin(np.arange(blocks) - np.arange(-1, blocks)[:, None], (0, 1))


def load_predictor(folder: Path) -> Predictor:
    """Load the champion.

    Raises:
        ChampionError: It is missing, damaged, or was written by an incompatible version.
    """
    champion, model = load_champion(folder)
    champion.require(("classes", "grid", "inputs", "examples", "typical", "familiar_within"))
    return Predictor(champion, model)
