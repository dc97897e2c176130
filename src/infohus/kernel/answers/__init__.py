"""How the API answers: problem details, pages of lists, entity tags, and the statuses every route documents."""
