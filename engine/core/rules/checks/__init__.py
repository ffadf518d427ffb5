"""Everything that is asked of rules beyond their schemas: one row and one function per question."""
