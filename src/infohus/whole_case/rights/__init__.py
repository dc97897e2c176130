"""Den registreredes rettigheder: indsigt within one regime, restrictions item by item, and what is never handed out.

Sources: GDPR articles 13–15, databeskyttelsesloven § 22; retshåndhævelsesloven §§ 13–16. Each authority answers for its
own records alone (rule 66). Nothing is left out by oversight and nothing is handed out by default: whoever makes a
package has looked at each item, and it is either in it or restricted with a reason.
"""
