"""What came in: the bytes of an event, told apart, checked, and tied to the subject that a decision is about."""
