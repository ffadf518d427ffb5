"""Where runs keep what later runs have to see."""
