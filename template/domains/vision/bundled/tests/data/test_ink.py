"""A drawing becomes what the data holds; what is none is refused in words."""

import io
import math
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw

from .package import Layout, app, data, serving

pictures: Any = import_module(f"{data.__package__}.pictures")

pad, widgets = (import_module(f"{app.__package__}.{name}") for name in ("pad", "widgets"))
InvalidInputError = pictures.InvalidInputError
Stroke = list[tuple[float, float]]
Box = tuple[int, int, int, int]


def arc(x: float, y: float, wide: float, high: float, begin: int, end: int) -> Stroke:
    """Points on an ellipse, from one angle to another, in degrees."""
    turns = [math.radians(begin + (end - begin) * step / 24) for step in range(25)]
    return [(x + wide * math.cos(turn), y + high * math.sin(turn)) for turn in turns]


# Digits as a hand draws them, in a box that is one wide and one high.
STROKES: dict[str, list[Stroke]] = {
    "0": [arc(0.5, 0.5, 0.5, 0.5, -90, 270)],
    "1": [[(0.2, 0.25), (0.55, 0), (0.55, 1)]],
    "2": [[*arc(0.5, 0.28, 0.45, 0.28, -170, 30), (0.05, 1), (1, 1)]],
    "3": [[*arc(0.45, 0.25, 0.45, 0.25, -150, 90), *arc(0.45, 0.75, 0.5, 0.25, -90, 150)]],
    "4": [[(0.6, 0), (0, 0.65), (1, 0.65)], [(0.7, 0.35), (0.7, 1)]],
    "5": [[(0.95, 0), (0.15, 0), (0.1, 0.45), *arc(0.45, 0.68, 0.5, 0.32, -120, 140)]],
    "6": [[(0.75, 0), *arc(0.5, 0.7, 0.45, 0.3, 180, -180)]],
    "7": [[(0, 0), (1, 0), (0.35, 1)], [(0.25, 0.5), (0.9, 0.5)]],
    "8": [[(0.5 - 0.46 * math.sin(math.tau * i / 12), 0.5 - 0.5 * math.cos(math.tau * i / 24)) for i in range(25)]],
    "9": [[*arc(0.45, 0.28, 0.42, 0.28, 0, -360), (0.87, 0.28), (0.8, 1)]],
}


def drawn(digit: str, box: Box = (90, 60, 100, 160), pen: int = 24, side: int = 280) -> Image.Image:
    """The digit with a round black pen on a white square; `box` is left, top, width, height."""
    sheet = Image.new("L", (side, side), "white")
    draw = ImageDraw.Draw(sheet)
    left, top, width, height = box
    for stroke in STROKES[digit]:
        points = [(left + x * width, top + y * height) for x, y in stroke]
        draw.line(points, "black", pen, joint="curve")
        for x, y in points:
            draw.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], "black")
    return sheet


def file_of(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as the bytes of a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_drawn_digits_are_read(predictor: serving.Predictor) -> None:
    read = {digit: predictor.predict(file_of(drawn(digit))).label for digit in STROKES}
    wrong = {digit: label for digit, label in read.items() if digit != label}
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("pen", [10, 18, 30])
@pytest.mark.parametrize("box", [(20, 150, 75, 110), (60, 30, 160, 220), (150, 20, 90, 130)], ids=str)
def test_size_place_and_pen_hardly_matter(predictor: serving.Predictor, box: Box, pen: int) -> None:
    pen = min(pen, box[2] // 4)
    right = [predictor.predict(file_of(drawn(digit, box, pen))).label == digit for digit in STROKES]
    assert sum(right) >= 8


def test_a_drawing_becomes_what_the_data_holds(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    """As much ink, over as many cells, at the same edges as real pictures."""
    real = splits["train"].features
    low, high = np.quantile(data.mean_of(real), [0.01, 0.99])
    for digit in STROKES:
        for pen in (6, 14, 26):
            pixels = predictor.read(file_of(drawn(digit, pen=pen))).pixels
            assert pixels.shape == real.shape[1:]
            assert 0 <= pixels.min() <= pixels.max() <= 1
            assert low * 0.9 <= pixels.mean() <= high * 1.1, (digit, pen)
            assert pixels[0].any()
            assert pixels[-1].any()
            assert pixels[:, 0].sum() + pixels[:, -1].sum() < 0.15 * pixels.sum()


def test_the_same_digit_elsewhere_is_the_same_picture(predictor: serving.Predictor) -> None:
    here, there = (predictor.read(file_of(drawn("5", box))).pixels for box in ((30, 20, 100, 160), (150, 90, 100, 160)))
    np.testing.assert_array_equal(here, there)


def test_the_same_digit_larger_is_almost_the_same_picture(predictor: serving.Predictor) -> None:
    small = predictor.read(file_of(drawn("5"))).pixels
    large = predictor.read(file_of(drawn("5").resize((1400, 1400)))).pixels
    assert np.abs(small - large).mean() < 0.03


def test_a_slanting_one_is_set_upright(predictor: serving.Predictor) -> None:
    sheet = Image.new("L", (200, 200), "white")
    ImageDraw.Draw(sheet).line([(130, 20), (70, 180)], "black", 20)
    answer = predictor.predict(file_of(sheet))
    assert answer.label == "1"
    heavy = answer.reading.pixels[..., 0] > 0.5
    assert heavy.any(axis=0).sum() <= 4, "the stroke no longer wanders across the picture"


def white_on_black(picture: Image.Image) -> Image.Image:
    return Image.eval(picture, lambda tone: 255 - tone)


def on_nothing(picture: Image.Image, ink: str) -> Image.Image:
    sheet = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    sheet.paste(ink, mask=white_on_black(picture))
    return sheet


def sixteen_bits(picture: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(picture, dtype=np.uint16) * 257)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda picture: picture, "PNG"),
        (lambda picture: picture, "JPEG"),
        (lambda picture: picture, "WEBP"),
        (lambda picture: picture, "BMP"),
        (lambda picture: picture, "TIFF"),
        (lambda picture: picture.convert("1"), "PNG"),
        (lambda picture: picture.convert("P"), "PNG"),
        (lambda picture: picture.convert("P"), "GIF"),
        (lambda picture: picture.convert("RGB"), "PNG"),
        (lambda picture: picture.convert("CMYK"), "JPEG"),
        (lambda picture: picture.convert("LA"), "PNG"),
        (sixteen_bits, "PNG"),
        (white_on_black, "PNG"),
        (lambda picture: on_nothing(picture, "black"), "PNG"),
        (lambda picture: on_nothing(picture, "white"), "PNG"),
        (lambda picture: on_nothing(picture, "navy"), "PNG"),
    ],
    ids=[
        *("png", "jpeg", "webp", "bmp", "tiff", "two tones", "palette", "gif", "rgb", "cmyk", "grey and alpha"),
        *("16 bits", "white on black", "black on nothing", "white on nothing", "colour on nothing"),
    ],
)
def test_the_kind_of_file_does_not_matter(
    predictor: serving.Predictor, change: Callable[[Image.Image], Image.Image], kind: str
) -> None:
    plain = predictor.read(file_of(drawn("3"))).pixels
    other = predictor.read(file_of(change(drawn("3")), kind)).pixels
    assert np.abs(plain - other).mean() < 0.02


def test_a_photo_held_sideways_is_turned(predictor: serving.Predictor) -> None:
    exif = Image.Exif()
    exif[274] = 6  # turn by 90 degrees to look at it
    sideways = drawn("7").rotate(90, expand=True)
    plain = predictor.read(file_of(drawn("7"))).pixels
    turned = predictor.read(file_of(sideways, "JPEG", exif=exif)).pixels
    assert np.abs(plain - turned).mean() < 0.02


def test_pictures_of_the_data_are_read_as_they_are(predictor: serving.Predictor, splits: dict[str, data.Split]) -> None:
    for picture in splits["test"].features[:50]:
        for shown in (8, 32, 256):
            file = file_of(pictures.to_picture(picture, predictor.grid, shown))
            np.testing.assert_array_equal(predictor.read(file).pixels, picture)


def noise(side: int) -> bytes:
    tones = np.random.default_rng(0).integers(0, 256, size=(side, side, 3), dtype=np.uint8)
    return file_of(Image.fromarray(tones))


def dot() -> bytes:
    sheet = Image.new("L", (280, 280), "white")
    sheet.paste("black", (100, 100, 103, 103))
    return file_of(sheet)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (file_of(Image.new("RGB", (280, 280), "white")), "the picture is blank"),
        (file_of(Image.new("RGB", (280, 280), "black")), "the picture is blank"),
        (file_of(Image.new("RGBA", (280, 280), (0, 0, 0, 0))), "the picture is blank"),
        (file_of(Image.new("L", (1, 1))), "the picture is blank"),
        (file_of(Image.new("L", (3000, 1), "white")), "the picture is blank"),
        (dot(), "only a dot"),
        (noise(1700), "looks like a photo"),
        (file_of(Image.linear_gradient("L")), "looks like a photo"),
        (file_of(Image.new("1", (8000, 8000))), "8000 × 8000 pixels, and at most 30 million"),
        (file_of(Image.new("1", (20000, 10000))), "too large"),
        (bytes(20_000_001), "at most 20 MB"),
        (b"", "no picture that can be read"),
        (b"hello", "no picture that can be read"),
        (file_of(drawn("3"))[:200], "no picture that can be read"),
        (b"%PDF-1.7 and so on", "no picture that can be read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture that can be read"),
    ],
    ids=[
        *("white", "black", "transparent", "one pixel", "one line", "dot", "8 MB of noise", "gradient"),
        *("64 million pixels", "a bomb", "20 MB", "empty", "text", "half a file", "pdf", "svg"),
    ],
)
def test_what_is_no_drawing_is_refused_in_words(predictor: serving.Predictor, file: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        predictor.predict(file)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_real_photos_are_refused(predictor: serving.Predictor) -> None:
    """Two that scikit-learn carries: a temple and a flower."""
    datasets = pytest.importorskip("sklearn.datasets")
    for photo in datasets.load_sample_images().images:
        with pytest.raises(InvalidInputError, match="looks like a photo"):
            predictor.predict(file_of(Image.fromarray(photo), "JPEG"))


def scribble() -> Image.Image:
    sheet = Image.new("L", (280, 280), "white")
    points = [tuple(point) for point in np.random.default_rng(1).uniform(40, 240, size=(25, 2)).tolist()]
    ImageDraw.Draw(sheet).line(points, "black", 10)
    return sheet


def test_what_is_no_digit_is_doubted(predictor: serving.Predictor) -> None:
    assert predictor.predict(file_of(scribble())).doubts
    dash = Image.new("L", (280, 280), "white")
    ImageDraw.Draw(dash).line([(60, 140), (220, 140)], "black", 14)
    assert "wider than a single digit" in " ".join(predictor.predict(file_of(dash)).doubts)


def test_nothing_rests_on_cells_far_from_ink(predictor: serving.Predictor) -> None:
    pixels = np.zeros((8, 8, 1), dtype=np.float32)
    pixels[:, 2:4] = 0.75
    shifts = predictor.explain(pixels)
    assert np.abs(shifts[:, 5:]).max() == pytest.approx(0, abs=1e-6)
    assert np.abs(shifts[:, 2:4]).max() > 0


def test_a_full_cell_is_a_thicker_stroke() -> None:
    thin = np.zeros((1, 8, 8, 1), dtype=np.float32)
    thin[0, :, 3] = 0.25
    thick = thin * 4
    assert data.mean_of(thick)[0] == pytest.approx(4 * data.mean_of(thin)[0])
    assert data.stroke_of(thin)[0] == pytest.approx(0.25)
    assert data.stroke_of(thick)[0] == pytest.approx(1)


def served(predictor: serving.Predictor, features: data.Pictures, split: data.Split, schema: data.Schema) -> float:
    """The share of pictures that are read rightly."""
    return float((predictor.scores(features).argmax(axis=1) == data.encode_target(split.target, schema)).mean())


def test_turned_pictures_are_read_worse(
    predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema
) -> None:
    """Where rows and columns were swapped on the way, every shape would still fit; the score would not."""
    test = splits["test"]
    assert served(predictor, test.features, test, schema) > 0.9
    assert served(predictor, test.features.transpose(0, 2, 1, 3), test, schema) < 0.6
    assert served(predictor, test.features[:, ::-1], test, schema) < 0.7
    assert served(predictor, test.features[:, :, ::-1], test, schema) < 0.7


def test_shares_are_not_shares_of_shares(
    predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema
) -> None:
    """A picture scaled to 0 to 1 twice crashes nothing."""
    test = splits["test"]
    twice = (test.features / 16).astype(np.float32)
    assert served(predictor, twice, test, schema) < served(predictor, test.features, test, schema) - 0.1


def test_a_little_more_ink_changes_little(
    predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema
) -> None:
    test = splits["test"]
    more, less = test.features.copy(), test.features.copy()
    more[more > 0] = np.minimum(more[more > 0] + 1 / 16, 1)
    less[less > 1 / 16] -= 1 / 16
    for changed in (more, less):
        assert served(predictor, changed, test, schema) > served(predictor, test.features, test, schema) - 0.04


def test_a_small_turn_changes_little(
    predictor: serving.Predictor, splits: dict[str, data.Split], schema: data.Schema
) -> None:
    """By 6 degrees, as a sheet lies on a table; by 90 it is another digit."""
    test = splits["test"]

    def turned_by(angle: float) -> data.Pictures:
        turned = [Image.fromarray(one[..., 0]).rotate(angle, Image.Resampling.BILINEAR) for one in test.features]
        return np.stack([np.asarray(picture, dtype=np.float32) for picture in turned])[..., None]

    assert served(predictor, turned_by(6), test, schema) > served(predictor, test.features, test, schema) - 0.06
    assert served(predictor, turned_by(90), test, schema) < 0.6


def test_no_single_cell_is_the_answer(splits: dict[str, data.Split], schema: data.Schema) -> None:
    target = data.encode_target(splits["train"].target, schema)
    for cell in splits["train"].features.reshape(len(target), -1).T:
        best = sum(np.bincount(target[cell == share]).max() for share in np.unique(cell))
        assert best < 0.6 * len(target), "one cell gives the answer away"


def test_the_data_is_what_its_makers_published(project: Layout, schema: data.Schema) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    bunch = datasets.load_digits()
    valid = data.validate(data.read_raw(project.raw, schema), schema)
    rows = [int(name[2:6]) for name in valid.names]
    np.testing.assert_array_equal(valid.features[..., 0] * 16, bunch.images[rows].astype(np.float32))
    assert valid.target.tolist() == [str(bunch.target[row]) for row in rows]


def turned(picture: Image.Image) -> Image.Image:
    return picture.transpose(Image.Transpose.TRANSPOSE)


def shifted(picture: Image.Image) -> Image.Image:
    moved = Image.new("L", picture.size, "white")
    moved.paste(picture, (0, 1))
    return moved


def blank(picture: Image.Image) -> Image.Image:
    return Image.new("L", picture.size, "white")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (blank, "nothing to see"),
        (turned, "is it turned, shifted or drawn by hand"),
        (shifted, "is it turned, shifted or drawn by hand"),
        (lambda picture: picture.resize((9, 8)), "is it turned, shifted or drawn by hand"),
    ],
    ids=["blank", "turned", "shifted", "of another size"],
)
def test_pictures_that_were_not_made_like_the_others_are_noticed(
    splits: dict[str, data.Split], schema: data.Schema, change: Callable[[Image.Image], Image.Image], said: str
) -> None:
    """Every number is allowed, every shape fits; only the data's own habit gives it away."""
    test = splits["test"]
    ones = test.features[test.target == "1"][:20]
    files = [file_of(change(pictures.to_picture(one, schema.picture, schema.picture.height))) for one in ones]
    found = [data.Found(f"1/{number}.png", "1", partial(bytes, file)) for number, file in enumerate(files)]
    with pytest.raises(data.DataError, match=said):
        data.validate(found, schema)


def test_a_drawing_is_answered_over_http(client: Client, predictor: serving.Predictor, tmp_path: Path) -> None:
    for digit in ("2", "4", "5"):
        (tmp_path / "digit.png").write_bytes(file_of(drawn(digit)))
        answer = client.predict(picture=handle_file(tmp_path / "digit.png"), api_name="/predict")
        assert answer["label"] == predictor.predict(file_of(drawn(digit))).label


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (Image.new("L", (280, 280), "white"), "the picture is blank"),
        (Image.linear_gradient("L"), "looks like a photo"),
        (Image.effect_noise((2900, 2900), 100), "looks like a photo"),
    ],
    ids=["blank", "photo", "8 MB"],
)
def test_what_is_no_digit_is_refused_over_http(client: Client, tmp_path: Path, picture: Image.Image, said: str) -> None:
    picture.save(tmp_path / "odd.png")
    with pytest.raises(AppError) as caught:
        client.predict(picture=handle_file(tmp_path / "odd.png"), api_name="/predict")
    assert said in str(caught.value)
    assert "Traceback" not in str(caught.value)


def shown(predictor: serving.Predictor) -> Callable[[Any], tuple[dict[str, float], str]]:
    """How the page answers a file."""
    return lambda file: widgets._shown(predictor, predictor.predict(widgets.contents(file)))


@pytest.fixture
def received(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Gradio puts what it receives."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def test_a_drawing_on_the_pad_is_answered_and_explained(predictor: serving.Predictor, received: Path) -> None:
    (received / "pad.png").write_bytes(file_of(drawn("4")))
    probabilities, explanation = pad.answered(shown(predictor), {"composite": {"path": str(received / "pad.png")}})
    assert probabilities == predictor.predict(file_of(drawn("4"))).probabilities
    assert "data:image/png;base64," in explanation


@pytest.mark.parametrize("drawing", [None, {}, {"composite": None}])
def test_an_empty_pad_says_what_to_do(predictor: serving.Predictor, drawing: Any) -> None:
    assert pad.answered(shown(predictor), drawing) == (None, "<p>There is no picture yet: draw or send one.</p>")


def test_a_blank_sheet_is_no_answer(predictor: serving.Predictor, received: Path) -> None:
    (received / "pad.png").write_bytes(file_of(Image.new("RGB", (320, 320), "white")))
    probabilities, said = pad.answered(shown(predictor), {"composite": {"path": str(received / "pad.png")}})
    assert probabilities is None
    assert "the picture is blank" in said
