"""Which addresses take one of the four purposes of reading a log (rule 104), for tests that ask for something else."""

import re

READS_A_LOG = re.compile(
    r"/institutions/|/log(?!/notice$|/notice/acknowledgement$)|/installation-log"
    r"|/infohuse/[^/]+/(exchanges|onward-notices|pet-requests|log-reports|content-requests)"
    r"|/cases/[^/]+/(log$|exchanges/[^/]+/answers$|content-on-request/)"
)


def with_purpose(path: str) -> str:
    """Say that a log is read to see whether the processing is lawful, where a path reads one and says nothing."""
    if READS_A_LOG.match(path.partition("?")[0]) is None or "purpose=" in path:
        return path
    return f"{path}{'&' if '?' in path else '?'}purpose=lawfulness"
