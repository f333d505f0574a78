"""The months before today, lived by a cast of their own: the product's functions, on the days that matter.

Nothing is written behind their back. The business clock stands on each day in turn; the portal does its
duties and its tasks, and people do what their pages would have called.
"""
