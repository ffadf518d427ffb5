"""What two people may do about a state key: give it up, adopt its state, restore an earlier one."""
