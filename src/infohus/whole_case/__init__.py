"""What looks at all of a case: next steps, closing, erasure, rights, log reports, the journal, searches."""
