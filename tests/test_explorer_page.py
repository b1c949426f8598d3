"""What a person does with the page, done in a real browser: draw, turn, point, walk, change, compare, link."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser import guess, look, page_of, serious_faults, settled
from tests.command import ran

pytestmark = pytest.mark.usefixtures("chromium")


@pytest.fixture(scope="session")
def file(digits_run, tmp_path_factory) -> Path:
    """It as a single file."""
    path = tmp_path_factory.mktemp("pages") / "digits.html"
    ran("open", digits_run, "-o", path)
    return path


@pytest.fixture
def page(chromium, file):
    with page_of(chromium, file) as page:
        yield page


def stroke(page, *points):
    """Draws from point to point, in shares of the pad."""
    box = page.locator(".cutaway .pad canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()
    settled(page)


def test_opens_from_disk_with_the_network_cut(chromium, file):
    with page_of(chromium, file, offline=True) as page:
        assert page.inner_text(".cutaway h1") == "cutaway"
        assert "digits-1" in page.inner_text(".cutaway .about")
        assert page.locator(".cutaway .guesses li").count() == 10


def test_first_screen_needs_no_scrolling(page):
    """Input, strip, guesses and what to try, at 1440 x 900."""
    for part in (".pad canvas", ".maps", ".guesses", ".hint", ".working .head"):
        box = page.locator(f".cutaway {part}").first.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 900, part
        assert box["x"] + box["width"] <= 1446, part


def test_draws_a_seven(page):
    page.click(".cutaway .clear")
    settled(page)
    stroke(page, (0.3, 0.12), (0.72, 0.12), (0.42, 0.9))
    assert guess(page) == "7"
    assert page.locator(".thumbs [aria-pressed=true]").count() == 0


def test_turns_by_a_slider(page):
    before = page.inner_text(".cutaway .guesses")
    page.locator("input[aria-label^=rotate]").fill("60")
    settled(page)
    assert page.inner_text(".cutaway .guesses") != before
    page.click(".cutaway button:has-text('put it back')")
    settled(page)
    assert page.inner_text(".cutaway .guesses") == before


def test_points_pins_and_shows_the_working(page):
    look(page, "conv2", 3, 4, 5)
    assert page.inner_text(".cutaway .where").startswith("conv2[3, 4, 5] =")
    assert page.locator(".working .grid").count() == 3
    assert "all maps" in page.inner_text(".working .body")
    assert "Goes on into relu2[3, 4, 5], one cell" in page.inner_text(".working .exact")


def test_walks_from_the_guess_to_the_pixels_by_keyboard_alone(page):
    """Tab to the last layer, then Enter again and again: each goes to the strongest source, until a pixel."""
    names = page.eval_on_selector_all(".cutaway .label .name", "all => all.map((one) => one.dataset.layer)")
    page.focus(f".cutaway .label .name[data-layer='{names[-1]}']")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    seen = []
    for _ in range(40):
        page.keyboard.press("Enter")
        settled(page)
        seen.append(page.inner_text(".cutaway .where").split("[")[0])
        if seen[-1] == "input":
            break
    assert seen[-1] == "input"
    assert {"softmax1", "dense2", "conv2", "conv1"} <= set(seen)
    assert "of 255" in page.inner_text(".working .body")


def test_arrow_keys_walk_and_escape_goes_back(page):
    look(page, "conv1", 2, 2, 0)
    page.focus(".cutaway .label .name[data-layer=conv1]")
    for key, where in {"ArrowRight": "conv1[2, 3, 0]", "ArrowDown": "conv1[3, 3, 0]", "]": "conv1[3, 3, 1]"}.items():
        page.keyboard.press(key)
        settled(page)
        assert page.inner_text(".cutaway .where").startswith(where)
    assert page.inner_text(".cutaway .spoken").startswith("conv1[3, 3, 1]:")
    page.keyboard.press("Escape")
    settled(page)
    assert page.inner_text(".cutaway .where").startswith("conv1[2, 2, 0]")


def test_the_window_moves_to_its_end(page):
    look(page, "conv1", 7, 5, 0)
    page.locator(".player .speed input").fill("3")
    page.click(".player .play")
    page.wait_for_function("() => !document.querySelector('.cutaway').app.state.playing")
    assert page.inner_text(".cutaway .where").startswith("conv1[7, 7, 0]")
    assert page.inner_text(".player output") == "64 of 64"


def test_edits_a_kernel_and_undoes_it(page):
    look(page, "conv1", 3, 3, 0)
    before = page.inner_text(".cutaway .where"), page.inner_text(".cutaway .guesses")
    page.locator(".working td[data-weight]").nth(4).click()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    settled(page)
    assert page.inner_text(".cutaway .where") != before[0]
    page.locator(".cutaway .what-if").scroll_into_view_if_needed()
    assert page.inner_text(".what-if .edits li").startswith("conv1.kernel[1, 1, 0, 0] = 9")
    page.click(".what-if .undo-all")
    settled(page)
    assert (page.inner_text(".cutaway .where"), page.inner_text(".cutaway .guesses")) == before


def test_switches_a_layer_off_and_replaces_one(page):
    cell = page.evaluate("() => document.querySelector('.cutaway').app.strongestCell('maxpool1')")
    look(page, "maxpool1", *cell)
    page.locator(".cutaway .what-if").scroll_into_view_if_needed()
    before = page.inner_text(".cutaway .where")
    page.click(".what-if [data-kind=meanpool]")
    settled(page)
    assert page.inner_text(".cutaway .where") != before
    look(page, "relu1", 1, 1, 0)
    page.click(".what-if .off")
    settled(page)
    value = page.evaluate("() => document.querySelector('.cutaway').app.stages.relu1.data.some((v) => v < 0)")
    assert value, "negative numbers pass a relu that is switched off"


def test_why_adds_up_and_leads_to_its_cells(page):
    page.locator(".cutaway .why").scroll_into_view_if_needed()
    settled(page)
    page.select_option(".why .b", "3")
    settled(page)
    total = page.inner_text(".why div.sum .total")
    scores = page.evaluate("() => Array.from(document.querySelector('.cutaway').app.stages.dense2.data)")
    chosen = int(page.input_value(".why .a"))
    assert float(total.replace("−", "-")) == pytest.approx(scores[chosen] - scores[3], abs=1e-3)
    votes = page.locator(".why .votes .cell")
    before = votes.first.bounding_box()
    for number in range(5):
        votes.nth(number).hover()
        settled(page)
    assert votes.first.bounding_box() == before, "nothing moves under the pointer"
    votes.first.click()
    settled(page)
    assert page.inner_text(".cutaway .where").startswith("relu3[")


def test_loss_and_one_learning_step(page):
    page.locator(".cutaway .learn").scroll_into_view_if_needed()
    settled(page)
    page.select_option(".learn select.label", "1")
    look(page, "conv2", 3, 3, 1)
    settled(page)
    p = page.evaluate("() => document.querySelector('.cutaway').app.guesses[1]")
    said = page.inner_text(".learn .loss .sum")
    assert float(re.findall(r"= ([\d.]+)", said)[-1]) == pytest.approx(-np.log(p), rel=1e-4)
    update = page.inner_text(".learn .update")
    before, after = (float(number) for number in re.findall(r"loss ([\d.]+) before, ([\d.]+)", update)[0])
    assert after < before, "a step down the gradient makes the loss smaller"
    page.click(".learn .take")
    settled(page)
    assert page.evaluate("() => document.querySelector('.cutaway').app.state.edits.length") == 1


def test_what_a_map_looks_for(page):
    look(page, "relu1", 3, 3, 4)
    page.locator(".cutaway .patches").first.scroll_into_view_if_needed()
    page.wait_for_selector(".patches li")
    values = [float(text) for text in page.locator(".patches li small").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    page.locator(".patches li button").first.click()
    settled(page)
    shown = float(page.inner_text(".cutaway .where").split("=")[1].split()[0])
    assert shown == pytest.approx(values[0], abs=1e-3)


def test_two_pictures_at_once_with_one_cursor(page):
    page.click(".show-beside")
    page.select_option(".beside .picture-of", "5")
    settled(page)
    look(page, "conv1", 3, 4, 2)
    other = page.evaluate(
        "() => { const { app } = document.querySelector('.cutaway'), { other } = app;"
        " return [other.state.pin, other.rangeOf('conv1'), app.rangeOf('conv1')]; }"
    )
    assert other[0] == {"layer": "conv1", "cell": [3, 4, 2]}
    assert other[1] == other[2], "one colour scale"
    assert "beside:" in page.inner_text(".cutaway .where")


def test_a_link_restores_the_view_in_a_new_window(chromium, page, file):
    page.click(".thumbs button >> nth=3")
    page.locator("input[aria-label^=rotate]").fill("20")
    look(page, "conv2", 2, 5, 7)
    page.wait_for_function("() => location.hash.includes('conv2[2,5,7]') && location.hash.includes('rotate')")
    hash_, said = page.evaluate("() => location.hash"), page.inner_text(".cutaway .where")
    with page_of(chromium, f"{file.as_uri()}{hash_}") as other:
        other.wait_for_function(
            "() => document.querySelector('.cutaway .where').textContent.startsWith('conv2[2, 5, 7]')"
        )
        settled(other)
        assert other.inner_text(".cutaway .where") == said
        assert other.inner_text(".cutaway .guesses") == page.inner_text(".cutaway .guesses")


def test_a_link_for_another_model_says_so(chromium, file):
    with page_of(chromium, f"{file.as_uri()}#net=pets-9&cell=conv7[1,1,1]") as page:
        page.wait_for_selector(".cutaway .trouble:not([hidden])")
        assert "another model, pets-9" in page.inner_text(".cutaway .trouble")
        assert guess(page)


def test_drops_a_photo_with_an_orientation_tag(page, tmp_path):
    """A picture stored lying on its side, with the tag that says so, is seen upright."""
    upright = np.zeros((60, 40), np.uint8)
    upright[:30] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right to see it
    path = tmp_path / "phone.jpg"
    Image.fromarray(np.rot90(upright)).save(path, exif=exif, quality=95)
    page.set_input_files(".controls input[type=file]", path)
    page.wait_for_function("() => document.querySelector('.cutaway').app.pictures.length === 13")
    settled(page)
    top, bottom = page.evaluate(
        "() => { const { data } = document.querySelector('.cutaway').app.stages.resize1;"
        " return [data[1 * 8 + 4], data[6 * 8 + 4]]; }"
    )
    assert top > 200 > 50 > bottom


def test_a_file_that_is_no_picture_says_so_and_the_view_stays(page, tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("not a picture")
    before = guess(page)
    page.set_input_files(".controls input[type=file]", path)
    page.wait_for_selector("text=notes.jpg")
    assert guess(page) == before


def test_layers_fold_and_hide_and_say_what_they_cost(page):
    page.click(".show-table")
    row = page.inner_text(".table tr:has-text('conv2')")
    assert "4,640" in row
    page.select_option("[data-show=conv2]", "hidden")
    settled(page)
    assert page.locator(".label .name[data-layer=conv2]").count() == 0
    page.select_option("[data-show=conv2]", "folded")
    settled(page)
    assert page.locator(".label.folded .name[data-layer=conv2]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_serious_fault_of_accessibility(chromium, file, axe, width, scheme):
    with page_of(chromium, file, viewport={"width": width, "height": 900}, color_scheme=scheme) as page:
        page.click(".show-table")
        look(page, "conv2", 3, 4, 5)
        assert serious_faults(page, axe) == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_hangs_over_the_side(chromium, file, width):
    with page_of(chromium, file, viewport={"width": width, "height": 844}) as page:
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_a_file_carries_the_epochs_that_were_kept(page):
    look(page, "conv1", 3, 3, 2)
    before = page.inner_text(".cutaway .where"), page.inner_text(".cutaway .guesses")
    page.locator(".cutaway .epochs input").fill("0")
    page.wait_for_function("() => document.querySelector('.cutaway').app.state.epoch === 1")
    settled(page)
    assert "1 of 8:" in page.inner_text(".cutaway .epochs output")
    assert page.inner_text(".cutaway .where") != before[0]
    assert page.inner_text(".cutaway .guesses") != before[1]


def test_a_layer_that_the_page_does_not_know_is_named_and_the_rest_is_shown(chromium, file, tmp_path):
    text = file.read_text("utf-8")
    assert '"kind":"maxpool"' in text
    strange = tmp_path / "strange.html"
    strange.write_text(text.replace('"kind":"maxpool"', '"kind":"mystery"'), encoding="utf-8")
    with page_of(chromium, strange) as page:
        page.wait_for_selector(".cutaway .trouble:not([hidden])")
        assert "the kind of layer mystery (maxpool1)" in page.inner_text(".cutaway .trouble")
        look(page, "conv1", 3, 3, 2)
        assert page.locator(".working .grid").count() == 3
        look(page, "maxpool1", 1, 1, 0)
        assert "does not know" in page.inner_text(".working .body")


def test_a_webcam_that_is_refused_says_so_and_the_view_stays(page):
    before = guess(page)
    page.click(".controls .webcam")
    page.wait_for_selector(".controls .said:not([hidden])")
    assert "webcam" in page.inner_text(".controls .said")
    assert guess(page) == before


def test_content_that_cannot_be_read_is_said_in_a_line(chromium, file, tmp_path):
    damaged = tmp_path / "damaged.html"
    text = file.read_text("utf-8")
    at = text.index('"pixels":"') + len('"pixels":"')
    damaged.write_text(text[:at] + "AAAA" + text[at + 4 :], encoding="utf-8")
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(damaged.as_uri())
        page.wait_for_selector(".cutaway .trouble")
        assert "cannot show the net" in page.inner_text(".cutaway .trouble")
    finally:
        context.close()
