"""A folder of images: grey or RGB, classes by subfolder, crop and scale; what cannot be used is named."""

import numpy as np
import pytest
from PIL import Image

from minigen.data import load
from minigen.errors import DataError


def write(path, pixels, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels, mode).save(path) if mode else Image.fromarray(pixels).save(path)


def rows(data):
    return np.concatenate([data.train.x, data.validation.x, data.test.x])


@pytest.fixture
def grey(tmp_path):
    """Five 6×4 grey images, each of one value, beside a hidden file."""
    for k in range(5):
        write(tmp_path / f"{k}.png", np.full((4, 6), 10 * k, np.uint8))
    (tmp_path / ".hidden").write_text("not an image")
    return tmp_path


def test_grey_images_come_back(grey):
    data = load(grey)
    assert (data.kind, data.shape, data.levels, data.classes) == ("images", (4, 6, 1), 256, None)
    assert sorted(rows(data)[:, 0, 0, 0]) == [0, 10, 20, 30, 40]


def test_one_colour_image_makes_all_rgb_unless_told(grey):
    colour = np.zeros((4, 6, 3), np.uint8)
    colour[..., 0] = 200
    write(grey / "5.png", colour)
    x = rows(load(grey))
    assert x.shape == (6, 4, 6, 3)
    assert [200, 0, 0] in x[:, 0, 0].tolist() and [40, 40, 40] in x[:, 0, 0].tolist()
    assert rows(load(grey, channels=1)).shape == (6, 4, 6, 1)


def test_subfolders_are_classes_in_alphabetical_order(tmp_path):
    for label, name in enumerate(["cats", "dogs"]):
        for k in range(4):
            write(tmp_path / name / f"{k}.png", np.full((3, 3), 100 * label + k, np.uint8))
    data = load(tmp_path)
    assert data.classes == 2
    labels = np.concatenate([data.train.labels, data.validation.labels, data.test.labels])
    np.testing.assert_array_equal(rows(data)[:, 0, 0, 0] // 100, labels)


def test_size_crops_the_centre_and_scales(tmp_path):
    picture = np.zeros((8, 16), np.uint8)
    picture[:, 4:12] = 255  # the centred square is white, what is cropped away is black
    for k in range(3):
        write(tmp_path / f"{k}.png", picture if k else picture.T)
    x = rows(load(tmp_path, size=4))
    assert x.shape == (3, 4, 4, 1) and (x == 255).all()


def test_transparency_lies_on_black_and_sixteen_bits_become_eight(tmp_path):
    clear = np.full((2, 2, 4), 255, np.uint8)
    clear[..., 3] = 0
    write(tmp_path / "a.png", clear)
    write(tmp_path / "b.png", np.full((2, 2), 257 * 100, np.uint16))
    write(tmp_path / "c.png", np.full((2, 2), True))
    assert sorted(rows(load(tmp_path, channels=1))[:, 0, 0, 0]) == [0, 100, 255]


def test_photographs_are_turned_as_exif_says(tmp_path):
    picture = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    for k in range(3):
        picture.save(tmp_path / f"{k}.png", exif=exif)
    np.testing.assert_array_equal(rows(load(tmp_path))[0, :, :, 0], np.rot90(np.asarray(picture), -1))


def test_different_sizes_are_named(grey):
    write(grey / "9.png", np.zeros((7, 6), np.uint8))
    with pytest.raises(DataError, match=r"0\.png is 6×4 pixels, .*9\.png is 6×7; .*--image-size \(size=\)"):
        load(grey)


def test_a_file_that_is_no_image_is_named(grey):
    (grey / "notes.txt").write_text("hello")
    with pytest.raises(DataError, match=r"notes\.txt is not an image"):
        load(grey)


def test_a_truncated_image_is_named(grey):
    path = grey / "big.png"
    write(path, np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"big\.png is a truncated or corrupt image"):
        load(grey, size=4)


def test_empty_folders_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no images"):
        load(tmp_path)
    write(tmp_path / "a" / "0.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match="b holds no images"):
        load(tmp_path)


def test_files_beside_subfolders_and_folders_in_classes_are_refused(tmp_path):
    write(tmp_path / "a" / "0.png", np.zeros((2, 2), np.uint8))
    write(tmp_path / "1.png", np.zeros((2, 2), np.uint8))
    with pytest.raises(DataError, match=r"both subfolders \(a\) and files \(1\.png\)"):
        load(tmp_path)
    (tmp_path / "1.png").rename(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "deeper").mkdir()
    with pytest.raises(DataError, match="deeper is a folder inside a class"):
        load(tmp_path)


def test_float_pixels_are_refused(tmp_path):
    for k in range(3):
        Image.fromarray(np.zeros((2, 2), np.float32)).save(tmp_path / f"{k}.tiff")
    with pytest.raises(DataError, match="32-bit pixels"):
        load(tmp_path)
