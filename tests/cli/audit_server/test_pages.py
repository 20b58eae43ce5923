"""The pages of `mcq audit` by HTTP: what they hold, what they refuse, and that a new version shows at once."""

import re
import shutil
import threading

import pytest

from cli.running_server import note_of, record_address, running_server

pytest.importorskip("datasette")


def links(text):
    return re.findall(r'href="(/record/[0-9a-f]{16}[^"]*)"', text)


def test_the_first_page_counts_every_record_once_and_leads_to_the_lists(served):
    status, headers, text = served.get("/")
    assert status == 200
    assert f"<strong>{len(served.ledger)}</strong><span>records read</span>" in text
    assert "/records?dataset=d&amp;list=conflicts" in text
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert "Machine-readable" not in text


def test_every_page_of_ours_holds_no_script_and_no_style_but_files(served):
    row = served.row("Thủ đô")
    for path in ("/", "/records", f"/record/{row['record_id']}", "/records?list=conflicts", "/record/nothing"):
        text = served.get(path)[2]
        assert re.findall(r"<script(?! src=\"/-/audit/static/)", text) == [], path
        assert not re.search(r"<style|<[a-z][^<>]*\s(?:style|on\w+)=", text), path


def test_a_record_is_found_by_its_id_its_beginning_its_content_and_its_place(served):
    row = served.row("Thủ đô")
    address = f"/record/{row['record_id']}?dataset=d"
    assert served.get(f"/record/{row['record_id']}")[0] == 200
    for name in (row["record_id"][:8], row["content_id"], row["content_id"][:9], "school:school.jsonl%23line:1"):
        status, headers, _ = served.get(f"/record/{name}")
        assert (status, headers.get("location")) == (302, address), name
    status, headers, _ = served.get(f"/records?dataset=d&q={row['record_id']}")
    assert (status, headers["location"]) == (302, address)
    status, _, text = served.get("/record/0000000000000000")
    assert status == 404
    assert "holds no record" in text


def test_a_record_page_tells_its_whole_way(served):
    text = served.get(f"/record/{served.row('Thủ đô')['record_id']}")[2]
    for said in (
        "It stands at school.jsonl#line:1 (source school).",
        "Parsed into a question with 4 options.",
        "Nothing had to be repaired.",
        "Its quality score is",
        "It is in the split train.",
        "Adapter a1 was trained on it 3 times; its loss went from 2.000 to 1.000.",
        "base of a1 (cloze): wrong.",
        "adapter of a1 (cloze): right.",
        '<span class="token">&lt;|im_start|&gt;</span>user',
        "21 tokens of prompt, 4 of completion",
        "64.4%",
        "http://127.0.0.1:3000/runs/run-0001",
        "http://127.0.0.1:3000/runs/run-0002",
        "/d/ledger/",
    ):
        assert said in text, said


def test_losses_stand_by_epoch_and_run_with_the_epoch_that_was_kept(served):
    text = served.get(f"/record/{served.row('Thủ đô')['record_id']}")[2]
    table = text[text.index('<table class="losses">') :]
    table = table[: table.index("</table>")]
    assert re.findall(r"Epoch \d", table) == ["Epoch 1", "Epoch 2", "Epoch 3"]
    assert re.findall(r'<td class="n( kept)?">(\d\.\d+)', table) == [("", "2.000"), (" kept", "1.500"), ("", "1.000")]
    assert re.findall(r">(right|wrong)<", table) == ["wrong", "right", "right"]
    assert re.findall(r">([A-D]{4})<", table) == ["BACD", "CABD", "ABCD"]
    assert '<polyline points="0.0,2.0 50.0,7.0 100.0,12.0"/><circle cx="50.0" cy="7.0" r="3"/>' in table


def test_both_sides_of_a_conflict_stand_side_by_side(served):
    row = served.row("Which machine")
    text = served.get(f"/record/{row['record_id']}")[2]
    other = row["representative_id"]
    assert f'value="merge:{other}"' in text
    assert f'value="apart:{other}"' in text
    assert "The same question, and the keys contradict each other." in text


def test_every_signal_is_told_with_its_threshold(served):
    from pipeline.assess.signals import SIGNALS

    text = served.get(f"/record/{served.row('Thủ đô')['record_id']}")[2]
    assert [one.name for one in SIGNALS if f"<code>{one.name}</code>" not in text] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("thu do", "Thủ đô"),
        ("thủ đô", "Thủ đô"),
        ("ha noi", "Thủ đô"),
        ("duong tron", "Đường tròn"),
        ("seesaw", "Which machine"),
        ("carbon dioxide", "Which gas"),
        ("answer_not_in_options", "Which gas"),
    ],
)
def test_search_finds_stem_options_and_reasons_with_and_without_diacritics(served, query, found):
    from urllib.parse import quote

    text = served.get(f"/records?dataset=d&q={quote(query)}")[2]
    assert served.row(found)["record_id"] in text
    assert "<mark>" in text or "_" in query


def test_what_nobody_would_type_is_no_error(served):
    for query in ("%22", "%27%3B--", "*", "AND", "NEAR(", "%00", "a%22b*c", "(" * 50, "%E2%80%AE", "x" * 3000, "%ED%A0%80"):
        assert served.get(f"/records?dataset=d&q={query}")[0] in (200, 302), query


def test_facets_narrow_a_list_and_every_list_has_its_records(served):
    conflicts = served.get("/records?dataset=d&list=conflicts")[2]
    assert len(set(links(conflicts))) == 2
    rejected = served.get("/records?dataset=d&disposition=rejected&reason=not_multiple_choice")[2]
    assert [served.row("Describe")["record_id"] in link for link in links(rejected)] == [True]
    assert "reason=not_multiple_choice" in served.get("/records?dataset=d&disposition=rejected")[2]
    for name in ("suspicious", "keys", "rejected", "filtered", "contaminated", "changed", "flipped", "decided", "pending", "orphaned"):
        assert served.get(f"/records?dataset=d&list={name}")[0] == 200, name
    assert served.get("/records?dataset=d&list=nothing")[0] == 404
    assert served.row("Thủ đô")["record_id"] in served.get("/records?dataset=d&list=flipped")[2]


def test_a_record_that_was_opened_from_a_list_leads_through_it(served):
    first, second = links(served.get("/records?dataset=d&list=conflicts")[2])[:2]
    text = served.get(first.replace("&amp;", "&"))[2]
    assert 'rel="prev"' not in text
    (after,) = re.findall(r'rel="next" href="([^"]*)"', text)
    assert after == second
    assert 'rel="next"' not in served.get(second.replace("&amp;", "&"))[2]


def test_a_place_that_no_list_has_is_no_error(served):
    row = served.row("Thủ đô")
    for query in (
        "from=list%3Dnothing&at=3",
        "from=q%3Dthu&at=99999999999999999999",
        "at=x",
        "from=%FF%00&at=-1",
        "from=list%3Dpending&at=7",
    ):
        status, _, text = served.get(f"/record/{row['record_id']}?{query}")
        assert (status, "Thủ đô" in text) == (200, True), query


def test_every_dataset_of_the_data_root_is_served_and_never_mixed(served):
    assert "/?dataset=other" in served.get("/")[2]
    row = served.row("Thủ đô")
    assert served.get(f"/record/{row['record_id']}?dataset=other")[0] == 404
    assert "Thủ đô" not in served.get("/records?dataset=other&q=thu+do")[2].partition("<main")[2]
    assert served.get("/?dataset=nothing")[0] == 404
    assert served.get("/other/ledger.json")[0] == 200


def test_a_new_version_and_a_new_dataset_show_without_a_restart(served, questions, tmp_path):
    write_dataset = served.write_dataset

    folder = served.data_root / "audit"
    try:
        write_dataset(served.data_root, "late", questions[:2], with_model=False)
        assert "<strong>2</strong><span>records read</span>" in served.get("/?dataset=late")[2]
        # Each thread of the server has a connection of its own: all of them must notice.
        write_dataset(served.data_root, "late", questions[:5], with_model=False)
        pages = [served.get("/?dataset=late")[2] for _ in range(12)]
        assert all("<strong>5</strong><span>records read</span>" in page for page in pages)
        counts = {re.search(r"5\s+rows", served.get("/late/ledger")[2]) is not None for _ in range(6)}
        assert counts == {True}
    finally:
        (folder / "late.sqlite").unlink()
    assert served.get("/?dataset=late")[0] == 404


def test_a_damaged_database_is_told_in_words_and_the_others_are_served(served):
    path = served.data_root / "audit" / "broken.sqlite"
    path.write_bytes(b"no database at all")
    try:
        status, _, text = served.get("/?dataset=broken")
        assert status == 503
        assert "can&#39;t be read" in text
        assert served.get("/")[0] == 200
    finally:
        path.unlink()


def test_the_language_is_that_of_the_address_then_the_cookie_then_the_browser(served):
    def language(path="/", **headers):
        return re.search(r'<html lang="(\w+)"', served.get(path, **headers)[2])[1]

    assert language() == "en"
    assert language(**{"Accept-Language": "fr,vi;q=0.9,en;q=0.5"}) == "vi"
    assert language(**{"Accept-Language": "vi", "Cookie": "mcq_language=en"}) == "en"
    assert language("/?lang=vi", **{"Cookie": "mcq_language=en"}) == "vi"
    cookie = served.get("/?lang=vi")[1]["set-cookie"]
    assert "mcq_language=vi" in cookie
    assert "samesite=strict" in cookie.lower()
    assert language("/?lang=xx", **{"Accept-Language": ";;q=,,vi;q=x"}) == "en"


def test_pictures_and_the_report_are_served_and_nothing_beside_them(served):
    plots = served.data_root / "plots" / "d"
    plots.mkdir(parents=True, exist_ok=True)
    (plots / "score-1.png").write_bytes(b"\x89PNG")
    (served.data_root / "secret.png").write_bytes(b"secret")
    status, headers, _ = served.get("/plots/d/score-1.png")
    assert (status, headers["content-type"], headers["cross-origin-resource-policy"]) == (200, "image/png", "cross-origin")
    assert served.get("/plots/d/score-1.png", **{"If-None-Match": headers["etag"]})[0] == 304
    for path in ("/plots/d/../../secret.png", "/plots/d/..%2F..%2Fsecret.png", "/plots/../secret.png", "/plots/d/%2e%2e/secret.png"):
        status, _, text = served.get(path)
        assert status in (302, 404), path
        assert text != "secret", path
    assert served.get("/report/d")[0] == 404
    reports = served.data_root / "reports" / "d"
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "latest.html").write_text("<script>alert(1)</script><p>report</p>")
    assert served.get("/report/d", **{"Accept-Language": "vi"})[:1] == (302,)
    (reports / "latest.vi.html").write_text("<p>báo cáo</p>")
    for language, name in (("en", "latest.html"), ("vi", "latest.vi.html")):
        status, headers, _ = served.get("/report/d", **{"Accept-Language": language})
        assert (status, headers["location"]) == (302, f"/report/d/{name}")
    assert served.get("/report/d/latest.vi.html")[2] == "<p>báo cáo</p>"
    for path in ("/report/d/.hidden.html", "/report/d/..%2Flatest.html", "/report/d/none.html", "/report/d/latest.md"):
        assert served.get(path)[0] in (302, 404), path
    status, headers, _ = served.get("/report/d/latest.html")
    assert status == 200
    assert "script-src" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_what_datasette_serves_bears_our_headers_too(served):
    for path in ("/d", "/d/ledger", "/d/ledger.json", "/-/static/app.css"):
        headers = served.get(path)[1]
        assert "script-src 'self'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
    assert "DATASETTE_ALLOW_FACET" in served.get("/-/audit/static/facets.js")[2]
    assert re.findall(r"<script>", served.get("/d")[2] + served.get("/d/ledger")[2] + served.get("/d?sql=select+1")[2]) == []


def test_datasettes_tables_have_titles_and_lead_to_the_record(served):
    row = served.row("Thủ đô")
    assert "A row for each raw record" in served.get("/d/ledger")[2]
    assert f'href="/record/{row["record_id"]}?dataset=d"' in served.get(f"/d/ledger/{row['record_id']}")[2]


def test_other_commands_find_the_server_as_long_as_it_runs(served, tmp_path):
    row = served.row("Thủ đô")
    assert running_server(served.data_root) == served.url
    assert record_address(served.data_root, "d", row["record_id"]) == f"{served.url}/record/{row['record_id']}?dataset=d"
    assert running_server(tmp_path) is None
    copy = tmp_path / "copied"
    note_of(copy).parent.mkdir(parents=True)
    shutil.copy(note_of(served.data_root), note_of(copy))
    assert running_server(copy) is None, "that server shows another data root"


def test_many_readers_at_once_all_get_their_page(served):
    row = served.row("Thủ đô")
    paths = [f"/record/{row['record_id']}", "/", "/records?dataset=d&q=thu", "/d/ledger"] * 6
    found = []
    threads = [threading.Thread(target=lambda path=path: found.append(served.get(path)[0])) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * len(paths)
