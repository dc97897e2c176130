"""The Danish words for who may do what, and for being refused: nothing here tells whether something exists."""

from collections.abc import Sequence

ROLES = {
    "municipal_coordinator": "kommunens tovholder",
    "police_coordinator": "politiets tovholder",
    "invited_professional": "en inddraget fagperson",
    "legal": "myndighedens jurist",
    "data_protection_officer": "databeskyttelsesrådgiveren",
    "administrator": "administratoren",
    "integration": "en servicekonto",
}
NOT_AVAILABLE_IN_BODY = "Kontrollér feltet {field}: det, det nævner, findes ikke her, eller du har ikke adgang til det."
"""What to do where it is the request's body that names what is not available."""
ACCESS: dict[str, tuple[str, str]] = {
    "not-signed-in": ("Du er ikke logget ind", "Log ind igen med din myndigheds login."),
    "not-available": (
        "Findes ikke, eller du har ikke adgang",
        "Kontrollér nummeret. En sag ses af dem, der deltager i den; tilsynet bruger sine egne lister.",
    ),
    "role-may-not": ("Din rolle kan ikke gøre det", "Det kan kun {roles}. Bed den, det er, om at gøre det."),
    "another-may": (
        "Det kan du se, men ikke gøre",
        "Det er en andens at gøre, for eksempel den, der gav en videregivelse. Se dine muligheder under næste skridt.",
    ),
    "sign-in-not-fresh": ("Log ind igen først", "Det kræver, at du lige har logget ind. Log ind igen, og gentag."),
}


def roles_in_words(roles: Sequence[str]) -> str:
    """Name roles as `kommunens tovholder eller politiets tovholder`; all there are as `alle roller`."""
    if len(roles) == len(ROLES):
        return "alle roller"
    *others, last = [ROLES[role] for role in roles] or ["ingen"]
    return f"{', '.join(others)} eller {last}" if others else last
