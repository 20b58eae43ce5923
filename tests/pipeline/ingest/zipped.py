"""A zip archive in memory, for tests of what reads one."""

import io
import zipfile


def zipped(*parts):
    """The bytes of an archive that holds these parts: (name, content)."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return data.getvalue()
