import logging

from pipeline.common.quiet import mute


def test_the_muted_line_is_dropped_and_every_other_line_of_its_logger_is_seen(caplog):
    mute("some.package", "A faster kernel exists")
    logger = logging.getLogger("some.package")
    logger.warning("A faster kernel exists: %s", "buy it")
    logger.warning("weights are missing")
    logging.getLogger("some.other").warning("A faster kernel exists")
    assert caplog.messages == ["weights are missing", "A faster kernel exists"]
