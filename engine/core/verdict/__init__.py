"""The verdict: what validation leaves behind, signed, and when it is believed."""
