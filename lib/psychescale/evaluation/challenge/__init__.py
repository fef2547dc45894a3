"""The challenge suite: pairs of sentences that differ in one respect."""
