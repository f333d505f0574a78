"""The provider's own obligations by a day or an hour: due, kept, missed, and the right that a miss opens.

The rooms decide; here is kept what they answer, so that it can be listed, counted and told.
"""
