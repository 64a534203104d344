"""The whole way of a clip: made safe, voice separated, understood, matched, rendered."""
