from pipeline.common.translations import LANGUAGES, catalogue, translator


def test_a_text_without_a_translation_stays():
    assert translator("vi")("no such text in the catalogue") == "no such text in the catalogue"


def test_every_language_has_its_catalogue():
    assert catalogue("en") == {}
    assert all(catalogue(language) for language in LANGUAGES if language != "en")
    assert translator("vi")("rejected") == "bị loại khi đọc"
