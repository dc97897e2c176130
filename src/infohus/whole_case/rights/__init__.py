"""Den registreredes rettigheder: requests for access (indsigt), restrictions of single items, releases, and packages.

Sources: GDPR articles 13–15, databeskyttelsesloven § 22; retshåndhævelsesloven §§ 13–16. Each authority answers for its
own records only (rule 66). A package is refused while any of the authority's own records is neither included nor
restricted, but for reporters and other persons of the case, who are withheld unless released.
"""
