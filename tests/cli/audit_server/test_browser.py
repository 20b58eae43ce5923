"""The pages in a real browser, as the team uses them."""

import pytest

pytest.importorskip("datasette")
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@pytest.fixture(autouse=True)
def _empty(served):
    (served.data_root / "review" / "d" / "decisions.jsonl").unlink(missing_ok=True)


def test_search_finds_with_and_without_diacritics_and_opens_the_record(open_page, served):
    page = open_page("/")
    for typed in ("thu do", "thủ đô"):
        page.keyboard.press("/")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.wait_for_url("**/records?*")
        assert page.locator(".record .stem").first.inner_text().startswith("Thủ đô")
    page.locator(".record a.open").first.click()
    page.wait_for_url("**/record/*")
    assert page.locator("h1").inner_text().startswith("Thủ đô")
    assert page.locator(".question .key .text").inner_text() == "Hà Nội"


def test_a_conflict_is_settled_by_the_form(open_page, served):
    page = open_page("/?dataset=d")
    page.get_by_role("link", name="Conflicts").click()
    page.locator(".record a.open").first.click()
    page.wait_for_url("**/record/*")
    page.get_by_label("Why").fill("SGK trang 12")
    page.get_by_label("Your name (asked once)").fill("Lan")
    page.locator("label.choice", has_text="Lever").click()
    page.get_by_role("button", name="Set the answer").click()
    page.wait_for_url("**saved=1**")
    assert "applied by the next refresh" in page.get_by_role("status").inner_text()
    (line,) = served.decisions
    assert (line["action"], line["answer_index"], line["who"], line["why"]) == ("set_answer", 0, "Lan", "SGK trang 12")
    page.reload()
    page.get_by_role("button", name="They are different questions").click()
    page.wait_for_url("**saved=1**")
    assert [line["action"] for line in served.decisions] == ["set_answer", "apart"]
    page.get_by_role("button", name="Take it back").first.click()
    page.wait_for_load_state()
    assert served.decisions[-1]["undoes"] == served.decisions[0]["id"]


def test_the_keys_lead_through_a_list_and_back(open_page):
    page = open_page("/records?dataset=d&list=conflicts")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator(".record.current").count() == 1
    first = page.locator(".record.current a.open").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url("**/record/*")
    assert first in page.url
    page.keyboard.press("n")
    page.wait_for_url("**at=1**")
    page.keyboard.press("p")
    page.wait_for_url("**at=0**")
    page.keyboard.press("d")
    page.keyboard.type("n? /")
    assert page.get_by_label("Why").input_value() == "n? /", "what is typed into a field is text"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("?")
    assert not page.locator("dialog#keys").is_visible()
    page.keyboard.press("u")
    page.wait_for_url("**/records?*")
    assert "list=conflicts" in page.url


def test_a_phone_scrolls_up_and_down_alone(open_page, served):
    page = open_page("/", **PHONE)
    rows = [
        served.row(beginning)["record_id"]
        for beginning in ("Thủ đô", "Which machine", "<script>", "Which of these words stands", "Describe")
    ]
    for address in ("/", "/records?dataset=d", "/records?dataset=d&q=word", *(f"/record/{row}" for row in rows), "/record/nothing"):
        page.goto(served.url + address)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        width, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert (width, window) == (360, 360), address
    small = page.evaluate(
        "[...document.querySelectorAll('button, .button')].filter((one) => one.offsetParent && one.offsetHeight < 36).map((one) => one.outerHTML)"
    )
    assert small == []


def test_dark_and_light_are_those_of_the_reader_and_both_can_be_read(open_page, served):
    contrasts = """() => {
      const light = (color) => { const [r, g, b] = color.match(/[0-9.]+/g).map(Number).map((v) => { v /= 255;
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const ground = (one) => { for (; one; one = one.parentElement) { const color = getComputedStyle(one).backgroundColor;
        if (!/, 0\\)$|transparent/.test(color)) return color; } return getComputedStyle(document.body).backgroundColor; };
      return [...document.querySelectorAll('main *')].filter((one) => one.offsetParent && [...one.childNodes].some((node) =>
        node.nodeType === 3 && node.textContent.trim())).map((one) => { const a = light(getComputedStyle(one).color), b = light(ground(one));
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.className, one.textContent.trim().slice(0, 30)]; })
        .filter(([contrast]) => contrast < 4.5); }"""
    grounds = set()
    for scheme in ("light", "dark"):
        page = open_page("/", color_scheme=scheme)
        for address in (
            "/",
            "/records?dataset=d",
            f"/record/{served.row('Thủ đô')['record_id']}",
            f"/record/{served.row('Which machine')['record_id']}",
        ):
            page.goto(served.url + address)
            assert page.evaluate(contrasts) == [], (scheme, address)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_the_language_is_switched_and_kept(open_page):
    page = open_page("/", locale="en-US")
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator(".languages a", has_text="VI").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("lang") == "vi"
    page.goto(page.url.partition("?")[0] + "records?dataset=d")
    assert page.locator("html").get_attribute("lang") == "vi"
    assert open_page("/", locale="vi-VN").locator("html").get_attribute("lang") == "vi"


def test_a_hostile_question_is_text_everywhere(open_page, served):
    row = served.row("<script>")
    page = open_page(f"/record/{row['record_id']}")
    assert '<script>alert("mcq")</script>' in page.locator("h1").inner_text()
    assert "{{7*7}}" in page.locator("h1").inner_text()
    assert "U+202E" in page.locator("pre.payload").inner_text(), "what nobody sees is shown in the file's own words"
    assert page.locator("img").count() == 0
    for address in ("/records?dataset=d", "/records?dataset=d&q=sentence", "/d/ledger", f"/d/ledger/{row['record_id']}"):
        page.goto(served.url + address)
        page.wait_for_load_state("networkidle")
    page.goto(f"{served.url}/records?dataset=d&q=%3Cscript%3Ealert(1)%3C/script%3E")
    assert page.locator("main script").count() == 0


def test_a_very_long_question_is_all_there(open_page, served):
    page = open_page(f"/record/{served.row('Which of these words stands')['record_id']}")
    assert len(page.locator("h1").inner_text()) > 100_000


def test_another_site_changes_nothing(chromium, served, tmp_path):
    row = served.row("Which machine")
    target = f"{served.url}/record/{row['record_id']}/decide?dataset=d"
    evil = tmp_path / "evil.html"
    evil.write_text(
        f'<form id=f method=post action="{target}"><input name=action value=accept><input name=who value=Eve>'
        f'<input name=content_id value="{row["content_id"]}"></form><script>f.submit()</script>'
    )
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(served.url)
        answers = []
        page.on("response", lambda answer: answers.append((answer.request.method, answer.status)))
        page.goto(evil.as_uri())
        page.wait_for_timeout(500)
        assert ("POST", 403) in answers
        assert served.decisions == []
        evil.write_text("<p>a page from elsewhere</p>")
        page.goto(evil.as_uri())
        assert page.evaluate("(url) => fetch(url).then(() => 'read', () => 'refused')", served.url + "/d/ledger.json") == "refused"
    finally:
        context.close()
