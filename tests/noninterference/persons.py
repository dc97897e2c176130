"""Whom an act may be about: the persons whom its side knows."""

from noninterference.installation import Run


async def persons_of(run: Run, side: str, case: str, *, role: str, only_first: bool) -> list[str]:
    """List the persons whom the side knows, as far as who acts may read them; `case` is the case's address."""
    listed = await run.send(side, "GET", f"{case}/concerns", role=role)
    read = [
        (await run.send(side, "GET", f"{case}/concerns/{one['id']}", role=role)).json()
        for one in (listed.json()["items"] if listed.is_success else [])
    ]
    persons = [subject["id"] for concern in read for subject in concern.get("subjects", ())]
    return persons[:1] if only_first else persons
