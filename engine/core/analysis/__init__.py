"""Questions about rules: do they decide as their fixtures say, and which of them did the fixtures see?"""
