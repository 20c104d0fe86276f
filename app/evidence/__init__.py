"""Shows afterwards what was decided and what was sent: the audit record to read, evidence to take along, complaints to answer."""
