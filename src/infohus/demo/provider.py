"""The demo's identity providers as a process of their own: `python -m infohus.demo.provider FOLDER PORT`."""

import asyncio
import sys
from pathlib import Path

from infohus.demo.installation import DemoInstallation
from infohus.demo.issuer import serve_demo_issuer

if __name__ == "__main__":
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    issuers = DemoInstallation(folder).issuers(f"http://127.0.0.1:{port}")
    asyncio.run(serve_demo_issuer(issuers, host="127.0.0.1", port=port))
